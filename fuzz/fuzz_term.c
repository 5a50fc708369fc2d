/* The terminal: the input once as text for the screen, with its escape sequences, and once as the keyboard's codes. The cursor
 * stays on the screen and the screen in its memory; a key is never longer than its buffer. */
#include "fuzz.h"

#include <fmt/vgatext.h>
#include <kern/dev/scancode.h>

static void write_screen(const uint8_t *data, size_t size)
{
  static uint16_t cells[VGATEXT_CELLS];
  static struct vgatext t;
  vgatext_init(&t, cells);
  for (size_t at = 0, n; at < size; at += n) {
    n = MIN((size_t)16, size - at);
    vgatext_write(&t, (const char *)data + at, n);
    vgatext_show(&t);
    REQUIRE(t.term.row < VGATEXT_ROWS && t.term.column < VGATEXT_COLUMNS);
    REQUIRE(vgatext_origin(&t) + VGATEXT_ROWS * VGATEXT_COLUMNS <= VGATEXT_CELLS);
    REQUIRE(vgatext_cursor(&t) - vgatext_origin(&t) < VGATEXT_ROWS * VGATEXT_COLUMNS);
  }
}

static void press_keys(const uint8_t *data, size_t size)
{
  struct scancode_state s = {0};
  for (size_t i = 0; i < size; i++) {
    uint8_t bytes[SCANCODE_BYTES_MAX];
    REQUIRE(scancode_decode(&s, data[i], bytes) <= SCANCODE_BYTES_MAX);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  write_screen(data, size);
  press_keys(data, size);
  return 0;
}
