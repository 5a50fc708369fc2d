#include <string.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t len)
{
  void *d = dst;
  __asm__ volatile("rep movsb" : "+D"(d), "+S"(src), "+c"(len) : : "memory");
  return dst;
}
