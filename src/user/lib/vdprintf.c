#include "format.h"
#include "stream.h"
#include <string.h>

/* Gathers a line's pieces, so that a short message is one write. */
struct handle_sink {
  struct format_sink sink;
  int handle;
  bool failed;
  size_t used;
  char buf[256];
};

static void handle_flush(struct handle_sink *h)
{
  if (h->used > 0 && write_all(h->handle, h->buf, h->used) < 0) h->failed = true;
  h->used = 0;
}

static void handle_put(struct format_sink *sink, const char *text, size_t len)
{
  struct handle_sink *h = (struct handle_sink *)sink;
  while (len > 0) {
    if (h->used == sizeof h->buf) handle_flush(h);
    size_t n = sizeof h->buf - h->used;
    if (n > len) n = len;
    memcpy(h->buf + h->used, text, n);
    h->used += n;
    text += n;
    len -= n;
  }
}

int vdprintf(int handle, const char *restrict format, va_list args)
{
  struct handle_sink h; /* not initialised as a whole: the buffer need not be */
  h.sink.put = handle_put;
  h.handle = handle;
  h.failed = false;
  h.used = 0;
  int total = format_to(&h.sink, format, args);
  handle_flush(&h);
  return h.failed ? -1 : total;
}
