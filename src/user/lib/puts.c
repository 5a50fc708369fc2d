#include "stream.h"
#include <string.h>

int puts(const char *s)
{
  stream_write(stdout, s, strlen(s));
  stream_write(stdout, "\n", 1);
  stream_settle(stdout);
  return stdout->error ? EOF : 0;
}
