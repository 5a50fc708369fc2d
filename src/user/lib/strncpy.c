#include <string.h>

char *strncpy(char *restrict dst, const char *restrict src, size_t len)
{
  size_t used = strnlen(src, len);
  memcpy(dst, src, used);
  memset(dst + used, 0, len - used);
  return dst;
}
