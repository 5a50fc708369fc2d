/* See boot.h. */
#include "boot.h"

#include <kern/string.h>

#define MEMORY_END (PADDR_MASK + 1)

static bool ends_inside(uint64_t base, uint64_t length)
{
  return base <= MEMORY_END && length <= MEMORY_END - base;
}

bool boot_is_usable(const struct bootinfo *bi, paddr_t at)
{
  uint32_t low = 0;
  for (uint32_t high = bi->nregions; low < high;) {
    uint32_t middle = low + (high - low) / 2;
    if (bi->regions[middle].base <= at)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0) return false;
  const struct mem_region *r = &bi->regions[low - 1];
  return at - r->base < r->length && r->kind == MEM_USABLE;
}

static void check_order(const struct bootinfo *bi)
{
  uint64_t end = 0;
  uint32_t kind = 0;
  REQUIRE(bi->nregions <= BOOTINFO_MAX_REGIONS);
  for (uint32_t i = 0; i < bi->nregions; i++) {
    const struct mem_region *r = &bi->regions[i];
    REQUIRE(r->length > 0 && ends_inside(r->base, r->length));
    REQUIRE(r->kind > 0 && r->kind < MEM_KIND_COUNT);
    REQUIRE(r->base >= end && (r->base > end || r->kind != kind || i == 0));
    REQUIRE(r->kind != MEM_USABLE || (IS_ALIGNED(r->base, PAGE_SIZE) && IS_ALIGNED(r->length, PAGE_SIZE)));
    end = r->base + r->length;
    kind = r->kind;
  }
}

void boot_sanitize(struct bootinfo *bi)
{
  static struct bootinfo before;
  before = *bi;
  if (bootinfo_sanitize(bi)) {
    REQUIRE(memcmp(bi->regions, before.regions, sizeof bi->regions) == 0);
    return;
  }
  check_order(bi);
  /* Nothing becomes usable that somebody said is not, but for a framebuffer: none is in usable memory. */
  for (uint32_t i = 0; i < before.nregions; i++) {
    const struct mem_region *r = &before.regions[i];
    bool counts =
      r->kind != MEM_USABLE && r->kind != MEM_FRAMEBUFFER && r->length > 0 && ends_inside(r->base, r->length);
    REQUIRE(!counts || !boot_is_usable(bi, r->base));
  }
  REQUIRE(bi->initrd_size == 0 || !boot_is_usable(bi, bi->initrd));
  REQUIRE(memchr(bi->cmdline, '\0', sizeof bi->cmdline) && memchr(bi->loader, '\0', sizeof bi->loader));
  bootinfo_dump(bi);
}

void boot_decode(boot_decoder *decode, paddr_t base, const uint8_t *data, size_t size)
{
  static struct bootinfo bi;
  const struct phys_view view = {.bytes = data, .base = base, .size = size};
  memset(&bi, 0, sizeof bi);
  int err = decode(&view, base, &bi);
  REQUIRE(err == 0 || err == -EFAULT || err == -EINVAL || err == -ENOSPC);
  REQUIRE(bi.nregions <= BOOTINFO_MAX_REGIONS);
  if (err) return;
  for (uint32_t i = 0; i < bi.nregions; i++) REQUIRE(ends_inside(bi.regions[i].base, bi.regions[i].length));
  REQUIRE(ends_inside(bi.initrd, bi.initrd_size));
  REQUIRE(!bi.framebuffer.format || bi.framebuffer.stride >= bi.framebuffer.width);
  boot_sanitize(&bi);
}
