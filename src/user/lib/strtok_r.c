#include <string.h>

char *strtok_r(char *restrict s, const char *restrict separators, char **restrict state)
{
  if (s == NULL) s = *state;
  s += strspn(s, separators);
  if (*s == '\0') {
    *state = s;
    return NULL;
  }
  char *end = s + strcspn(s, separators);
  *state = *end == '\0' ? end : end + 1;
  *end = '\0';
  return s;
}
