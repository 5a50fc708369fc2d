#include <string.h>

int strncmp(const char *a, const char *b, size_t max)
{
  for (; max > 0; a++, b++, max--)
    if (*a != *b || *a == '\0') return (unsigned char)*a - (unsigned char)*b;
  return 0;
}
