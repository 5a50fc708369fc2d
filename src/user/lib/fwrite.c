#include "stream.h"

size_t fwrite(const void *restrict data, size_t size, size_t count, FILE *restrict stream)
{
  size_t len;
  if (__builtin_mul_overflow(size, count, &len)) {
    errno = EOVERFLOW;
    return 0;
  }
  stream_write(stream, data, len);
  stream_settle(stream);
  return stream->error ? 0 : count;
}
