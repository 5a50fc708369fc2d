#include <string.h>

size_t strlcpy(char *restrict dst, const char *restrict src, size_t size)
{
  size_t len = strlen(src);
  if (size > 0) {
    size_t kept = len < size ? len : size - 1;
    memcpy(dst, src, kept);
    dst[kept] = '\0';
  }
  return len;
}
