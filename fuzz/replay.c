/*
 * Runs a corpus through a fuzzing function without an engine: the files and directories named as arguments, else those of
 * $srcdir/fuzz/corpus/<target> and build/fuzz/seeds/<target>, the program being replay_<target>; each as it is, and cut short
 * at every length up to 600 bytes.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST (1u << 20)
#define CUTS 600u

/* A copy of its own size, so that a sanitizer sees the first byte read too far. */
static void run(const uint8_t *bytes, size_t size)
{
  uint8_t *copy = malloc(size ? size : 1);
  if (!copy) abort();
  if (size) memcpy(copy, bytes, size);
  LLVMFuzzerTestOneInput(copy, size);
  free(copy);
}

static int replay_file(const char *path)
{
  static uint8_t bytes[LARGEST];
  FILE *f = fopen(path, "rb");
  if (!f) {
    perror(path);
    exit(EXIT_FAILURE);
  }
  size_t size = fread(bytes, 1, sizeof(bytes), f);
  fclose(f);
  for (size_t cut = 0; cut < size && cut <= CUTS; cut++) run(bytes, cut);
  run(bytes, size);
  return 1;
}

static int replay_directory(DIR *dir, const char *path)
{
  int count = 0;
  for (struct dirent *entry; (entry = readdir(dir));) {
    char name[4096];
    if (entry->d_name[0] == '.') continue;
    if (snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) >= (int)sizeof(name)) abort();
    count += replay_file(name);
  }
  closedir(dir);
  return count;
}

/* The random changes of an engine, for mutators: there is none. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
  (void)data, (void)max_size;
  return size;
}

/* The corpus of this program's target in a directory of corpora; there need not be one. */
static int replay_corpus(const char *target, const char *top, const char *corpora)
{
  char path[4096];
  if (snprintf(path, sizeof(path), "%s/%s/%s", top, corpora, target) >= (int)sizeof(path)) abort();
  DIR *dir = opendir(path);
  return dir ? replay_directory(dir, path) : 0;
}

int main(int argc, char **argv)
{
  int count = 0;
  for (int i = 1; i < argc; i++) {
    DIR *dir = opendir(argv[i]);
    count += dir ? replay_directory(dir, argv[i]) : replay_file(argv[i]);
  }
  const char *srcdir = getenv("srcdir"), *name = strstr(argv[0], "replay_");
  if (argc == 1 && name) {
    name += strlen("replay_");
    count = replay_corpus(name, srcdir ? srcdir : ".", "fuzz/corpus");
    count += replay_corpus(name, ".", "build/fuzz/seeds");
  }
  printf("%d inputs\n", count);
  return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
