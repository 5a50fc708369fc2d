#include "stream.h"

int fputc(int c, FILE *stream)
{
  char byte = (char)c;
  stream_write(stream, &byte, 1);
  if (c == '\n' || stream->mode == STREAM_CALL) stream_settle(stream);
  return stream->error ? EOF : (unsigned char)c;
}
