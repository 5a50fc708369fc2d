#include "stream.h"
#include <err.h>
#include <string.h>

/* At the end of a program: output that could not be written makes it fail, and is worth a word unless the reader left. */
static void flush_stdout(void)
{
  fflush(stdout);
  if (stdout->error == 0) return;
  if (stdout->error != EPIPE) dprintf(STDERR_FILENO, "%s: write: %s\n", program_name, strerror(stdout->error));
  _exit(1);
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
