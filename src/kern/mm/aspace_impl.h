/* Regions, shared by the files of the address space and of memory objects. */
#ifndef MM_ASPACE_IMPL_H
#define MM_ASPACE_IMPL_H

#include <kern/aspace.h>
#include <kern/list.h>
#include <uapi/abi.h>

/* What there is below a region in the tree, for finding a gap. */
struct span {
  vaddr_t base, end; /* guards included */
  size_t gap;        /* the largest between two regions in it */
};

/* [base, end) shows vmo from offset on. Regions never overlap, nor does one reach into another's guard.
 * Fields without a lock of their own are as->lock's; those that say so also change only with the object's, so that either
 * suffices to read them. */
struct region {
  struct avl_node node;
  struct span below;
  struct list vmo_link; /* vmo->lock */
  struct aspace *as;    /* constant */
  struct vmo *vmo;      /* constant */
  vaddr_t base, end;    /* and vmo->lock */
  uint64_t offset;      /* constant; in the object, of base */
  size_t guard;         /* constant; bytes below base that stay unmapped */
  int prot;             /* and vmo->lock; PROT_*: what a fault may give */
  int claims;           /* vmo->lock; PROT_*: what others must assume of it */
  int limit;            /* constant; PROT_*: what prot can become */
};

/* ---- the tree of regions (region.c); as->lock held ---- */

void region_tree_init(struct aspace *as);
void region_insert(struct region *r);
void region_remove(struct region *r);
/* The region that holds addr, else the next one above; null when there is none. */
struct region *region_at_or_after(struct aspace *as, vaddr_t addr);
struct region *region_next(const struct region *r);
/* base or end are different now, its place among the others is not. */
void region_moved(struct region *r);
/* Whether nothing, and no guard, is in [addr, end). */
bool range_free(struct aspace *as, vaddr_t addr, vaddr_t end);
/* The lowest gap of `bytes` from USER_MMAP_BASE on; 0 when there is none. */
vaddr_t gap_find(struct aspace *as, size_t bytes);

static inline uint64_t pages_in(vaddr_t base, vaddr_t end)
{
  return (end - base) >> PAGE_SHIFT;
}

/* The page of the object that a region shows at va. */
static inline uint64_t region_page(const struct region *r, vaddr_t va)
{
  return (r->offset + (va - r->base)) >> PAGE_SHIFT;
}

/* The object's pages [first, end) at the region's addresses; false when it shows none of them. */
static inline bool region_shows(const struct region *r, uint64_t first, uint64_t end, vaddr_t *from, vaddr_t *to)
{
  uint64_t own_first = r->offset >> PAGE_SHIFT, own_end = own_first + pages_in(r->base, r->end);
  first = MAX(first, own_first);
  end = MIN(end, own_end);
  if (first >= end) return false;
  *from = r->base + ((first - own_first) << PAGE_SHIFT);
  *to = r->base + ((end - own_first) << PAGE_SHIFT);
  return true;
}

/* ---- aspace_map.c ---- */

/* Rounds len up to pages and checks that the range is in the window. */
MUST_CHECK int range_check(vaddr_t addr, size_t len, vaddr_t *end);

/* ---- aspace.c ---- */

/* Drops the region's reference and its memory. It is in no tree and in no object. */
void region_free(struct region *r);
/* What is in the tables in [base, end) gets the rights of prot, but for WRITE: that comes by fault, because a page may be
 * shared. With PROT_NONE all of it goes. In steps, with interrupts in between. */
void aspace_limit_tables(struct aspace *as, vaddr_t base, vaddr_t end, int prot);

/* ---- aspace_change.c ---- */

/* Joins what lies next to each other in and around [addr, end), in memory and in the same object, with the same rights. */
void regions_merge(struct aspace *as, vaddr_t addr, vaddr_t end);

/* PMAP_* of what PROT_* allows. */
static inline unsigned region_attrs(int prot)
{
  return PMAP_USER | ((unsigned)prot & (PROT_WRITE | PROT_EXEC)) >> 1;
}
_Static_assert(PROT_WRITE == PMAP_WRITE << 1 && PROT_EXEC == PMAP_EXEC << 1, "region_attrs shifts");

#endif
