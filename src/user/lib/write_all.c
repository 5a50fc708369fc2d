#include "stream.h"

int write_all(int handle, const void *buf, size_t len)
{
  const char *p = buf;
  while (len > 0) {
    ssize_t n = write(handle, p, len);
    if (n < 0) return -1;
    p += n;
    len -= (size_t)n;
  }
  return 0;
}
