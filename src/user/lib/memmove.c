#include <stdint.h>
#include <string.h>

void *memmove(void *dst, const void *src, size_t len)
{
  if ((uintptr_t)dst - (uintptr_t)src >= len) return memcpy(dst, src, len);
  /* dst begins inside src: from the end backwards */
  unsigned char *d = dst;
  const unsigned char *s = src;
  while (len-- > 0) d[len] = s[len];
  return dst;
}
