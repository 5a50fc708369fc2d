/*
 * The terminal (kern/dev/term.h) on the cells of VGA text mode: 80 by 25, in the format the terminal has itself. Pure: it
 * works on any memory; the device is dev/vga.c.
 *
 * The screen is a view of 25 rows into a longer memory. Scrolling moves the view down, which costs what is written into
 * the new rows; only at the memory's end are all rows written again, at its start. The memory, which is slow, is never read.
 */
#ifndef FMT_VGATEXT_H
#define FMT_VGATEXT_H

#include <kern/dev/term.h>

#define VGATEXT_COLUMNS 80u
#define VGATEXT_ROWS 25u
#define VGATEXT_MEMORY_ROWS 204u /* whole rows in the 32 KiB at 0xB8000 */
#define VGATEXT_CELLS (VGATEXT_MEMORY_ROWS * VGATEXT_COLUMNS)

struct vgatext {
  struct term term;
  volatile uint16_t *memory;                      /* VGATEXT_CELLS of them */
  unsigned top;                                   /* memory row that the screen shows first */
  uint16_t cells[VGATEXT_ROWS * VGATEXT_COLUMNS]; /* the terminal's */
  struct term_span changed[VGATEXT_ROWS];
};

/* Blanks the screen at the memory's start. */
void vgatext_init(struct vgatext *t, volatile uint16_t *memory);

/* Takes text; vgatext_show puts on the screen what it did. */
void vgatext_write(struct vgatext *t, const char *text, size_t len);
void vgatext_show(struct vgatext *t);

/* Indices into the memory: the first cell shown and the cursor's. */
unsigned vgatext_origin(const struct vgatext *t);
unsigned vgatext_cursor(const struct vgatext *t);

#endif
