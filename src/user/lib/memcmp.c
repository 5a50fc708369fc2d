#include <string.h>

int memcmp(const void *a, const void *b, size_t len)
{
  const unsigned char *p = a, *q = b;
  for (size_t i = 0; i < len; i++)
    if (p[i] != q[i]) return p[i] - q[i];
  return 0;
}
