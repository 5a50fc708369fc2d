/* Placing regions: arguments checked, a place found, the region entered in the address space and in its object. */
#include "aspace_impl.h"
#include "vmo_impl.h"

#include <kern/kmem.h>

int prot_check(int prot)
{
  if (prot & ~PROT_ALL) return -EINVAL;
  return (prot & PROT_WRITE) && (prot & PROT_EXEC) ? -EACCES : 0;
}

int range_check(vaddr_t addr, size_t len, vaddr_t *end)
{
  uint64_t bytes;
  if (!IS_ALIGNED(addr, PAGE_SIZE) || len == 0 || !align_up_checked(len, PAGE_SIZE, &bytes)) return -EINVAL;
  if (addr < USER_BASE || addr > USER_TOP || bytes > USER_TOP - addr) return -EINVAL;
  *end = addr + bytes;
  return 0;
}

static int offset_check(uint64_t offset, size_t len, uint64_t *bytes)
{
  if (len == 0 || !IS_ALIGNED(offset, PAGE_SIZE) || !align_up_checked(len, PAGE_SIZE, bytes)) return -EINVAL;
  return offset > VMO_SIZE_MAX || *bytes > VMO_SIZE_MAX - offset ? -EINVAL : 0;
}

static struct region *region_create(struct aspace *as, struct vmo *vmo, uint64_t offset, int prot, int limit)
{
  struct region *r = kzalloc(sizeof *r);
  if (!r) return NULL;
  vmo_ref(vmo);
  r->as = as;
  r->vmo = vmo;
  r->offset = offset;
  r->prot = prot;
  r->limit = limit;
  return r;
}

/* Where a mapping goes that need not be at its hint. lock held. */
static vaddr_t place_choose(struct aspace *as, vaddr_t hint, size_t bytes)
{
  vaddr_t end;
  hint = ALIGN_DOWN(hint, (vaddr_t)PAGE_SIZE);
  if (range_check(hint, bytes, &end) == 0 && range_free(as, hint, end)) return hint;
  return gap_find(as, bytes);
}

/* lock held. */
static int region_place(struct aspace *as, struct region *r, vaddr_t base, vaddr_t end)
{
  if (!range_free(as, base - r->guard, end)) return -EEXIST;
  r->base = base;
  r->end = end;
  int err = vmo_attach(r);
  if (err != 0) return err;
  region_insert(r);
  as->mapped_pages += pages_in(base, end);
  regions_merge(as, base, end);
  return 0;
}

int aspace_map_limited(struct aspace *as, struct vmo *vmo, uint64_t offset, vaddr_t addr, size_t len, int prot,
                       int limit, bool fixed, vaddr_t *out)
{
  uint64_t bytes;
  vaddr_t end;
  int err = prot_check(prot);
  if (err == 0) err = offset_check(offset, len, &bytes);
  if (err == 0 && fixed) err = range_check(addr, bytes, &end);
  if (err != 0) return err;
  struct region *r = region_create(as, vmo, offset, prot, limit);
  if (!r) return -ENOMEM;
  mutex_lock(&as->lock);
  if (!fixed) addr = place_choose(as, addr, bytes);
  err = addr ? region_place(as, r, addr, addr + bytes) : -ENOMEM;
  mutex_unlock(&as->lock);
  if (err == 0)
    *out = addr;
  else
    region_free(r);
  return err;
}

int aspace_map(struct aspace *as, struct vmo *vmo, uint64_t offset, vaddr_t addr, size_t len, int prot, bool fixed,
               vaddr_t *out)
{
  return aspace_map_limited(as, vmo, offset, addr, len, prot, PROT_ALL, fixed, out);
}

int aspace_map_stack(struct aspace *as)
{
  struct vmo *vmo;
  int err = vmo_create(USER_STACK_SIZE, &vmo);
  if (err != 0) return err;
  struct region *r = region_create(as, vmo, 0, PROT_READ | PROT_WRITE, PROT_ALL);
  vmo_unref(vmo);
  if (!r) return -ENOMEM;
  r->guard = PAGE_SIZE;
  mutex_lock(&as->lock);
  err = region_place(as, r, USER_STACK_TOP - USER_STACK_SIZE, USER_STACK_TOP);
  mutex_unlock(&as->lock);
  if (err != 0) region_free(r);
  return err;
}
