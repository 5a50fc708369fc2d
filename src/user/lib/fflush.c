#include "stream.h"

int fflush(FILE *stream)
{
  if (stream->mode == STREAM_INPUT || stream->used == 0) return 0;
  size_t waiting = stream->used;
  stream->used = 0;
  if (write_all(stream->handle, stream->buf, waiting) == 0) return 0;
  stream->error = errno;
  return EOF;
}
