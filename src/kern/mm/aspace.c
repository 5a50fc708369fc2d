/*
 * Address spaces: a list of regions, by address, over page tables. A page is in the tables only while its region allows
 * some access to it, with exactly the rights the region gives; pages come by fault (aspace_fault.c) and go when the region
 * changes. Every operation checks everything and allocates what it may need before it changes anything.
 */
#include "aspace_impl.h"
#include "vmo_impl.h"

#include <kern/cpu.h>
#include <kern/kmem.h>
#include <kern/panic.h>
#include <uapi/abi.h>

#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)

int aspace_create(struct aspace **out)
{
  struct aspace *as = kzalloc(sizeof *as);
  if (!as) return -ENOMEM;
  int err = pmap_create(&as->pmap);
  if (err != 0) {
    kfree(as);
    return err;
  }
  mutex_init(&as->lock, "aspace");
  list_init(&as->regions);
  as->refs = 1;
  *out = as;
  return 0;
}

void aspace_ref(struct aspace *as)
{
  __atomic_fetch_add(&as->refs, 1, __ATOMIC_RELAXED);
}

static void region_free(struct region *r)
{
  vmo_unref(r->vmo);
  kfree(r);
}

void aspace_unref(struct aspace *as)
{
  if (__atomic_sub_fetch(&as->refs, 1, __ATOMIC_ACQ_REL) > 0) return;
  irq_push_off(); /* a kernel thread may still run on these tables; with more processors, on any of them */
  if (cpu_self()->active_aspace == as) aspace_activate(NULL);
  irq_pop_off();
  pmap_destroy(&as->pmap); /* before the pages it refers to go */
  list_for_each_safe (r, &as->regions, struct region, link) region_free(r);
  kfree(as);
}

void aspace_activate(struct aspace *as)
{
  struct cpu *cpu = cpu_self();
  kassert(!arch_irq_enabled());
  if (cpu->active_aspace == as) return;
  cpu->active_aspace = as;
  arch_aspace_activate(as ? as->pmap.root : kernel_pmap.root);
}

uint64_t aspace_resident_pages(struct aspace *as)
{
  return __atomic_load_n(&as->pmap.mapped_pages, __ATOMIC_RELAXED);
}

/* ---- ranges and regions ---- */

/* The one place that knows how regions are kept: a tree can replace the list here. */
struct region *region_at_or_after(struct aspace *as, vaddr_t addr)
{
  list_for_each (r, &as->regions, struct region, link)
    if (addr < r->end) return r;
  return NULL;
}

static struct region *region_next(struct aspace *as, struct region *r)
{
  return r->link.next == &as->regions ? NULL : list_entry(r->link.next, struct region, link);
}

static void region_insert(struct aspace *as, struct region *r)
{
  struct region *after = region_at_or_after(as, r->base);
  struct list *next = after ? &after->link : &as->regions;
  list_insert_between(&r->link, next->prev, next);
}

static uint64_t pages_in(vaddr_t base, vaddr_t end)
{
  return (end - base) >> PAGE_SHIFT;
}

static int prot_check(int prot)
{
  if (prot & ~PROT_ALL) return -EINVAL;
  return (prot & PROT_WRITE) && (prot & PROT_EXEC) ? -EACCES : 0;
}

/* Rounds len up to pages and checks that the range is in the window. */
static int range_check(vaddr_t addr, size_t len, vaddr_t *end)
{
  uint64_t bytes;
  if (!IS_ALIGNED(addr, PAGE_SIZE) || len == 0 || !align_up_checked(len, PAGE_SIZE, &bytes)) return -EINVAL;
  if (addr < USER_BASE || addr > USER_TOP || bytes > USER_TOP - addr) return -EINVAL;
  *end = addr + bytes;
  return 0;
}

static bool range_free(struct aspace *as, vaddr_t addr, vaddr_t end)
{
  const struct region *r = region_at_or_after(as, addr);
  return !r || end <= r->base - r->guard;
}

/* The lowest gap of `bytes` from USER_MMAP_BASE on; 0 when there is none. */
static vaddr_t gap_find(struct aspace *as, size_t bytes)
{
  vaddr_t at = USER_MMAP_BASE;
  for (struct region *r = region_at_or_after(as, at); r; r = region_next(as, r)) {
    if (at < r->base - r->guard && bytes <= r->base - r->guard - at) return at;
    at = r->end;
  }
  return at < USER_TOP && bytes <= USER_TOP - at ? at : 0;
}

/* ---- map ---- */

static struct region *region_create(struct vmo *vmo, uint64_t offset, int prot)
{
  struct region *r = kzalloc(sizeof *r);
  if (!r) return NULL;
  vmo_ref(vmo);
  r->vmo = vmo;
  r->offset = offset;
  r->prot = prot;
  return r;
}

static void region_place(struct aspace *as, struct region *r, vaddr_t base, vaddr_t end)
{
  r->base = base;
  r->end = end;
  region_insert(as, r);
  as->mapped_pages += pages_in(base, end);
}

/* Where a mapping goes that need not be at its hint. lock held. */
static vaddr_t place_choose(struct aspace *as, vaddr_t hint, size_t bytes)
{
  vaddr_t end;
  hint = ALIGN_DOWN(hint, (vaddr_t)PAGE_SIZE);
  if (range_check(hint, bytes, &end) == 0 && range_free(as, hint, end)) return hint;
  return gap_find(as, bytes);
}

static int vmo_range_check(const struct vmo *vmo, uint64_t offset, size_t len, uint64_t *bytes)
{
  if (len == 0 || !IS_ALIGNED(offset, PAGE_SIZE) || !align_up_checked(len, PAGE_SIZE, bytes)) return -EINVAL;
  return offset > vmo_size(vmo) || *bytes > vmo_size(vmo) - offset ? -EINVAL : 0;
}

int aspace_map(struct aspace *as, struct vmo *vmo, uint64_t offset, vaddr_t addr, size_t len, int prot, bool fixed,
               vaddr_t *out)
{
  uint64_t bytes;
  vaddr_t end;
  int err = prot_check(prot);
  if (err == 0) err = vmo_range_check(vmo, offset, len, &bytes);
  if (err == 0 && fixed) err = range_check(addr, bytes, &end);
  if (err != 0) return err;
  struct region *r = region_create(vmo, offset, prot);
  if (!r) return -ENOMEM;
  mutex_lock(&as->lock);
  if (!fixed) addr = place_choose(as, addr, bytes);
  end = addr + bytes;
  if (!addr)
    err = -ENOMEM;
  else if (!range_free(as, addr, end))
    err = -EEXIST;
  else
    region_place(as, r, addr, end);
  mutex_unlock(&as->lock);
  if (err == 0)
    *out = addr;
  else
    region_free(r);
  return err;
}

int aspace_map_stack(struct aspace *as)
{
  const vaddr_t base = USER_STACK_TOP - USER_STACK_SIZE;
  struct vmo *vmo;
  int err = vmo_create(USER_STACK_SIZE, &vmo);
  if (err != 0) return err;
  struct region *r = region_create(vmo, 0, PROT_READ | PROT_WRITE);
  vmo_unref(vmo);
  if (!r) return -ENOMEM;
  r->guard = PAGE_SIZE;
  mutex_lock(&as->lock);
  if (range_free(as, base - r->guard, USER_STACK_TOP))
    region_place(as, r, base, USER_STACK_TOP);
  else
    err = -EEXIST;
  mutex_unlock(&as->lock);
  if (err != 0) region_free(r);
  return err;
}

/* ---- change ---- */

/* Regions for the pieces that a change of [addr, end) may split off: allocated before anything changes, what is left over
 * is given back after. */
struct pieces {
  struct region *spare[2];
  unsigned n;
};

static int pieces_reserve(struct pieces *p, unsigned count)
{
  for (p->n = 0; p->n < count; p->n++) {
    p->spare[p->n] = kzalloc(sizeof(struct region));
    if (p->spare[p->n]) continue;
    while (p->n > 0) kfree(p->spare[--p->n]);
    return -ENOMEM;
  }
  return 0;
}

static void pieces_release(struct pieces *p)
{
  while (p->n > 0) kfree(p->spare[--p->n]);
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
  *upper =
    (struct region){.base = at, .end = r->end, .vmo = r->vmo, .offset = r->offset + (at - r->base), .prot = r->prot};
  vmo_ref(r->vmo);
  r->end = at;
  list_insert_between(&upper->link, &r->link, r->link.next);
}

/* Undoes a split that is no longer needed. */
static void region_merge(struct aspace *as, struct region *r)
{
  struct region *next = region_next(as, r);
  if (!next || r->end != next->base || next->guard || r->vmo != next->vmo || r->prot != next->prot ||
      r->offset + (r->end - r->base) != next->offset)
    return;
  r->end = next->end;
  list_remove(&next->link);
  region_free(next);
}

/* Whether only r can reach its pages: every reference to the object is a region of this address space, and no other one
 * shows the same part. */
static bool pages_are_private(struct aspace *as, const struct region *r)
{
  unsigned holders = 0;
  uint64_t end = r->offset + (r->end - r->base);
  list_for_each (it, &as->regions, struct region, link) {
    if (it->vmo != r->vmo) continue;
    if (it != r && it->offset < end && r->offset < it->offset + (it->end - it->base)) return false;
    holders++;
  }
  return holders == vmo_refs(r->vmo);
}

static void regions_remove(struct aspace *as, vaddr_t addr, vaddr_t end)
{
  struct region *r = region_at_or_after(as, addr), *next;
  for (; r && r->base < end; r = next) {
    next = region_next(as, r);
    as->mapped_pages -= pages_in(r->base, r->end);
    if (pages_are_private(as, r)) vmo_decommit(r->vmo, r->offset >> PAGE_SHIFT, pages_in(r->base, r->end));
    list_remove(&r->link);
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
    pmap_unmap_range(&as->pmap, addr, end); /* before the pages may go */
    regions_remove(as, addr, end);
    pieces_release(&pieces);
  }
  mutex_unlock(&as->lock);
  return err;
}

static bool range_mapped(struct aspace *as, vaddr_t addr, vaddr_t end)
{
  for (struct region *r = region_at_or_after(as, addr); r && r->base <= addr; r = region_next(as, r)) {
    addr = r->end;
    if (addr >= end) return true;
  }
  return false;
}

static void regions_protect(struct aspace *as, vaddr_t addr, vaddr_t end, int prot)
{
  for (struct region *r = region_at_or_after(as, addr); r && r->base < end; r = region_next(as, r)) r->prot = prot;
  if (prot == PROT_NONE)
    pmap_unmap_range(&as->pmap, addr, end);
  else
    pmap_protect_range(&as->pmap, addr, end, region_attrs(prot));
}

static void regions_merge(struct aspace *as, vaddr_t addr, vaddr_t end)
{
  struct region *r = region_at_or_after(as, addr - 1);
  while (r && r->base <= end) {
    vaddr_t old = r->end;
    region_merge(as, r);
    if (r->end == old) r = region_next(as, r);
  }
}

int aspace_protect(struct aspace *as, vaddr_t addr, size_t len, int prot)
{
  struct pieces pieces;
  vaddr_t end;
  int err = range_check(addr, len, &end);
  if (err == 0) err = prot_check(prot);
  if (err != 0) return err;
  mutex_lock(&as->lock);
  err = range_mapped(as, addr, end) ? pieces_reserve(&pieces, splits_needed(as, addr, end)) : -ENOMEM;
  if (err == 0) {
    region_split(as, addr, &pieces);
    region_split(as, end, &pieces);
    regions_protect(as, addr, end, prot);
    regions_merge(as, addr, end);
    pieces_release(&pieces);
  }
  mutex_unlock(&as->lock);
  return err;
}
