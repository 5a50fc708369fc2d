#include <string.h>

void *memchr(const void *s, int c, size_t len)
{
  const unsigned char *p = s;
  for (size_t i = 0; i < len; i++)
    if (p[i] == (unsigned char)c) return (void *)(p + i);
  return NULL;
}
