#include <stdio.h>

int dprintf(int handle, const char *restrict format, ...)
{
  va_list args;
  va_start(args, format);
  int n = vdprintf(handle, format, args);
  va_end(args);
  return n;
}
