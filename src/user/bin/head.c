/* head [-n lines] [file]...: the first lines, 10 unless told. */
#include <ctype.h>
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <veridian.h>

static bool head(int handle, const char *name, long lines)
{
  static char buf[1024];
  while (lines > 0) {
    ssize_t n = read(handle, buf, sizeof buf);
    if (n < 0) {
      warn("%s", name);
      return false;
    }
    if (n == 0) break;
    ssize_t used = 0;
    while (used < n && lines > 0)
      if (buf[used++] == '\n') lines--;
    fwrite(buf, 1, (size_t)used, stdout);
  }
  return true;
}

int main(int argc, char **argv)
{
  long lines = 10;
  for (int c; (c = getopt(argc, argv, "n:")) != -1;) {
    if (c != 'n') {
      fputs("usage: head [-n lines] [file]...\n", stderr);
      return 2;
    }
    char *end;
    lines = strtol(optarg, &end, 10);
    if (end == optarg || *end != '\0' || lines < 0) errx(2, "%s: not a number of lines", optarg);
  }
  if (optind == argc) return head(STDIN_FILENO, "standard input", lines) ? 0 : 1;
  int status = 0;
  for (int i = optind; i < argc; i++) {
    int handle = open(argv[i], O_RDONLY, 0);
    if (handle < 0) {
      warn("%s", argv[i]);
      status = 1;
      continue;
    }
    if (argc - optind > 1) printf("%s==> %s <==\n", i > optind ? "\n" : "", argv[i]);
    if (!head(handle, argv[i], lines)) status = 1;
    close(handle);
  }
  return status;
}
