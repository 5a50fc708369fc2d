#include <string.h>

size_t strspn(const char *s, const char *set)
{
  size_t n = 0;
  while (s[n] != '\0' && strchr(set, s[n]) != NULL) n++;
  return n;
}
