/*
 * Physical memory: the boot frame allocator that walks usable regions, then the page allocator (buddy, orders 0-11) that
 * takes over. Allocators sit behind struct pmm_ops so that others can be put beside buddy. Pages are junk-filled in
 * debug builds. Any context; interrupts in any state; never sleeps.
 */
#ifndef KERN_PMM_H
#define KERN_PMM_H

#include <kern/bootinfo.h>
#include <kern/types.h>

#define PMM_MAX_ORDER 11 /* 8 MiB blocks */

/* Who a page is for: kept in the page's descriptor, counted in statistics. Kernel pages come from the kernel zone
 * [1 MiB, max(16 MiB, RAM/8)), user pages from the rest; each zone leaves the other alone. */
enum pmm_zone { PMM_KERNEL = 0, PMM_USER = 1, PMM_ZONES };

/* ---- boot: before the page allocator ---- */

/* `bi` is sanitized. Frames below 1 MiB are never handed out. */
void bootmem_init(const struct bootinfo *bi);
/* A zeroed frame, the lowest free; 0 when there is none. Only until pmm_init. */
paddr_t bootmem_alloc_page(void);
/* Contiguous zeroed pages; 0 when there are none. */
paddr_t bootmem_alloc_pages(size_t count);

/* ---- the page allocator ---- */

/* Takes everything usable that bootmem did not hand out. -ENOMEM when memory is too small to run. */
MUST_CHECK int pmm_init(const struct bootinfo *bi);

/* 2^order pages, contiguous, naturally aligned relative to the zone's base; -ENOMEM when the zone has none. */
MUST_CHECK int pmm_alloc(enum pmm_zone zone, unsigned order, paddr_t *out);
void pmm_free(paddr_t pa, unsigned order);

/* One page, with one reference. pmm_free_page drops a reference; the last one frees the page. */
MUST_CHECK int pmm_alloc_page(enum pmm_zone zone, paddr_t *out);
void pmm_free_page(paddr_t pa);

/* One more reference to a page from pmm_alloc_page or pmm_alloc_zeroed, held by somebody who will call pmm_free_page, too.
 * The caller has a reference of its own meanwhile. Never fails. */
void pmm_ref_page(paddr_t pa);
/* How many references an allocated page has. 1 and the caller's own: nobody else can reach the page, nor can anybody
 * who does not go through the caller make it more. Larger numbers are stale as soon as they are answered. */
unsigned pmm_page_refs(paddr_t pa);

/* One zeroed page. */
MUST_CHECK int pmm_alloc_zeroed(enum pmm_zone zone, paddr_t *out);

struct pmm_stats {
  uint64_t total_pages, free_pages; /* over both zones */
  uint64_t zone_total[PMM_ZONES], zone_free[PMM_ZONES];
};
void pmm_get_stats(struct pmm_stats *out);

/* Bytes of usable RAM the boot information names, for the banner. */
uint64_t pmm_usable_bytes(void);

#endif
