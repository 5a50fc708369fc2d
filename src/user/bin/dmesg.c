/* dmesg: the kernel's log. */
#include <err.h>
#include <stdio.h>
#include <veridian.h>

int main(int argc, char **argv)
{
  (void)argv;
  if (argc > 1) {
    fputs("usage: dmesg\n", stderr);
    return 2;
  }
  static char buf[1024];
  uint64_t offset = 0;
  ssize_t n;
  while ((n = log_read(offset, buf, sizeof buf)) > 0) {
    fwrite(buf, 1, (size_t)n, stdout);
    offset += (uint64_t)n;
  }
  if (n < 0) err(1, "kernel log");
  return 0;
}
