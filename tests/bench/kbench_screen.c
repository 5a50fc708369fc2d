/* What the framebuffer console costs, on 1280 by 800 pixels of ordinary memory: see kbench.h. */
#include "kbench.h"
#include <kern/dev/fbcon.h>
#include <kern/kmem.h>
#include <kern/ktest.h>

#define WIDTH 1280u
#define HEIGHT 800u
#define LINE 80u

static struct fbcon screen;

/* Echo: a cell and the cursor. */
static void type_work(uint64_t count)
{
  while (count-- > 0) {
    fbcon_write(&screen, count % 2 ? "x\b" : "y\b", 2);
    fbcon_show(&screen);
  }
}

/* Lines that differ in every character from those they move up to: the most that 80 columns can cost. */
static void scroll_work(uint64_t count)
{
  static unsigned lines;
  char text[LINE + 2];
  while (count-- > 0) {
    for (unsigned i = 0; i < LINE; i++) text[i] = (char)('!' + (i + lines) % 90);
    text[LINE] = '\r';
    text[LINE + 1] = '\n';
    lines++;
    fbcon_write(&screen, text, sizeof text);
    fbcon_show(&screen);
  }
}

KTEST(bench_screen)
{
  const struct framebuffer fb = {.width = WIDTH, .height = HEIGHT, .stride = WIDTH, .format = FRAMEBUFFER_BGR};
  struct fbcon_layout layout;
  struct samples s;
  ktest_check(fbcon_layout(WIDTH, HEIGHT, &layout) == 0);
  void *pixels = kmalloc(WIDTH * HEIGHT * 4), *memory = kmalloc(fbcon_memory_size(&layout));
  ktest_check(pixels && memory);
  fbcon_init(&screen, &fb, &layout, pixels, memory);
  kbench_measure(&s, type_work, 100);
  kbench_report("screen_character", &s, 100);
  scroll_work(layout.rows);
  kbench_measure(&s, scroll_work, 10);
  kbench_report("screen_scroll", &s, 10);
  kfree(memory);
  kfree(pixels);
}
