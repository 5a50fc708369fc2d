/* What a touch of an address comes to: a table of outcomes, the same for the processor's faults and the kernel's copies. */
#include "region.h"
#include <kern/pmap.h>
#include <kern/trap.h>
#include <uapi/abi.h>

static bool region_allows(const struct region *r, unsigned access)
{
  switch (access) {
  case ACCESS_READ: return r->prot != PROT_NONE;
  case ACCESS_WRITE: return r->prot & PROT_WRITE;
  case ACCESS_EXEC: return r->prot & PROT_EXEC;
  default: return false;
  }
}

int aspace_fault_locked(struct aspace *as, vaddr_t addr, unsigned access)
{
  struct region *r = region_at(as, addr);
  if (!r || !r->vmo) return -EFAULT;
  if (!region_allows(r, access)) return -EACCES;

  vaddr_t page = ALIGN_DOWN(addr, (vaddr_t)PAGE_SIZE);
  paddr_t pa;
  int err = vmo_get_page(r->vmo, (r->offset + page - r->base) / PAGE_SIZE, true, &pa);
  if (!err) err = pmap_map(&as->pmap, page, pa, region_pmap_attrs(r->prot));
  return err == -EEXIST ? 0 : err; /* another thread's fault came first */
}

int aspace_fault(struct aspace *as, vaddr_t addr, unsigned access)
{
  if (addr < USER_BASE || addr >= USER_TOP) return -EFAULT;
  mutex_lock(&as->lock);
  int err = aspace_fault_locked(as, addr, access);
  mutex_unlock(&as->lock);
  return err;
}
