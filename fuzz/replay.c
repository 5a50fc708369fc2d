/*
 * Runs a corpus through a fuzzing function without libFuzzer: the files named as arguments, else every file of
 * $srcdir/fuzz/corpus/CORPUS; each as it is, and cut short at every length up to 600 bytes.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

static void replay(const char *path)
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
}

static int replay_directory(const char *srcdir, const char *corpus)
{
  char path[1024];
  int count = 0;
  if (snprintf(path, sizeof(path), "%s/fuzz/corpus/%s", srcdir, corpus) >= (int)sizeof(path)) return 0;
  DIR *dir = opendir(path);
  for (struct dirent *entry; dir && (entry = readdir(dir));) {
    char name[2048];
    if (entry->d_name[0] == '.') continue;
    if (snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) >= (int)sizeof(name)) continue;
    replay(name);
    count++;
  }
  if (dir) closedir(dir);
  return count;
}

int main(int argc, char **argv)
{
  int count = argc - 1;
  for (int i = 1; i < argc; i++) replay(argv[i]);
  const char *srcdir = getenv("srcdir");
  if (argc == 1) count = replay_directory(srcdir ? srcdir : ".", CORPUS);
  printf("%d inputs\n", count);
  return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
