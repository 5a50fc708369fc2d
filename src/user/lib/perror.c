#include <errno.h>
#include <stdio.h>
#include <string.h>

void perror(const char *what)
{
  const char *why = strerror(errno);
  fflush(stdout);
  if (what != NULL && *what != '\0')
    dprintf(2, "%s: %s\n", what, why);
  else
    dprintf(2, "%s\n", why);
}
