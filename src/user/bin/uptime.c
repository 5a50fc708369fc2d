/* uptime: how long the system has run. */
#include <err.h>
#include <stdio.h>
#include <veridian.h>

int main(int argc, char **argv)
{
  (void)argv;
  if (argc > 1) {
    fputs("usage: uptime\n", stderr);
    return 2;
  }
  struct timespec t;
  if (clock_gettime(CLOCK_MONOTONIC, &t) < 0) err(1, "clock");
  long s = (long)t.tv_sec;
  printf("up ");
  if (s >= 86400) printf("%ld day%s, ", s / 86400, s < 2 * 86400 ? "" : "s");
  printf("%02ld:%02ld:%02ld.%02ld, %zd processes\n", s / 3600 % 24, s / 60 % 60, s % 60, (long)t.tv_nsec / 10000000,
         process_list(NULL, 0));
  return 0;
}
