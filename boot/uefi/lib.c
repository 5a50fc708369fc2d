/* What the compiler calls by itself. */
#include "loader.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
  void *to = dst;
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(src), "+c"(n) : : "memory");
  return dst;
}

void *memset(void *dst, int c, size_t n)
{
  void *to = dst;
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(c) : "memory");
  return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
  const uint8_t *p = a, *q = b;
  for (size_t i = 0; i < n; i++)
    if (p[i] != q[i]) return p[i] - q[i];
  return 0;
}
