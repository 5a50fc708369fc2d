/*
 * The boot frame allocator: walks the usable regions in order and hands out frames from the front of the first that has
 * room. It never takes anything back. In each region, what is before `next` is handed out and [next, end) is free; that is
 * all the page allocator has to know to take over.
 */
#include "bootmem.h"

#include <kern/arch.h>
#include <kern/panic.h>
#include <kern/string.h>

#define LOWEST_FRAME MIB(1) /* below are the firmware's tables and the other processors' start-up code */

static struct {
  struct {
    paddr_t next, end;
  } region[BOOTINFO_MAX_REGIONS];
  unsigned nregions;
  uint64_t usable_bytes;
  bool closed;
} bootmem;

void bootmem_init(const struct bootinfo *bi)
{
  memset(&bootmem, 0, sizeof bootmem);
  for (unsigned i = 0; i < bi->nregions; i++) {
    const struct mem_region *r = &bi->regions[i];
    if (r->kind != MEM_USABLE) continue;
    bootmem.usable_bytes += r->length;
    paddr_t base = MAX(r->base, LOWEST_FRAME), end = r->base + r->length;
    if (base >= end) continue;
    bootmem.region[bootmem.nregions].next = base;
    bootmem.region[bootmem.nregions++].end = end;
  }
}

paddr_t(bootmem_alloc_pages)(size_t count)
{
  kassert(!bootmem.closed);
  for (unsigned i = 0; i < bootmem.nregions; i++) {
    paddr_t pa = bootmem.region[i].next;
    if (count > (bootmem.region[i].end - pa) / PAGE_SIZE) continue;
    bootmem.region[i].next += count * PAGE_SIZE;
    memset(phys_to_virt(pa), 0, count * PAGE_SIZE);
    return pa;
  }
  return 0;
}

paddr_t(bootmem_alloc_page)(void)
{
  return (bootmem_alloc_pages)(1);
}

bool bootmem_next_free(unsigned *cursor, paddr_t *base, paddr_t *end)
{
  while (*cursor < bootmem.nregions) {
    unsigned i = (*cursor)++;
    if (bootmem.region[i].next == bootmem.region[i].end) continue;
    *base = bootmem.region[i].next;
    *end = bootmem.region[i].end;
    return true;
  }
  return false;
}

int bootmem_reserve(paddr_t base, uint64_t count)
{
  unsigned i = 0;
  while (i < bootmem.nregions && bootmem.region[i].end <= base) i++;
  if (i == bootmem.nregions || base < bootmem.region[i].next) return -EBUSY;
  paddr_t end = bootmem.region[i].end;
  if (count > (end - base) / PAGE_SIZE) return -EBUSY;
  if (base == bootmem.region[i].next) {
    bootmem.region[i].next += count * PAGE_SIZE;
    return 0;
  }
  if (base + count * PAGE_SIZE < end) { /* the rest becomes a region of its own */
    if (bootmem.nregions == BOOTINFO_MAX_REGIONS) return -ENOSPC;
    memmove(&bootmem.region[i + 1], &bootmem.region[i], (bootmem.nregions++ - i) * sizeof bootmem.region[0]);
    bootmem.region[i + 1].next = base + count * PAGE_SIZE;
  }
  bootmem.region[i].end = base;
  return 0;
}

void bootmem_close(void)
{
  bootmem.closed = true;
}

uint64_t pmm_usable_bytes(void)
{
  return bootmem.usable_bytes;
}
