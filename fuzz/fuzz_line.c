/*
 * The line being typed at the console: the input is what comes, lines after lines. Each is complete at the latest when its buffer
 * is full, an erasure ends, and at any time the cursor is as far from where the line began as the line's characters are wide:
 * what was echoed is what will be read.
 */
#include "fuzz.h"

#include <kern/string.h>

#include "../src/kern/dev/console_line.h"

static bool continues(uint8_t byte)
{
  return byte >= 0x80 && byte < 0xC0;
}

/* Columns of the bytes from one to before another; a newline has none. What continues no character is one. */
static size_t width(const struct line *l, size_t from, size_t to)
{
  size_t columns = 0;
  for (size_t i = from; i < to; i++) {
    uint8_t byte = l->bytes[i];
    if ((!continues(byte) || i == 0) && byte != '\n') columns += byte == '\t' || (byte >= ' ' && byte != 0x7F) ? 1 : 2;
  }
  return columns;
}

/* Where the cursor is after the echo. */
static size_t show(size_t column, const char *echo, size_t size, bool first)
{
  for (size_t i = 0; i < size; i++) {
    uint8_t byte = (uint8_t)echo[i];
    REQUIRE(byte != '\b' || column > 0);
    if (byte == '\b')
      column--;
    else if (byte != '\n' && (!continues(byte) || first))
      column++;
  }
  return column;
}

static void check_complete(const struct line *l)
{
  for (size_t i = 0; i + 1 < l->length; i++) REQUIRE(l->bytes[i] != '\n');
  REQUIRE(!memchr(l->bytes, '\r', l->length) && !memchr(l->bytes, '\b', l->length) &&
          !memchr(l->bytes, 0x7F, l->length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct line l;
  size_t column = 0, columns = 0; /* where the cursor is, and should be */
  line_reset(&l);
  for (size_t i = 0; i < size; i++) {
    size_t steps = l.length;
    do {
      char echo[LINE_ECHO_MAX];
      size_t before = l.length, n = line_feed(&l, data[i], echo);
      REQUIRE(n <= LINE_ECHO_MAX && l.length <= LINE_SIZE && l.start == 0);
      column = show(column, echo, n, before == 0);
      columns += width(&l, before, l.length);
      columns -= width(&l, l.length, before); /* those bytes are still there */
      REQUIRE(column == columns);
    } while (line_is_erasing(&l) && steps-- > 0);
    REQUIRE(!line_is_erasing(&l));
    REQUIRE(l.complete || l.length < LINE_SIZE);
    if (!l.complete) continue;
    check_complete(&l);
    line_reset(&l);
    column = columns = 0;
  }
  return 0;
}
