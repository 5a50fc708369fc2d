/* Regions of an address space; private to mm/. All under the address space's lock. */
#ifndef KERN_MM_REGION_H
#define KERN_MM_REGION_H

#include <kern/aspace.h>

struct region {
  struct list link;    /* by address */
  vaddr_t base, end;
  struct vmo *vmo;     /* null: a guard, which nothing may touch */
  uint64_t offset;     /* of base in the object */
  int prot;            /* PROT_* */
};

/* The region that contains addr, or the first after it, or null: the one place that knows how regions are kept. */
struct region *region_at_or_after(struct aspace *as, vaddr_t addr);
/* The region that contains addr, or null. */
struct region *region_at(struct aspace *as, vaddr_t addr);
struct region *region_next(struct aspace *as, struct region *r);

unsigned region_pmap_attrs(int prot);

/* aspace_fault with the lock held. */
int aspace_fault_locked(struct aspace *as, vaddr_t addr, unsigned access);

#endif
