/*
 * The boot frame allocator: walks the usable regions in order and never takes anything back. It lives until pmm_init asks
 * what it left.
 */
#include "bootmem.h"
#include <kern/arch.h>
#include <kern/pmm.h>
#include <kern/string.h>

#define LOWEST MIB(1)

static struct {
  const struct bootinfo *bi;
  uint32_t region;
  paddr_t next; /* inside regions[region], or below it */
} boot;

void bootmem_init(const struct bootinfo *bi)
{
  boot.bi = bi;
  boot.region = 0;
  boot.next = LOWEST;
}

/* A region too small for what is left of the request is skipped for good: what is wasted is less than the request. */
paddr_t bootmem_alloc_pages(size_t count)
{
  uint64_t bytes;
  if (count == 0 || __builtin_mul_overflow((uint64_t)count, (uint64_t)PAGE_SIZE, &bytes)) return 0;
  for (; boot.region < boot.bi->nregions; boot.region++) {
    const struct mem_region *r = &boot.bi->regions[boot.region];
    if (r->kind != MEM_USABLE) continue;
    paddr_t at = MAX(boot.next, r->base), end = r->base + r->length;
    if (at >= end || end - at < bytes) continue;
    boot.next = at + bytes;
    return (paddr_t)(uintptr_t)virt_to_phys(memset(phys_to_virt(at), 0, bytes));
  }
  return 0;
}

paddr_t bootmem_alloc_page(void)
{
  return bootmem_alloc_pages(1);
}

bool bootmem_left(uint32_t i, paddr_t *base, paddr_t *end)
{
  const struct mem_region *r = &boot.bi->regions[i];
  *base = MAX(r->base, (paddr_t)LOWEST);
  *end = r->base + r->length;
  if (r->kind != MEM_USABLE || i < boot.region) return false;
  if (i == boot.region) *base = MAX(*base, boot.next);
  return *base < *end;
}
