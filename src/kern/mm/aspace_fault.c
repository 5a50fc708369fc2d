/* Page faults: which page belongs there, and with which rights. */
#include "aspace_impl.h"
#include "vmo_impl.h"

#include <kern/trap.h>
#include <uapi/abi.h>

/* Pages that are in memory already, a program's text above all, are mapped together with their neighbours: a block of so
 * many, aligned. */
#define AROUND_BYTES (16u * PAGE_SIZE)

/* As far as the page tables can tell: what may be written or executed may also be read. */
static bool prot_allows(int prot, unsigned access)
{
  if (access & ACCESS_WRITE) return (prot & PROT_WRITE) != 0;
  if (access & ACCESS_EXEC) return (prot & PROT_EXEC) != 0;
  return prot != PROT_NONE;
}

static uint64_t page_index(const struct region *r, vaddr_t va)
{
  return (r->offset + (va - r->base)) >> PAGE_SHIFT;
}

/* Whatever of the block around `va` is in memory. An optimisation: failures are none. */
static void map_around(struct aspace *as, const struct region *r, vaddr_t va)
{
  vaddr_t block = ALIGN_DOWN(va, (vaddr_t)AROUND_BYTES);
  vaddr_t end = MIN(block + AROUND_BYTES, r->end);
  for (vaddr_t at = MAX(block, r->base); at < end; at += PAGE_SIZE) {
    paddr_t pa;
    if (at == va || vmo_get_page(r->vmo, page_index(r, at), false, &pa) != 0) continue;
    if (pmap_map(&as->pmap, at, pa, region_attrs(r->prot)) == -ENOMEM) return;
  }
}

static int map_page(struct aspace *as, const struct region *r, vaddr_t va)
{
  paddr_t pa;
  bool fresh;
  int err = vmo_commit_page(r->vmo, page_index(r, va), &fresh, &pa);
  if (err == 0) err = pmap_map(&as->pmap, va, pa, region_attrs(r->prot));
  if (err == -EEXIST) return 0; /* another thread was faster; a mapped page has its region's rights */
  if (err == 0 && !fresh) map_around(as, r, va);
  return err;
}

int aspace_fault_locked(struct aspace *as, vaddr_t addr, unsigned access)
{
  if (addr < USER_BASE || addr >= USER_TOP) return -EFAULT;
  const struct region *r = region_at_or_after(as, addr);
  if (!r || addr < r->base) return -EFAULT;
  if (!prot_allows(r->prot, access)) return -EACCES;
  return map_page(as, r, ALIGN_DOWN(addr, (vaddr_t)PAGE_SIZE));
}

int aspace_fault(struct aspace *as, vaddr_t addr, unsigned access)
{
  mutex_lock(&as->lock);
  int err = aspace_fault_locked(as, addr, access);
  mutex_unlock(&as->lock);
  return err;
}
