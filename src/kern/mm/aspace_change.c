/* Changing what is mapped: regions are split at the borders of the change, changed, and joined again where they can be. */
#include "aspace_impl.h"
#include "vmo_impl.h"

#include <kern/kmem.h>

/* ---- split and merge ---- */

/* Regions for the pieces that a change of [addr, end) may split off: allocated before anything changes, what is left over
 * is given back after. */
struct pieces {
  struct region *spare[2];
  unsigned n;
};

static void pieces_release(struct pieces *p)
{
  while (p->n > 0) kfree(p->spare[--p->n]);
}

static int pieces_reserve(struct pieces *p, unsigned count)
{
  for (p->n = 0; p->n < count; p->n++) {
    p->spare[p->n] = kmalloc(sizeof(struct region));
    if (p->spare[p->n]) continue;
    pieces_release(p);
    return -ENOMEM;
  }
  return 0;
}

static bool splits(const struct region *r, vaddr_t at)
{
  return r && r->base < at && at < r->end;
}

/* How many regions [addr, end) begins or ends in the middle of. */
static unsigned splits_needed(struct aspace *as, vaddr_t addr, vaddr_t end)
{
  return (unsigned)splits(region_at_or_after(as, addr), addr) + splits(region_at_or_after(as, end), end);
}

/* Makes `at` a border between regions. */
static void region_split(struct aspace *as, vaddr_t at, struct pieces *p)
{
  struct region *r = region_at_or_after(as, at);
  if (!splits(r, at)) return;
  struct region *upper = p->spare[--p->n];
  vmo_split_region(r, upper, at);
  region_moved(r);
  region_insert(upper);
}

static bool joins(const struct region *r, const struct region *next)
{
  return next && r->end == next->base && !next->guard && r->vmo == next->vmo && r->prot == next->prot &&
         r->limit == next->limit && r->offset + (r->end - r->base) == next->offset;
}

void regions_merge(struct aspace *as, vaddr_t addr, vaddr_t end)
{
  struct region *r = region_at_or_after(as, addr - 1);
  while (r && r->base <= end) {
    struct region *next = region_next(r);
    if (!joins(r, next)) {
      r = next;
      continue;
    }
    region_remove(next);
    vmo_join_regions(r, next);
    region_moved(r);
    region_free(next);
  }
}

/* ---- unmap ---- */

static void regions_remove(struct aspace *as, vaddr_t addr, vaddr_t end)
{
  struct region *r = region_at_or_after(as, addr), *next;
  for (; r && r->base < end; r = next) {
    next = region_next(r);
    as->mapped_pages -= pages_in(r->base, r->end);
    if (vmo_only_shown_by(r)) vmo_decommit(r->vmo, r->offset >> PAGE_SHIFT, pages_in(r->base, r->end));
    vmo_detach(r);
    region_remove(r);
    region_free(r);
  }
}

int aspace_unmap(struct aspace *as, vaddr_t addr, size_t len)
{
  struct pieces pieces;
  vaddr_t end;
  int err = range_check(addr, len, &end);
  if (err != 0) return err;
  mutex_lock(&as->lock);
  err = pieces_reserve(&pieces, splits_needed(as, addr, end));
  if (err == 0) {
    region_split(as, addr, &pieces);
    region_split(as, end, &pieces);
    aspace_limit_tables(as, addr, end, PROT_NONE); /* before the pages may go */
    regions_remove(as, addr, end);
  }
  mutex_unlock(&as->lock);
  return err;
}

/* ---- protect ---- */

/* 0 when all of the range is mapped, by regions that may become `prot`. */
static int protect_check(struct aspace *as, vaddr_t addr, vaddr_t end, int prot)
{
  for (struct region *r = region_at_or_after(as, addr); r && r->base <= addr; r = region_next(r)) {
    if (prot & ~r->limit) return -EACCES;
    addr = r->end;
    if (addr >= end) return 0;
  }
  return -ENOMEM;
}

/* Every region of [addr, end), which splits none, claims prot; or none does. */
static int claims_make(struct aspace *as, vaddr_t addr, vaddr_t end, int prot)
{
  struct region *first = region_at_or_after(as, addr);
  for (struct region *r = first; r && r->base < end; r = region_next(r)) {
    int err = vmo_claim(r, prot, addr, end);
    if (err == 0) continue;
    for (struct region *done = first; done != r; done = region_next(done)) vmo_settle(done, done->prot);
    return err;
  }
  return 0;
}

static void region_protect(struct region *r, int prot)
{
  if (r->prot == prot) return;
  aspace_limit_tables(r->as, r->base, r->end, prot);
  vmo_settle(r, prot);
}

static int regions_protect(struct aspace *as, vaddr_t addr, vaddr_t end, int prot)
{
  int err = claims_make(as, addr, end, prot);
  if (err != 0) return err;
  for (struct region *r = region_at_or_after(as, addr); r && r->base < end; r = region_next(r)) region_protect(r, prot);
  return 0;
}

int aspace_protect(struct aspace *as, vaddr_t addr, size_t len, int prot)
{
  struct pieces pieces;
  vaddr_t end;
  int err = range_check(addr, len, &end);
  if (err == 0) err = prot_check(prot);
  if (err != 0) return err;
  mutex_lock(&as->lock);
  err = protect_check(as, addr, end, prot);
  if (err == 0) err = pieces_reserve(&pieces, splits_needed(as, addr, end));
  if (err == 0) {
    region_split(as, addr, &pieces);
    region_split(as, end, &pieces);
    err = regions_protect(as, addr, end, prot);
    regions_merge(as, addr, end);
  }
  mutex_unlock(&as->lock);
  return err;
}
