/* kill [-code] pid...: end processes; their parents see 128 + code, 9 unless told. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <veridian.h>

static bool end(int pid, int code)
{
  int handle = process_open(pid, RIGHT_DELETE);
  if (handle < 0) return false;
  bool ended = kill(handle, code) == 0;
  int saved = errno;
  close(handle);
  errno = saved;
  return ended;
}

int main(int argc, char **argv)
{
  if (argc < 2) goto usage;
  int status = 0, code = FAULT_KILL;
  char *rest;
  if (argv[1][0] == '-') {
    code = (int)strtol(argv[1] + 1, &rest, 10);
    if (*rest != '\0' || code < 1 || code > 127 || argc < 3) goto usage;
  }
  for (int i = argv[1][0] == '-' ? 2 : 1; i < argc; i++) {
    long pid = strtol(argv[i], &rest, 10);
    if (rest == argv[i] || *rest != '\0' || pid <= 0 || pid != (int)pid) {
      warnx("%s: not a process id", argv[i]);
      status = 2;
    } else if (!end((int)pid, code)) {
      warn("%ld", pid);
      status = 1;
    }
  }
  return status;
usage:
  fputs("usage: kill [-code] pid...\n", stderr);
  return 2;
}
