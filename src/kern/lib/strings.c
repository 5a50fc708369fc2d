/* String functions beyond those the machine provides. */
#include <kern/string.h>

_Bool string_copy(char *dst, const char *src, size_t size)
{
  size_t n = strnlen(src, size);
  _Bool fits = n < size;
  if (!fits) n = size - 1;
  memcpy(dst, src, n);
  dst[n] = '\0';
  return fits;
}
