/*
 * The framebuffer's font, drawn in font8x16.txt and turned into C by build-aux/mkfont.awk: eight pixels by sixteen, a
 * byte a line, its highest bit to the left.
 */
#ifndef DEV_FONT_H
#define DEV_FONT_H

#include <kern/types.h>

#define FONT_WIDTH 8u
#define FONT_HEIGHT 16u

/* ' ' to '~', then the two below. */
#define FONT_FIRST 0x20u
#define FONT_LAST 0x7Eu
#define FONT_UNKNOWN (FONT_LAST - FONT_FIRST + 1) /* for every other character: a filled square */
#define FONT_CURSOR (FONT_UNKNOWN + 1)            /* laid over the character under the cursor */
#define FONT_GLYPHS (FONT_CURSOR + 1)

extern const uint8_t font8x16[FONT_GLYPHS][FONT_HEIGHT];

#endif
