/*
 * A terminal: a grid of cells, a character (low byte) and its colours (high byte) in each, a cursor, and what bytes
 * written to it do to them. Pure: no device, no allocation, no lock; whoever shows it (fbcon.h, and the PC's text mode)
 * asks after writing what changed.
 *
 * The rows are a ring: scrolling moves its beginning and blanks one row. What changed is kept as one span of columns a
 * row, which moves with its row, and the number of rows scrolled.
 *
 * What it understands: printable ASCII, \r \n \b \t, and of the control sequences (ECMA-48) the cursor's movements
 * (A B C D H f), erasing (J K) and colours (m). Other control characters and sequences show nothing. A character that
 * is not ASCII takes one cell, as a small square. After the last column the cursor waits there until the next character.
 */
#ifndef DEV_TERM_H
#define DEV_TERM_H

#include <kern/types.h>

enum term_colour {
  TERM_BLACK,
  TERM_BLUE,
  TERM_GREEN,
  TERM_CYAN,
  TERM_RED,
  TERM_MAGENTA,
  TERM_BROWN,
  TERM_GREY,
  TERM_BRIGHT = 8, /* added to the others */
  TERM_YELLOW = TERM_BROWN | TERM_BRIGHT,
};

#define TERM_ATTRIBUTE(text, ground) ((uint8_t)((ground) << 4 | (text)))
#define TERM_DEFAULT TERM_ATTRIBUTE(TERM_YELLOW, TERM_BLACK)
#define TERM_UNKNOWN 0xFEu /* code page 437: a small square */
#define TERM_CELL(attribute, character) ((uint16_t)((attribute) << 8 | (character)))

#define TERM_PARAMETERS 8u

/* Columns [from, to); empty when from >= to. */
struct term_span {
  unsigned from, to;
};

struct term {
  uint16_t *cells;           /* rows * columns, the rows as a ring */
  struct term_span *changed; /* by row of that ring */
  unsigned rows, columns;
  unsigned top;         /* row of the ring that is the screen's first */
  unsigned scrolled;    /* rows that left at the screen's top since term_settle, stops at UINT_MAX */
  unsigned row, column; /* cursor on the screen */
  bool at_margin;       /* the last column is written, the next character begins a row */
  uint8_t attribute;
  unsigned continuation; /* bytes of a UTF-8 character still to come */
  enum { TERM_TEXT, TERM_ESCAPE, TERM_SEQUENCE } state;
  bool foreign; /* the sequence is none of ours */
  unsigned count;
  unsigned parameters[TERM_PARAMETERS];
};

/* A blank screen of at least one row and one column. The caller gives `cells`, rows * columns of them, and `changed`, rows
 * of them; all count as changed. */
void term_init(struct term *t, unsigned rows, unsigned columns, uint16_t *cells, struct term_span *changed);

void term_write(struct term *t, const char *text, size_t len);

/* A row of the screen. */
const uint16_t *term_row(const struct term *t, unsigned row);

/* The columns of this row of the screen written since term_settle, wherever the row was then. */
struct term_span term_changed(const struct term *t, unsigned row);
/* What changed was shown. */
void term_settle(struct term *t);

#endif
