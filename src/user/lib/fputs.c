#include "stream.h"
#include <string.h>

int fputs(const char *restrict s, FILE *restrict stream)
{
  stream_write(stream, s, strlen(s));
  stream_settle(stream);
  return stream->error ? EOF : 0;
}
