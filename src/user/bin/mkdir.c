/* mkdir [-p] directory...: make directories; -p their parents too, and what exists is no error. */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <veridian.h>

static bool make_parents(char *path)
{
  for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    int result = mkdir(path, 0755);
    *slash = '/';
    if (result < 0 && errno != EEXIST) return false;
  }
  return mkdir(path, 0755) == 0 || errno == EEXIST;
}

int main(int argc, char **argv)
{
  bool parents = false;
  for (int c; (c = getopt(argc, argv, "p")) != -1;) {
    if (c != 'p') goto usage;
    parents = true;
  }
  if (optind == argc) goto usage;
  int status = 0;
  for (int i = optind; i < argc; i++) {
    if (parents ? !make_parents(argv[i]) : mkdir(argv[i], 0755) < 0) {
      warn("%s", argv[i]);
      status = 1;
    }
  }
  return status;
usage:
  fputs("usage: mkdir [-p] directory...\n", stderr);
  return 2;
}
