#include <string.h>

void *memset(void *dst, int c, size_t len)
{
  void *d = dst;
  __asm__ volatile("rep stosb" : "+D"(d), "+c"(len) : "a"(c) : "memory");
  return dst;
}
