#include "format.h"
#include "stream.h"

struct stream_sink {
  struct format_sink sink;
  FILE *stream;
};

static void stream_put(struct format_sink *sink, const char *text, size_t len)
{
  stream_write(((struct stream_sink *)sink)->stream, text, len);
}

int vfprintf(FILE *restrict stream, const char *restrict format, va_list args)
{
  struct stream_sink s = {.sink.put = stream_put, .stream = stream};
  int total = format_to(&s.sink, format, args);
  stream_settle(stream);
  return stream->error ? -1 : total;
}
