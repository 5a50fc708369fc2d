/*
 * Text on the cells of VGA text mode: 80 by 25, a character (low byte) and its colours (high byte) in each. Pure: it
 * works on any memory; the device is dev/vga.c.
 *
 * The screen is a view of 25 rows into a longer memory. Scrolling moves the view down one row, which costs one blanked
 * row; only at the memory's end are the rows copied back to its start.
 *
 * What it understands: printable ASCII, \r \n \b \t, and of the control sequences (ECMA-48) the cursor's movements
 * (A B C D H f), erasing (J K) and colours (m). Other control characters and sequences show nothing. A character that
 * is not ASCII takes one cell, as a small square. After the last column the cursor waits there until the next character.
 */
#ifndef FMT_VGATEXT_H
#define FMT_VGATEXT_H

#include <kern/types.h>

#define VGATEXT_COLUMNS 80u
#define VGATEXT_ROWS 25u
#define VGATEXT_MEMORY_ROWS 204u /* whole rows in the 32 KiB at 0xB8000 */
#define VGATEXT_CELLS (VGATEXT_MEMORY_ROWS * VGATEXT_COLUMNS)

enum vgatext_colour {
  VGATEXT_BLACK,
  VGATEXT_BLUE,
  VGATEXT_GREEN,
  VGATEXT_CYAN,
  VGATEXT_RED,
  VGATEXT_MAGENTA,
  VGATEXT_BROWN,
  VGATEXT_GREY,
  VGATEXT_BRIGHT = 8, /* added to the others */
  VGATEXT_YELLOW = VGATEXT_BROWN | VGATEXT_BRIGHT,
};

#define VGATEXT_ATTRIBUTE(text, ground) ((uint8_t)((ground) << 4 | (text)))
#define VGATEXT_DEFAULT VGATEXT_ATTRIBUTE(VGATEXT_YELLOW, VGATEXT_BLACK)
#define VGATEXT_UNKNOWN 0xFEu /* code page 437: a small square */

#define VGATEXT_PARAMETERS 8u

struct vgatext {
  volatile uint16_t *cells; /* VGATEXT_CELLS of them */
  unsigned top;             /* memory row that the screen shows first */
  unsigned row, column;     /* cursor on the screen */
  bool at_margin;           /* the last column is written, the next character begins a row */
  uint8_t attribute;
  unsigned continuation; /* bytes of a UTF-8 character still to come */
  enum { VGATEXT_TEXT, VGATEXT_ESCAPE, VGATEXT_SEQUENCE } state;
  bool foreign; /* the sequence is none of ours */
  unsigned count;
  unsigned parameters[VGATEXT_PARAMETERS];
};

/* Blanks the screen at the memory's start. */
void vgatext_init(struct vgatext *t, volatile uint16_t *cells);

void vgatext_write(struct vgatext *t, const char *text, size_t len);

/* Indices into cells: the first one shown and the cursor's. */
unsigned vgatext_origin(const struct vgatext *t);
unsigned vgatext_cursor(const struct vgatext *t);

#endif
