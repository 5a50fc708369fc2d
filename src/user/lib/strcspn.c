#include <string.h>

size_t strcspn(const char *s, const char *set)
{
  size_t n = 0;
  while (strchr(set, s[n]) == NULL) /* the end of s is found in every set */
    n++;
  return n;
}
