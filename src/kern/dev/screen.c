/* The framebuffer among the console's outputs: fbcon.h under the console's output lock. */
#include <kern/bootinfo.h>
#include <kern/console.h>
#include <kern/kmem.h>
#include <kern/log.h>
#include <kern/screen.h>

#include "fbcon.h"

#define PIXEL_BYTES 4u

static struct fbcon screen; /* the console's output lock */

/* ---- the description ---- */

static bool overlaps_memory(const struct bootinfo *bi, paddr_t base, paddr_t end)
{
  for (uint32_t i = 0; i < bi->nregions; i++) {
    const struct mem_region *r = &bi->regions[i];
    if (r->kind == MEM_FRAMEBUFFER || r->kind == MEM_RESERVED) continue;
    if (r->base < end && base < r->base + r->length) return true;
  }
  return false;
}

const char *screen_refusal(const struct bootinfo *bi)
{
  const struct framebuffer *fb = &bi->framebuffer;
  struct fbcon_layout layout;
  uint64_t bytes;
  if (fb->format == FRAMEBUFFER_NONE) return NULL;
  if (fb->format != FRAMEBUFFER_RGB && fb->format != FRAMEBUFFER_BGR) return "unknown pixels";
  if (fb->stride < fb->width) return "lines longer than their distance";
  if (fbcon_layout(fb->width, fb->height, &layout)) return "too small for a character";
  if (__builtin_mul_overflow((uint64_t)fb->stride * PIXEL_BYTES, fb->height, &bytes) || bytes > fb->length)
    return "shorter than its lines";
  if (!IS_ALIGNED(fb->base, PIXEL_BYTES)) return "pixels not aligned";
  if (fb->base > PADDR_MASK || fb->length > PADDR_MASK + 1 - fb->base) return "beyond the last physical address";
  if (overlaps_memory(bi, fb->base, fb->base + fb->length)) return "memory in its place";
  return NULL;
}

/* ---- the output ---- */

static void screen_write(const char *text, size_t len)
{
  fbcon_write(&screen, text, len);
}

static void screen_show(void)
{
  fbcon_show(&screen);
}

static struct console_output screen_output = {.name = "screen", .write = screen_write, .show = screen_show};

bool screen_init(const struct bootinfo *bi, void *pixels)
{
  const struct framebuffer *fb = &bi->framebuffer;
  struct fbcon_layout layout;
  if (fb->format == FRAMEBUFFER_NONE) return false;
  const char *why = screen_refusal(bi);
  if (!why && !pixels) why = "not mapped";
  void *memory = why || fbcon_layout(fb->width, fb->height, &layout) ? NULL : kmalloc(fbcon_memory_size(&layout));
  if (!why && !memory) why = "no memory for its characters";
  if (why) {
    log_warn("screen: framebuffer at 0x%llx, %ux%u, is not used: %s", (unsigned long long)fb->base, fb->width,
             fb->height, why);
    return false;
  }
  fbcon_init(&screen, fb, &layout, pixels, memory);
  screen_output.rows = layout.rows;
  screen_output.columns = layout.columns;
  console_add_output(&screen_output);
  log_debug("screen: %ux%u pixels, %u columns, %u rows", fb->width, fb->height, layout.columns, layout.rows);
  return true;
}
