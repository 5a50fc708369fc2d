/* The terminal in text mode's memory, see vgatext.h. */
#include "vgatext.h"

static void copy(struct vgatext *t, unsigned row, struct term_span span)
{
  const uint16_t *from = term_row(&t->term, row);
  volatile uint16_t *to = t->memory + (t->top + row) * VGATEXT_COLUMNS;
  for (unsigned i = span.from; i < span.to; i++) to[i] = from[i];
}

void vgatext_init(struct vgatext *t, volatile uint16_t *memory)
{
  t->memory = memory;
  t->top = 0;
  term_init(&t->term, VGATEXT_ROWS, VGATEXT_COLUMNS, t->cells, t->changed);
  vgatext_show(t);
}

void vgatext_write(struct vgatext *t, const char *text, size_t len)
{
  term_write(&t->term, text, len);
}

void vgatext_show(struct vgatext *t)
{
  static const struct term_span whole_row = {.from = 0, .to = VGATEXT_COLUMNS};
  bool wrap = t->term.scrolled > VGATEXT_MEMORY_ROWS - VGATEXT_ROWS - t->top;
  t->top = wrap ? 0 : t->top + t->term.scrolled;
  for (unsigned row = 0; row < VGATEXT_ROWS; row++) copy(t, row, wrap ? whole_row : term_changed(&t->term, row));
  term_settle(&t->term);
}

unsigned vgatext_origin(const struct vgatext *t)
{
  return t->top * VGATEXT_COLUMNS;
}

unsigned vgatext_cursor(const struct vgatext *t)
{
  return vgatext_origin(t) + t->term.row * VGATEXT_COLUMNS + t->term.column;
}
