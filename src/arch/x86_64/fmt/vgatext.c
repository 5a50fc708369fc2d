/* Text mode's cells, see vgatext.h. */
#include "vgatext.h"

#define ESCAPE 0x1B
#define DELETE 0x7F
#define TAB_STOP 8u
#define PARAMETER_MAX 999u

/* ---- cells ---- */

static volatile uint16_t *cell_at(struct vgatext *t, unsigned row, unsigned column)
{
  return &t->cells[(t->top + row) * VGATEXT_COLUMNS + column];
}

/* Blanks [from, to) of the screen, counted in cells from its start. */
static void blank(struct vgatext *t, unsigned from, unsigned to)
{
  volatile uint16_t *screen = cell_at(t, 0, 0);
  for (unsigned i = from; i < to; i++) screen[i] = (uint16_t)(t->attribute << 8 | ' ');
}

static void scroll(struct vgatext *t)
{
  if (t->top + VGATEXT_ROWS == VGATEXT_MEMORY_ROWS) {
    const volatile uint16_t *kept = cell_at(t, 1, 0);
    for (unsigned i = 0; i < (VGATEXT_ROWS - 1) * VGATEXT_COLUMNS; i++) t->cells[i] = kept[i];
    t->top = 0;
  } else {
    t->top++;
  }
  blank(t, (VGATEXT_ROWS - 1) * VGATEXT_COLUMNS, VGATEXT_ROWS * VGATEXT_COLUMNS);
}

static void move_to(struct vgatext *t, unsigned row, unsigned column)
{
  t->row = MIN(row, VGATEXT_ROWS - 1);
  t->column = MIN(column, VGATEXT_COLUMNS - 1);
  t->at_margin = false;
}

static void next_row(struct vgatext *t)
{
  t->at_margin = false;
  if (t->row == VGATEXT_ROWS - 1)
    scroll(t);
  else
    t->row++;
}

static void show(struct vgatext *t, uint8_t character)
{
  if (t->at_margin) {
    next_row(t);
    t->column = 0;
  }
  *cell_at(t, t->row, t->column) = (uint16_t)(t->attribute << 8 | character);
  if (t->column == VGATEXT_COLUMNS - 1)
    t->at_margin = true;
  else
    t->column++;
}

/* ---- control characters ---- */

static void control(struct vgatext *t, uint8_t byte)
{
  switch (byte) {
  case '\r': move_to(t, t->row, 0); break;
  case '\n': next_row(t); break;
  case '\b': move_to(t, t->row, t->column - (t->column > 0)); break;
  case '\t': move_to(t, t->row, (t->column / TAB_STOP + 1) * TAB_STOP); break;
  case ESCAPE: t->state = VGATEXT_ESCAPE; break;
  }
}

/* ---- control sequences ---- */

/* Parameter i, where nothing and 0 mean `otherwise`. */
static unsigned parameter(const struct vgatext *t, unsigned i, unsigned otherwise)
{
  return i < t->count && t->parameters[i] ? t->parameters[i] : otherwise;
}

/* Of a line or the screen, [start, end): 0 erases from the cursor on, 1 up to and with it, 2 everything. */
static void erase(struct vgatext *t, unsigned start, unsigned end)
{
  unsigned cursor = t->row * VGATEXT_COLUMNS + t->column;
  switch (parameter(t, 0, 0)) {
  case 0: blank(t, cursor, end); break;
  case 1: blank(t, start, cursor + 1); break;
  case 2: blank(t, start, end); break;
  }
}

/* Terminals number colours red, green, blue from the lowest bit; VGA the other way round. */
static unsigned colour(unsigned number)
{
  return (number & 1) << 2 | (number & 2) | (number & 4) >> 2;
}

static void set_text_colour(struct vgatext *t, unsigned c)
{
  t->attribute = (uint8_t)((t->attribute & 0xF0) | c);
}

static void set_ground_colour(struct vgatext *t, unsigned c)
{
  t->attribute = (uint8_t)((t->attribute & 0x0F) | c << 4);
}

static void set_rendition(struct vgatext *t, unsigned n)
{
  if (n == 0) t->attribute = VGATEXT_DEFAULT;
  if (n == 1) t->attribute |= VGATEXT_BRIGHT;
  if (n >= 30 && n <= 37) set_text_colour(t, colour(n - 30));
  if (n == 39) set_text_colour(t, VGATEXT_YELLOW);
  if (n >= 40 && n <= 47) set_ground_colour(t, colour(n - 40));
  if (n == 49) set_ground_colour(t, VGATEXT_BLACK);
  if (n >= 90 && n <= 97) set_text_colour(t, colour(n - 90) | VGATEXT_BRIGHT);
  if (n >= 100 && n <= 107) set_ground_colour(t, colour(n - 100) | VGATEXT_BRIGHT);
}

static void set_renditions(struct vgatext *t)
{
  for (unsigned i = 0; i < t->count; i++) set_rendition(t, t->parameters[i]);
}

static void finish_sequence(struct vgatext *t, uint8_t final)
{
  unsigned n = parameter(t, 0, 1);
  t->state = VGATEXT_TEXT;
  if (t->foreign) return;
  switch (final) {
  case 'A': move_to(t, t->row - MIN(n, t->row), t->column); break;
  case 'B': move_to(t, t->row + n, t->column); break;
  case 'C': move_to(t, t->row, t->column + n); break;
  case 'D': move_to(t, t->row, t->column - MIN(n, t->column)); break;
  case 'H':
  case 'f': move_to(t, n - 1, parameter(t, 1, 1) - 1); break;
  case 'J': erase(t, 0, VGATEXT_ROWS * VGATEXT_COLUMNS); break;
  case 'K': erase(t, t->row * VGATEXT_COLUMNS, (t->row + 1) * VGATEXT_COLUMNS); break;
  case 'm': set_renditions(t); break;
  }
}

static void after_escape(struct vgatext *t, uint8_t byte)
{
  t->state = byte == '[' ? VGATEXT_SEQUENCE : VGATEXT_TEXT;
  t->foreign = false;
  t->count = 1;
  t->parameters[0] = 0;
}

static void in_sequence(struct vgatext *t, uint8_t byte)
{
  unsigned *last = &t->parameters[t->count - 1];
  if (byte >= '0' && byte <= '9') {
    *last = MIN(*last * 10 + byte - '0', PARAMETER_MAX);
  } else if (byte == ';' && t->count < VGATEXT_PARAMETERS) {
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

static void put_foreign(struct vgatext *t, uint8_t byte)
{
  t->state = VGATEXT_TEXT;
  if (byte < 0xC0 && t->continuation > 0) {
    t->continuation--;
    return;
  }
  t->continuation = continuation_bytes(byte);
  show(t, VGATEXT_UNKNOWN);
}

static void put(struct vgatext *t, uint8_t byte)
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
  else if (t->state == VGATEXT_ESCAPE)
    after_escape(t, byte);
  else if (t->state == VGATEXT_SEQUENCE)
    in_sequence(t, byte);
  else
    show(t, byte);
}

void vgatext_init(struct vgatext *t, volatile uint16_t *cells)
{
  *t = (struct vgatext){.cells = cells, .attribute = VGATEXT_DEFAULT, .state = VGATEXT_TEXT};
  blank(t, 0, VGATEXT_ROWS * VGATEXT_COLUMNS);
}

void vgatext_write(struct vgatext *t, const char *text, size_t len)
{
  for (size_t i = 0; i < len; i++) put(t, (uint8_t)text[i]);
}

unsigned vgatext_origin(const struct vgatext *t)
{
  return t->top * VGATEXT_COLUMNS;
}

unsigned vgatext_cursor(const struct vgatext *t)
{
  return vgatext_origin(t) + t->row * VGATEXT_COLUMNS + t->column;
}
