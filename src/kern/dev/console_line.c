/* Cooked input: erase (^H, DEL), word erase (^W), kill (^U), end of file (^D), CR as newline, control characters as ^X. */
#include "console_line.h"

#include <kern/string.h>
#include <plant.h>

#define CONTROL(letter) ((letter)&0x1F)
#define DELETE 0x7F
#define NOT_ERASING SIZE_MAX

void line_reset(struct line *l)
{
  l->length = l->start = 0;
  l->erase_to = NOT_ERASING;
  l->complete = false;
}

bool line_is_erasing(const struct line *l)
{
  return l->erase_to < l->length;
}

/* Does the byte continue a UTF-8 character that began before it? */
static bool continues_character(uint8_t byte)
{
  return (byte & 0xC0) == 0x80;
}

/* DELETE is never in a line. */
static bool is_control(uint8_t byte)
{
  return byte < 0x20;
}

/* Columns the character's echo takes: a tab is echoed as one space, other control characters as ^X. */
static unsigned echo_width(uint8_t lead)
{
  return is_control(lead) && lead != '\t' ? 2 : 1;
}

static size_t echo_byte(uint8_t byte, char *echo)
{
  if (byte == '\t') {
    echo[0] = ' ';
    return 1;
  }
  if (!is_control(byte)) {
    echo[0] = (char)byte;
    return 1;
  }
  echo[0] = '^';
  echo[1] = (char)(byte ^ 0x40);
  return 2;
}

/* Takes the last character away. */
static size_t erase_character(struct line *l, char *echo)
{
  uint8_t lead = l->bytes[--l->length];
  while (continues_character(lead) && l->length > 0) lead = l->bytes[--l->length];
  size_t n = 0;
  for (unsigned width = echo_width(lead); width > 0; width--) {
    memcpy(echo + n, "\b \b", 3);
    n += 3;
  }
  return n;
}

/* Where the line ends when its last word and the blanks behind it are gone. */
static size_t word_start(const struct line *l)
{
  size_t at = l->length;
  while (at > 0 && (l->bytes[at - 1] == ' ' || l->bytes[at - 1] == '\t')) at--;
  while (at > 0 && l->bytes[at - 1] != ' ' && l->bytes[at - 1] != '\t') at--;
  return at;
}

static size_t step_erasing(struct line *l, char *echo)
{
  if (!line_is_erasing(l)) {
    l->erase_to = NOT_ERASING;
    return 0;
  }
  size_t n = erase_character(l, echo);
  if (l->length <= l->erase_to) l->erase_to = NOT_ERASING;
  return n;
}

static size_t add_byte(struct line *l, uint8_t byte, char *echo)
{
  l->bytes[l->length++] = byte;
  if (byte == '\n' || l->length == LINE_SIZE + PLANTED(line)) l->complete = true;
  if (byte != '\n') return echo_byte(byte, echo);
  echo[0] = '\n';
  return 1;
}

size_t line_feed(struct line *l, uint8_t byte, char echo[LINE_ECHO_MAX])
{
  if (line_is_erasing(l)) return step_erasing(l, echo);
  switch (byte) {
  case CONTROL('H'):
  case DELETE: l->erase_to = l->length > 0 ? l->length - 1 : 0; return step_erasing(l, echo);
  case CONTROL('W'): l->erase_to = word_start(l); return step_erasing(l, echo);
  case CONTROL('U'): l->erase_to = 0; return step_erasing(l, echo);
  case CONTROL('D'): l->complete = true; return 0;
  case '\r': return add_byte(l, '\n', echo);
  default: return add_byte(l, byte, echo);
  }
}
