/*
 * The terminal (term.h) on a linear framebuffer of 32-bit pixels. Pure: it works on any memory; screen.c is the console's
 * output that uses it.
 *
 * The framebuffer is written and never read: it may be mapped write-combining, where reading is slow and large. What is on
 * it is kept as cells; showing draws the cells that differ, along whole runs of pixel lines. So scrolling costs one
 * comparison a cell and the cells that really look different now.
 *
 * On high resolutions every pixel of the font becomes a square of `scale` by `scale`. What is left over at the right
 * and the bottom stays black.
 */
#ifndef DEV_FBCON_H
#define DEV_FBCON_H

#include "term.h"

#include <kern/bootinfo.h>

struct fbcon_layout {
  unsigned rows, columns, scale;
};

struct fbcon {
  struct term term;
  uint16_t *shown;      /* the cells as drawn, by row of the screen */
  unsigned cursor;      /* index of the cell that is drawn with the cursor */
  uint8_t *pixels;      /* first of the framebuffer */
  size_t pitch;         /* bytes from one line of pixels to the next */
  unsigned scale;       /* at least 1 */
  uint32_t palette[16]; /* pixels, by enum term_colour */
};

/* How the screen is divided: as large as leaves 45 rows of 160, so that a 4K screen is readable. At most FBCON_MOST rows and
 * columns. -EINVAL when not one cell fits. */
#define FBCON_MOST 1024u
MUST_CHECK int fbcon_layout(unsigned width, unsigned height, struct fbcon_layout *out);

/* Bytes of memory that a screen of this layout needs. */
size_t fbcon_memory_size(const struct fbcon_layout *layout);

/* Blanks the whole screen. fb: geometry and format, checked (kern/screen.h); `pixels`: where it is mapped, 4-byte
 * aligned; memory: fbcon_memory_size bytes, 4-byte aligned. */
void fbcon_init(struct fbcon *f, const struct framebuffer *fb, const struct fbcon_layout *layout, void *pixels,
                void *memory);

/* Takes text; fbcon_show draws what it did. */
void fbcon_write(struct fbcon *f, const char *text, size_t len);
void fbcon_show(struct fbcon *f);

#endif
