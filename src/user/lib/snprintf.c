#include <stdio.h>

int snprintf(char *restrict buf, size_t size, const char *restrict format, ...)
{
  va_list args;
  va_start(args, format);
  int n = vsnprintf(buf, size, format, args);
  va_end(args);
  return n;
}
