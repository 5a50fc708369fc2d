#include "stream.h"

int fgetc(FILE *stream)
{
  if (stream->taken == stream->used) {
    if (stream->end) return EOF;
    fflush(stdout); /* a prompt is seen before its answer is awaited */
    ssize_t n = read(stream->handle, stream->buf, sizeof stream->buf);
    if (n <= 0) {
      if (n < 0) stream->error = errno;
      stream->end = n == 0;
      return EOF;
    }
    stream->taken = 0;
    stream->used = (size_t)n;
  }
  return (unsigned char)stream->buf[stream->taken++];
}
