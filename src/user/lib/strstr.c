#include <string.h>

char *strstr(const char *text, const char *word)
{
  size_t len = strlen(word);
  for (;; text++) {
    if (strncmp(text, word, len) == 0) return (char *)text;
    if (*text == '\0') return NULL;
  }
}
