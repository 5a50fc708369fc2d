/* kill pid...: end processes. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <veridian.h>

static bool end(int pid)
{
  int handle = process_open(pid, RIGHT_DELETE);
  if (handle < 0) return false;
  bool ended = kill(handle, FAULT_KILL) == 0;
  int saved = errno;
  close(handle);
  errno = saved;
  return ended;
}

int main(int argc, char **argv)
{
  if (argc < 2) {
    fputs("usage: kill pid...\n", stderr);
    return 2;
  }
  int status = 0;
  for (int i = 1; i < argc; i++) {
    char *rest;
    long pid = strtol(argv[i], &rest, 10);
    if (rest == argv[i] || *rest != '\0' || pid <= 0 || pid != (int)pid) {
      warnx("%s: not a process id", argv[i]);
      status = 2;
    } else if (!end((int)pid)) {
      warn("%ld", pid);
      status = 1;
    }
  }
  return status;
}
