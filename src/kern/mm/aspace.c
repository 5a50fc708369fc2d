/*
 * Address spaces: an ordered list of regions over a page table. Operations on ranges first split the regions at the
 * range's ends - the only step that can fail - and then change whole regions.
 */
#include "region.h"
#include "vmo_private.h"
#include <kern/cpu.h>
#include <kern/kmem.h>
#include <kern/panic.h>
#include <uapi/abi.h>

#define STACK_BASE (USER_STACK_TOP - USER_STACK_SIZE)
#define MMAP_END (STACK_BASE - PAGE_SIZE) /* the stack's guard begins here */

/* ---- regions ---- */

struct region *region_at_or_after(struct aspace *as, vaddr_t addr)
{
  list_for_each(r, &as->regions, struct region, link) if (r->end > addr) return r;
  return NULL;
}

struct region *region_at(struct aspace *as, vaddr_t addr)
{
  struct region *r = region_at_or_after(as, addr);
  return r && r->base <= addr ? r : NULL;
}

struct region *region_next(struct aspace *as, struct region *r)
{
  return r->link.next == &as->regions ? NULL : list_entry(r->link.next, struct region, link);
}

unsigned region_pmap_attrs(int prot)
{
  return PMAP_USER | (prot & PROT_WRITE ? PMAP_WRITE : 0) | (prot & PROT_EXEC ? PMAP_EXEC : 0);
}

static void region_insert(struct aspace *as, struct region *r)
{
  struct region *after = region_at_or_after(as, r->base);
  list_push_back(after ? &after->link : &as->regions, &r->link);
  as->mapped_pages += (r->end - r->base) / PAGE_SIZE;
}

/* Divides the region that contains addr so that one begins there. -ENOMEM. */
static int split_at(struct aspace *as, vaddr_t addr)
{
  struct region *r = region_at(as, addr);
  if (!r || r->base == addr) return 0;
  struct region *upper = kmalloc(sizeof *upper);
  if (!upper) return -ENOMEM;
  *upper = *r;
  upper->base = addr;
  upper->offset += addr - r->base;
  if (upper->vmo) vmo_ref(upper->vmo);
  r->end = addr;
  list_push_front(&r->link, &upper->link);
  return 0;
}

static bool range_valid(vaddr_t addr, size_t len, vaddr_t *end)
{
  uint64_t size, e;
  if (!IS_ALIGNED(addr, PAGE_SIZE) || len == 0 || !align_up_checked(len, PAGE_SIZE, &size)) return false;
  if (__builtin_add_overflow((uint64_t)addr, size, &e)) return false;
  *end = e;
  return addr >= USER_BASE && e <= USER_TOP;
}

/* The lowest gap of `size` bytes from `from` on, below the stack's guard; 0 when there is none. */
static vaddr_t find_gap(struct aspace *as, vaddr_t from, uint64_t size)
{
  vaddr_t at = from;
  for (struct region *r = region_at_or_after(as, from); r && r->base < at + size; r = region_next(as, r)) at = MAX(at, r->end);
  return at + size <= MMAP_END && at + size > at ? at : 0;
}

/* ---- life ---- */

int aspace_create(struct aspace **out)
{
  struct aspace *as = kzalloc(sizeof *as);
  if (!as) return -ENOMEM;
  int err = pmap_create(&as->pmap);
  if (err) {
    kfree(as);
    return err;
  }
  mutex_init(&as->lock, "address space");
  list_init(&as->regions);
  as->refs = 1;
  *out = as;
  return 0;
}

void aspace_ref(struct aspace *as)
{
  __atomic_fetch_add(&as->refs, 1, __ATOMIC_RELAXED);
}

/* The tables go as a whole, so nothing is unmapped page by page. */
void aspace_unref(struct aspace *as)
{
  if (__atomic_sub_fetch(&as->refs, 1, __ATOMIC_ACQ_REL)) return;
  irq_push_off();
  if (cpu_self()->active_aspace == as) aspace_activate(NULL);
  irq_pop_off();
  pmap_destroy(&as->pmap);
  list_for_each_safe(r, &as->regions, struct region, link)
  {
    if (r->vmo) vmo_unref(r->vmo);
    kfree(r);
  }
  kfree(as);
}

void aspace_activate(struct aspace *as)
{
  arch_aspace_activate(as ? as->pmap.root : kernel_pmap.root);
  cpu_self()->active_aspace = as;
}

/* ---- map ---- */

static bool overlaps(struct aspace *as, vaddr_t addr, vaddr_t end)
{
  struct region *r = region_at_or_after(as, addr);
  return r && r->base < end;
}

/* Where a mapping goes. Locked. */
static int place(struct aspace *as, vaddr_t addr, uint64_t size, bool fixed, vaddr_t *out)
{
  vaddr_t end;
  bool valid = range_valid(addr, size, &end);
  if (fixed && !valid) return -EINVAL;
  if (valid && !overlaps(as, addr, end)) {
    *out = addr;
    return 0;
  }
  if (fixed) return -EEXIST;
  *out = size < USER_TOP ? find_gap(as, USER_MMAP_BASE, size) : 0;
  return *out ? 0 : -ENOMEM;
}

static int add_region(struct aspace *as, struct vmo *vmo, uint64_t offset, vaddr_t addr, vaddr_t end, int prot)
{
  struct region *r = kmalloc(sizeof *r);
  if (!r) return -ENOMEM;
  *r = (struct region){.base = addr, .end = end, .vmo = vmo, .offset = offset, .prot = prot};
  if (vmo) vmo_ref(vmo);
  region_insert(as, r);
  return 0;
}

int aspace_map(struct aspace *as, struct vmo *vmo, uint64_t offset, vaddr_t addr, size_t len, int prot, bool fixed,
               vaddr_t *out)
{
  uint64_t size, vmo_end;
  if (len == 0 || prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC) || !IS_ALIGNED(offset, PAGE_SIZE)) return -EINVAL;
  if (!align_up_checked(len, PAGE_SIZE, &size)) return -EINVAL;
  if (__builtin_add_overflow(offset, size, &vmo_end) || vmo_end > vmo_size(vmo)) return -EINVAL;
  if ((prot & PROT_WRITE) && (prot & PROT_EXEC)) return -EACCES;
  mutex_lock(&as->lock);
  vaddr_t at;
  int err = place(as, addr, size, fixed, &at);
  if (!err) err = add_region(as, vmo, offset, at, at + size, prot);
  mutex_unlock(&as->lock);
  if (!err) *out = at;
  return err;
}

int aspace_map_stack(struct aspace *as)
{
  struct vmo *vmo;
  int err = vmo_create(USER_STACK_SIZE, &vmo);
  if (err) return err;
  mutex_lock(&as->lock);
  err = overlaps(as, MMAP_END, USER_STACK_TOP) ? -EEXIST : 0;
  if (!err) err = add_region(as, NULL, 0, MMAP_END, STACK_BASE, PROT_NONE);
  if (!err) err = add_region(as, vmo, 0, STACK_BASE, USER_STACK_TOP, PROT_READ | PROT_WRITE);
  mutex_unlock(&as->lock);
  vmo_unref(vmo);
  return err;
}

/* ---- unmap and protect ---- */

/* Regions of `as` that map the same object as r, r included. */
static uint32_t holders_in(struct aspace *as, const struct region *r)
{
  uint32_t n = 0;
  list_for_each(it, &as->regions, struct region, link) n += it->vmo == r->vmo;
  return n;
}

/* Takes the region's pages out of the tables; gives them back when nobody else can reach them. */
static void region_remove(struct aspace *as, struct region *r)
{
  bool last_user = r->vmo && !vmo_shared(r->vmo, holders_in(as, r));
  for (vaddr_t va = r->base; r->vmo && va < r->end; va += PAGE_SIZE) {
    paddr_t pa;
    if (pmap_unmap(&as->pmap, va, &pa) == 0 && last_user) vmo_decommit(r->vmo, (r->offset + va - r->base) / PAGE_SIZE);
  }
  as->mapped_pages -= (r->end - r->base) / PAGE_SIZE;
  list_remove(&r->link);
  if (r->vmo) vmo_unref(r->vmo);
  kfree(r);
}

int aspace_unmap(struct aspace *as, vaddr_t addr, size_t len)
{
  vaddr_t end;
  if (!range_valid(addr, len, &end)) return -EINVAL;
  mutex_lock(&as->lock);
  int err = split_at(as, addr);
  if (!err) err = split_at(as, end);
  for (struct region *r = region_at_or_after(as, addr), *next; !err && r && r->base < end; r = next) {
    next = region_next(as, r);
    region_remove(as, r);
  }
  mutex_unlock(&as->lock);
  return err;
}

/* Whether regions cover [addr, end) without a hole or a guard. */
static bool covered(struct aspace *as, vaddr_t addr, vaddr_t end)
{
  struct region *r = region_at(as, addr);
  for (; r && r->vmo && r->end < end; r = region_next(as, r)) {
    struct region *next = region_next(as, r);
    if (!next || next->base != r->end) return false;
  }
  return r && r->vmo;
}

static void region_protect(struct aspace *as, struct region *r, int prot)
{
  r->prot = prot;
  for (vaddr_t va = r->base; va < r->end; va += PAGE_SIZE) {
    paddr_t pa;
    int err = prot == PROT_NONE ? pmap_unmap(&as->pmap, va, &pa) : pmap_protect(&as->pmap, va, region_pmap_attrs(prot));
    kassert(err == 0 || err == -ENOENT); /* not touched yet */
  }
}

int aspace_protect(struct aspace *as, vaddr_t addr, size_t len, int prot)
{
  vaddr_t end;
  if (!range_valid(addr, len, &end) || prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC)) return -EINVAL;
  if ((prot & PROT_WRITE) && (prot & PROT_EXEC)) return -EACCES;
  mutex_lock(&as->lock);
  int err = covered(as, addr, end) ? 0 : -ENOMEM;
  if (!err) err = split_at(as, addr);
  if (!err) err = split_at(as, end);
  for (struct region *r = region_at(as, addr); !err && r && r->base < end; r = region_next(as, r)) region_protect(as, r, prot);
  mutex_unlock(&as->lock);
  return err;
}

uint64_t aspace_resident_pages(struct aspace *as)
{
  uint64_t n = 0;
  const struct vmo *seen = NULL; /* pieces of one mapping are neighbours */
  mutex_lock(&as->lock);
  list_for_each(r, &as->regions, struct region, link)
  {
    if (r->vmo && r->vmo != seen) n += vmo_committed_pages(r->vmo);
    seen = r->vmo;
  }
  mutex_unlock(&as->lock);
  return n;
}
