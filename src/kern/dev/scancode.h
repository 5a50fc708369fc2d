/*
 * Keyboard scan codes (set 1, as a PC's keyboard controller delivers them) to the bytes a terminal would send: ASCII of
 * a US layout; arrows, Home, End, Insert, Delete and the page keys as escape sequences; Alt puts an escape before.
 * Shift, Ctrl, Alt on either side, Caps Lock and Num Lock (off at first) are kept. Pure; the device is ps2kbd.c.
 */
#ifndef DEV_SCANCODE_H
#define DEV_SCANCODE_H

#include <kern/types.h>

#define SCANCODE_BYTES_MAX 4u /* for one key */

/* All zeroes at first. */
struct scancode_state {
  unsigned held;       /* modifier keys that are down */
  bool caps, num;      /* locks that are on */
  bool extended;       /* the code before was 0xE0 */
  unsigned pause_left; /* codes of the Pause key still to come */
};

/* Takes one code; answers how many bytes it means, often none. */
size_t scancode_decode(struct scancode_state *s, uint8_t code, uint8_t bytes[SCANCODE_BYTES_MAX]);

#endif
