#include "format.h"
#include <stdio.h>
#include <string.h>

struct buffer_sink {
  struct format_sink sink;
  char *buf;
  size_t size;
};

static void buffer_put(struct format_sink *sink, const char *text, size_t len)
{
  struct buffer_sink *b = (struct buffer_sink *)sink;
  if (sink->total >= b->size) return;
  size_t room = b->size - sink->total;
  memcpy(b->buf + sink->total, text, len < room ? len : room);
}

int vsnprintf(char *restrict buf, size_t size, const char *restrict format, va_list args)
{
  struct buffer_sink b = {.sink.put = buffer_put, .buf = buf, .size = size > 0 ? size - 1 : 0};
  int total = format_to(&b.sink, format, args);
  if (size > 0) buf[b.sink.total < b.size ? b.sink.total : b.size] = '\0';
  return total;
}
