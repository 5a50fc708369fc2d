/*
 * The framebuffer that the firmware or the boot loader set up, wherever it is in physical memory: mapped in a window of its
 * own (layout.h), write-combining, which the PAT grants over what the memory type registers say of the range (SDM
 * vol. 3A, table 12-7). The direct map leaves it out and nothing uses the device registers' window there, so no
 * other memory type is ever used for it.
 */
#include "../layout.h"
#include "devices.h"
#include <kern/bootinfo.h>
#include <kern/pmap.h>
#include <kern/screen.h>

#define SIZE_2M MIB(2)

static void *mapped; /* null: there is none, or none that can be drawn on */

/* Large pages lie entirely in the framebuffer: what is beside it may be another device. */
int framebuffer_map(paddr_t root, const struct bootinfo *bi)
{
  const struct framebuffer *fb = &bi->framebuffer;
  if (fb->format == FRAMEBUFFER_NONE || screen_refusal(bi)) return 0;
  paddr_t pa = ALIGN_DOWN(fb->base, (paddr_t)PAGE_SIZE), end = ALIGN_UP(fb->base + fb->length, (paddr_t)PAGE_SIZE);
  vaddr_t va = LAYOUT_FRAMEBUFFER_BASE + pa % SIZE_2M;
  if (end - pa > LAYOUT_FRAMEBUFFER_SIZE - SIZE_2M) return 0;
  void *pixels = (void *)(va + fb->base % PAGE_SIZE);
  int err = pmap_map_early(root, va, pa, end - pa, PMAP_WRITE | PMAP_WRITE_COMBINE | PMAP_GLOBAL);
  if (err == 0) mapped = pixels;
  return err;
}

bool framebuffer_init(const struct bootinfo *bi)
{
  return screen_init(bi, mapped);
}
