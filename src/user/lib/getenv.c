#include <stdlib.h>
#include <string.h>

char *getenv(const char *name)
{
  size_t len = strlen(name);
  for (char **e = environ; e != NULL && *e != NULL; e++)
    if (strncmp(*e, name, len) == 0 && (*e)[len] == '=') return *e + len + 1;
  return NULL;
}
