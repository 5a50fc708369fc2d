/* rm [-fr] name...: remove files and empty directories; -r what is inside too; -f without a word about what is not there. */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <veridian.h>

static bool force, recursive;

static bool empty_directory(const char *path);

static bool remove_name(const char *path)
{
  if (unlink(path) == 0) return true;
  if (errno == ENOTEMPTY && recursive) return empty_directory(path) && remove_name(path);
  if (errno == ENOENT && force) return true;
  warn("%s", path);
  return false;
}

/* Removes every entry. A directory's cursor stays valid while entries go. */
static bool empty_directory(const char *path)
{
  int handle = open(path, O_RDONLY | O_DIRECTORY, 0);
  if (handle < 0) {
    warn("%s", path);
    return false;
  }
  bool good = true;
  char child[PATH_MAX];
  union {
    struct dirent entry;
    char bytes[1024];
  } buf;
  ssize_t n = 0;
  while (good && (n = readdir(handle, &buf.entry, sizeof buf)) > 0) {
    for (ssize_t at = 0; at < n && good;) {
      const struct dirent *d = (const struct dirent *)(buf.bytes + at);
      at += d->d_reclen;
      if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0) continue;
      if (snprintf(child, sizeof child, "%s/%s", path, d->d_name) >= (int)sizeof child) {
        errno = ENAMETOOLONG;
        warn("%s/%s", path, d->d_name);
        good = false;
      } else {
        good = remove_name(child);
      }
    }
  }
  if (n < 0) {
    warn("%s", path);
    good = false;
  }
  close(handle);
  return good;
}

int main(int argc, char **argv)
{
  for (int c; (c = getopt(argc, argv, "fr")) != -1;) {
    if (c == 'f')
      force = true;
    else if (c == 'r')
      recursive = true;
    else
      goto usage;
  }
  if (optind == argc && !force) goto usage;
  bool good = true;
  for (int i = optind; i < argc; i++) good &= remove_name(argv[i]);
  return good ? 0 : 1;
usage:
  fputs("usage: rm [-fr] name...\n", stderr);
  return 2;
}
