/* Cells and what bytes do to them, see term.h. */
#include "term.h"

#include <limits.h>
#include <plant.h>

#define ESCAPE 0x1B
#define DELETE 0x7F
#define TAB_STOP 8u
#define PARAMETER_MAX 999u

/* ---- cells ---- */

static unsigned ring_row(const struct term *t, unsigned row)
{
  unsigned at = t->top + row;
  return at < t->rows ? at : at - t->rows;
}

static void mark(struct term *t, unsigned at, unsigned from, unsigned to)
{
  struct term_span *span = &t->changed[at];
  bool empty = span->from >= span->to;
  span->from = empty ? from : MIN(span->from, from);
  span->to = empty ? to : MAX(span->to, to);
}

static void blank(struct term *t, unsigned row, unsigned from, unsigned to)
{
  unsigned at = ring_row(t, row);
  uint16_t *cells = t->cells + (size_t)at * t->columns;
  for (unsigned i = from; i < to; i++) cells[i] = TERM_CELL(t->attribute, ' ');
  mark(t, at, from, to);
}

static void blank_rows(struct term *t, unsigned from, unsigned to)
{
  for (unsigned row = from; row < to; row++) blank(t, row, 0, t->columns);
}

static void scroll(struct term *t)
{
  t->top = t->top + 1 == t->rows ? 0 : t->top + 1;
  if (t->scrolled < UINT_MAX) t->scrolled++;
  blank(t, t->rows - 1, 0, t->columns);
}

static void move_to(struct term *t, unsigned row, unsigned column)
{
  t->row = MIN(row, t->rows - 1);
  t->column = MIN(column, t->columns - 1);
  t->at_margin = false;
}

static void next_row(struct term *t)
{
  t->at_margin = false;
  if (t->row == t->rows - 1)
    scroll(t);
  else
    t->row++;
}

static void show(struct term *t, uint8_t character)
{
  if (t->at_margin) {
    next_row(t);
    t->column = 0;
  }
  unsigned at = ring_row(t, t->row);
  t->cells[(size_t)at * t->columns + t->column] = TERM_CELL(t->attribute, character);
  mark(t, at, t->column, t->column + 1);
  if (t->column == t->columns - 1)
    t->at_margin = true;
  else
    t->column++;
}

/* ---- control characters ---- */

static void control(struct term *t, uint8_t byte)
{
  switch (byte) {
  case '\r': move_to(t, t->row, 0); break;
  case '\n': next_row(t); break;
  case '\b': move_to(t, t->row, t->column - (t->column > 0)); break;
  case '\t': move_to(t, t->row, (t->column / TAB_STOP + 1) * TAB_STOP); break;
  case ESCAPE: t->state = TERM_ESCAPE; break;
  }
}

/* ---- control sequences ---- */

/* Parameter i, where nothing and 0 mean `otherwise`. */
static unsigned parameter(const struct term *t, unsigned i, unsigned otherwise)
{
  return i < t->count && t->parameters[i] ? t->parameters[i] : otherwise;
}

/* 0 erases from the cursor on, 1 up to and with it, 2 everything. */
static void erase_in_row(struct term *t, unsigned how)
{
  if (how > 2) return;
  blank(t, t->row, how == 0 ? t->column : 0, how == 1 ? t->column + 1 : t->columns);
}

static void erase_in_screen(struct term *t, unsigned how)
{
  erase_in_row(t, how);
  if (how == 0 || how == 2) blank_rows(t, t->row + 1, t->rows);
  if (how == 1 || how == 2) blank_rows(t, 0, t->row);
}

/* Terminals number colours red, green, blue from the lowest bit; VGA the other way round. */
static unsigned colour(unsigned number)
{
  return (number & 1) << 2 | (number & 2) | (number & 4) >> 2;
}

static void set_text_colour(struct term *t, unsigned c)
{
  t->attribute = (uint8_t)((t->attribute & 0xF0) | c);
}

static void set_ground_colour(struct term *t, unsigned c)
{
  t->attribute = (uint8_t)((t->attribute & 0x0F) | c << 4);
}

static void set_rendition(struct term *t, unsigned n)
{
  if (n == 0) t->attribute = TERM_DEFAULT;
  if (n == 1) t->attribute |= TERM_BRIGHT;
  if (n >= 30 && n <= 37) set_text_colour(t, colour(n - 30));
  if (n == 39) set_text_colour(t, TERM_YELLOW);
  if (n >= 40 && n <= 47) set_ground_colour(t, colour(n - 40));
  if (n == 49) set_ground_colour(t, TERM_BLACK);
  if (n >= 90 && n <= 97) set_text_colour(t, colour(n - 90) | TERM_BRIGHT);
  if (n >= 100 && n <= 107) set_ground_colour(t, colour(n - 100) | TERM_BRIGHT);
}

static void set_renditions(struct term *t)
{
  for (unsigned i = 0; i < t->count; i++) set_rendition(t, t->parameters[i]);
}

static void finish_sequence(struct term *t, uint8_t final)
{
  unsigned n = parameter(t, 0, 1);
  t->state = TERM_TEXT;
  if (t->foreign) return;
  switch (final) {
  case 'A': move_to(t, t->row - MIN(n, t->row), t->column); break;
  case 'B': move_to(t, t->row + n, t->column); break;
  case 'C': move_to(t, t->row, t->column + n); break;
  case 'D': move_to(t, t->row, t->column - MIN(n, t->column)); break;
  case 'H':
  case 'f': move_to(t, n - 1, parameter(t, 1, 1) - 1); break;
  case 'J': erase_in_screen(t, parameter(t, 0, 0)); break;
  case 'K': erase_in_row(t, parameter(t, 0, 0)); break;
  case 'm': set_renditions(t); break;
  }
}

static void after_escape(struct term *t, uint8_t byte)
{
  t->state = byte == '[' ? TERM_SEQUENCE : TERM_TEXT;
  t->foreign = false;
  t->count = 1;
  t->parameters[0] = 0;
}

static void in_sequence(struct term *t, uint8_t byte)
{
  unsigned *last = &t->parameters[t->count - 1];
  if (byte >= '0' && byte <= '9') {
    *last = MIN(*last * 10 + byte - '0', PARAMETER_MAX);
  } else if (byte == ';' && t->count < TERM_PARAMETERS + PLANTED(term)) {
    t->parameters[t->count++] = 0;
  } else if (byte < '@') {
    t->foreign = true; /* private parameters, intermediate bytes, more parameters than we keep */
  } else {
    finish_sequence(t, byte);
  }
}

/* ---- text ---- */

/* How many bytes follow this one in its UTF-8 character. */
static unsigned continuation_bytes(uint8_t lead)
{
  return lead < 0xC0 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : lead < 0xF8 ? 3 : 0;
}

static void put_foreign(struct term *t, uint8_t byte)
{
  t->state = TERM_TEXT;
  if (byte < 0xC0 && t->continuation > 0) {
    t->continuation--;
    return;
  }
  t->continuation = continuation_bytes(byte);
  show(t, TERM_UNKNOWN);
}

static void put(struct term *t, uint8_t byte)
{
  if (byte > DELETE) {
    put_foreign(t, byte);
    return;
  }
  t->continuation = 0;
  if (byte < ' ')
    control(t, byte);
  else if (byte == DELETE)
    return;
  else if (t->state == TERM_ESCAPE)
    after_escape(t, byte);
  else if (t->state == TERM_SEQUENCE)
    in_sequence(t, byte);
  else
    show(t, byte);
}

void term_init(struct term *t, unsigned rows, unsigned columns, uint16_t *cells, struct term_span *changed)
{
  *t = (struct term){.cells = cells,
                     .changed = changed,
                     .rows = rows,
                     .columns = columns,
                     .attribute = TERM_DEFAULT,
                     .state = TERM_TEXT};
  term_settle(t);
  blank_rows(t, 0, rows);
}

void term_write(struct term *t, const char *text, size_t len)
{
  for (size_t i = 0; i < len; i++) put(t, (uint8_t)text[i]);
}

const uint16_t *term_row(const struct term *t, unsigned row)
{
  return t->cells + (size_t)ring_row(t, row) * t->columns;
}

struct term_span term_changed(const struct term *t, unsigned row)
{
  return t->changed[ring_row(t, row)];
}

void term_settle(struct term *t)
{
  for (unsigned row = 0; row < t->rows; row++) t->changed[row] = (struct term_span){.from = 0, .to = 0};
  t->scrolled = 0;
}
