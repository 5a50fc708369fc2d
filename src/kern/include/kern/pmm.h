/*
 * Physical memory: the boot frame allocator that walks usable regions, then the page allocator that takes over: one of
 * three algorithms behind struct pmm_ops (mm/pmm_ops.h): buddy, bitmap, page array; "pmm=NAME" on the command line chooses.
 * Pages are junk-filled in debug builds. Any context; interrupts in any state; never sleeps.
 */
#ifndef KERN_PMM_H
#define KERN_PMM_H

#include <kern/alloc_fault.h>
#include <kern/bootinfo.h>
#include <kern/types.h>

#define PMM_MAX_ORDER 11 /* 8 MiB blocks */
#define PMM_ORDERS (PMM_MAX_ORDER + 1)

/*
 * Whom a page is for. The owner decides the zone: even ones have kernel pages, out of [1 MiB, max(16 MiB, RAM/8)), odd ones
 * pages of programs, out of the rest; each zone leaves the other alone. It is kept in the page's descriptor and counted.
 */
enum pmm_owner {
  PMM_KERNEL = 0, /* also names the zone */
  PMM_USER = 1,   /* also names the zone */
  PMM_HEAP = 2,
  PMM_MEMORY = 3, /* VMOs */
  PMM_TABLES = 4,
  PMM_FILES = 5,
  PMM_STACKS = 6,
  PMM_PIPES = 8,
  PMM_RESERVED = 14, /* and 15: pmm_reserve_pages */
  PMM_OWNERS = 16
};
#define PMM_ZONES 2

/* ---- boot: before the page allocator ---- */

/* `bi` is sanitized. Frames below 1 MiB are never handed out. */
void bootmem_init(const struct bootinfo *bi);
/* A zeroed frame, the lowest free; 0 when there is none. Only until pmm_init. */
paddr_t bootmem_alloc_page(void);
/* Contiguous zeroed pages; 0 when there are none. */
paddr_t bootmem_alloc_pages(size_t count);
#define bootmem_alloc_page() (alloc_fails_here() ? 0 : (bootmem_alloc_page)())
#define bootmem_alloc_pages(count) (alloc_fails_here() ? 0 : (bootmem_alloc_pages)(count))

/* ---- the page allocator ---- */

/* Takes everything usable that bootmem did not hand out. -ENOMEM when memory is too small to run. */
MUST_CHECK int pmm_init(const struct bootinfo *bi);

/* Takes what the boot loader had for itself, MEM_BOOT_RECLAIMABLE from 1 MiB on, too: once, when nothing of the loader's is
 * read any more (its tables, its information, the RSDP if that is a copy of the loader's). Answers how many pages. */
uint64_t pmm_reclaim_boot(const struct bootinfo *bi);

/* 2^order pages, contiguous, naturally aligned relative to the zone's base; -ENOMEM when the zone has none. */
MUST_CHECK int pmm_alloc(enum pmm_owner owner, unsigned order, paddr_t *out);
#define pmm_alloc(owner, order, out) (alloc_fails_here() ? -ENOMEM : (pmm_alloc)(owner, order, out))
void pmm_free(paddr_t pa, unsigned order);

/* One page, with one reference. pmm_free_page drops a reference; the last one frees the page. */
MUST_CHECK int pmm_alloc_page(enum pmm_owner owner, paddr_t *out);
#define pmm_alloc_page(owner, out) (alloc_fails_here() ? -ENOMEM : (pmm_alloc_page)(owner, out))
void pmm_free_page(paddr_t pa);

/* One more reference to a page from pmm_alloc_page or pmm_alloc_zeroed, held by somebody who will call pmm_free_page, too.
 * The caller has a reference of its own meanwhile. Never fails. */
void pmm_ref_page(paddr_t pa);
/* How many references an allocated page has. 1 and the caller's own: nobody else can reach the page, nor can anybody
 * who does not go through the caller make it more. Larger numbers are stale as soon as they are answered. */
unsigned pmm_page_refs(paddr_t pa);

/* Whether the page is in the owner's zone, for assertions: where programs' pages enter their tables, and where the kernel's
 * enter its window or become tables. */
bool pmm_in_zone(paddr_t pa, enum pmm_owner owner);

/* One zeroed page. */
MUST_CHECK int pmm_alloc_zeroed(enum pmm_owner owner, paddr_t *out);
#define pmm_alloc_zeroed(owner, out) (alloc_fails_here() ? -ENOMEM : (pmm_alloc_zeroed)(owner, out))

/* `count` contiguous pages at a multiple of `align` bytes (a power of two; up to a page: any page), which end at or below
 * the address `limit`. Searches the whole zone: not for often. -EINVAL for count 0 or a wrong alignment, -ENOMEM. */
MUST_CHECK int pmm_alloc_range(enum pmm_owner owner, size_t count, uint64_t align, paddr_t limit, paddr_t *out);
#define pmm_alloc_range(owner, count, align, limit, out) \
  (alloc_fails_here() ? -ENOMEM : (pmm_alloc_range)(owner, count, align, limit, out))
/* What pmm_alloc_range answered, all of it. */
void pmm_free_range(paddr_t pa, size_t count);

/* Takes given pages out, so that nobody gets them; also before pmm_init, once bootmem_init was called. -EBUSY when one of
 * them is in use or no memory of the allocator's (nothing changes then), -EINVAL for no page or an unaligned address, -ENOSPC
 * when the boot allocator cannot note it down. After pmm_init they may be given back, as a whole. */
MUST_CHECK int pmm_reserve_pages(paddr_t base, size_t count);
void pmm_release_pages(paddr_t base, size_t count);

struct pmm_stats {
  uint64_t total_pages, free_pages; /* over both zones */
  uint64_t zone_total[PMM_ZONES], zone_free[PMM_ZONES];
};
void pmm_get_stats(struct pmm_stats *out);

struct pmm_zone_stats {
  const char *allocator;
  paddr_t base, end;
  uint64_t total, free;        /* pages */
  uint64_t cached;             /* of the free ones, kept by processors for themselves, outside of blocks */
  uint64_t blocks[PMM_ORDERS]; /* free blocks by order */
};
/* The zone of an owner. Bitmap and page array look at every frame, with the zone's lock. */
void pmm_get_zone_stats(enum pmm_owner owner, struct pmm_zone_stats *out);

/* Pages an owner has; and what it is called, null for a number without one. */
uint64_t pmm_owner_pages(enum pmm_owner owner);
const char *pmm_owner_name(enum pmm_owner owner);

/* Bytes of usable RAM the boot information names, for the banner. */
uint64_t pmm_usable_bytes(void);

#endif
