/* cat [file]...: the files one after the other; `-`, or none, is the standard input. */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <veridian.h>

/* Straight from call to call: no stream between. Answers whether it went well. */
static bool copy(int handle, const char *name)
{
  static char buf[4096];
  ssize_t n;
  while ((n = read(handle, buf, sizeof buf)) > 0) {
    for (ssize_t done = 0; done < n;) {
      ssize_t m = write(STDOUT_FILENO, buf + done, (size_t)(n - done));
      if (m < 0 && errno == EPIPE) exit(1); /* the reader has enough */
      if (m < 0) err(1, "write");
      done += m;
    }
  }
  if (n < 0) warn("%s", name);
  return n == 0;
}

int main(int argc, char **argv)
{
  if (argc < 2) return copy(STDIN_FILENO, "standard input") ? 0 : 1;
  bool good = true;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "-") == 0) {
      good &= copy(STDIN_FILENO, "standard input");
      continue;
    }
    int handle = open(argv[i], O_RDONLY, 0);
    if (handle < 0) {
      warn("%s", argv[i]);
      good = false;
      continue;
    }
    good &= copy(handle, argv[i]);
    close(handle);
  }
  return good ? 0 : 1;
}
