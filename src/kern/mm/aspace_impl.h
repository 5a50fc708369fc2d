/* Regions, shared by the files of the address space. */
#ifndef MM_ASPACE_IMPL_H
#define MM_ASPACE_IMPL_H

#include <kern/aspace.h>
#include <uapi/abi.h>

/* [base, end) shows vmo from offset on. Regions never overlap, nor does one reach into another's guard. */
struct region {
  struct list link;
  vaddr_t base, end;
  size_t guard; /* bytes below base that stay unmapped */
  struct vmo *vmo;
  uint64_t offset;
  int prot;
};

/* The region that holds addr, else the next one above; null when there is none. as->lock held. */
struct region *region_at_or_after(struct aspace *as, vaddr_t addr);

/* PMAP_* of what PROT_* allows. */
static inline unsigned region_attrs(int prot)
{
  return PMAP_USER | ((unsigned)prot & (PROT_WRITE | PROT_EXEC)) >> 1;
}
_Static_assert(PROT_WRITE == PMAP_WRITE << 1 && PROT_EXEC == PMAP_EXEC << 1, "region_attrs shifts");

/* aspace_fault with the lock held. */
int aspace_fault_locked(struct aspace *as, vaddr_t addr, unsigned access);

#endif
