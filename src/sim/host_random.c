/* The host's random numbers. */
#include "host.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

void host_random(void *bytes, size_t size)
{
  /* At most 256 bytes are never interrupted and never cut. */
  if (size > 256 || getrandom(bytes, size, 0) != (ssize_t)size)
    host_fatal(HOST_EXIT_USAGE, "this host has no random numbers: getrandom: %s", strerror(errno));
}
