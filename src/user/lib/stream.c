#include "stream.h"
#include <string.h>

static void flush_stdout(void)
{
  fflush(stdout);
}

static void choose_mode(FILE *stream)
{
  int saved = errno; /* the question may fail without meaning anything to the caller */
  stream->mode = console_ctl(stream->handle, CONSOLE_GET_MODE, 0) >= 0 ? STREAM_LINE : STREAM_FULL;
  errno = saved;
  exit_flush = flush_stdout;
}

void stream_write(FILE *stream, const char *text, size_t len)
{
  if (stream->mode == STREAM_UNKNOWN) choose_mode(stream);
  while (len > 0) {
    size_t n = sizeof stream->buf - stream->used;
    if (n > len) n = len;
    memcpy(stream->buf + stream->used, text, n);
    stream->used += n;
    text += n;
    len -= n;
    if (stream->used == sizeof stream->buf) fflush(stream);
  }
}

void stream_settle(FILE *stream)
{
  if (stream->mode == STREAM_CALL || (stream->mode == STREAM_LINE && memchr(stream->buf, '\n', stream->used) != NULL))
    fflush(stream);
}
