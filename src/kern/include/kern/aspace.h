/*
 * A program's address space: regions of VMOs over a pmap, inside the user window. W^X always: a region is never writable
 * and executable. Pages are mapped when first touched.
 */
#ifndef KERN_ASPACE_H
#define KERN_ASPACE_H

#include <kern/mutex.h>
#include <kern/pmap.h>
#include <kern/vmo.h>

struct aspace {
  struct mutex lock;
  struct pmap pmap;      /* lock */
  struct list regions;   /* lock; by address */
  uint64_t mapped_pages; /* lock; pages of regions */
  unsigned refs;         /* atomic */
};

/* -ENOMEM. */
MUST_CHECK int aspace_create(struct aspace **out);
void aspace_ref(struct aspace *as);
void aspace_unref(struct aspace *as); /* the last one unmaps all */

/* Maps `len` bytes of `vmo` from `offset` at `addr` (page-aligned, PROT_* bits). `fixed`: exactly there, -EEXIST over a
 * mapping; else addr is a hint, the lowest gap from USER_MMAP_BASE otherwise. The VMO gains a reference.
 * -EINVAL alignment, zero length, window, offset past the VMO; -EACCES write with execute; -ENOMEM. */
MUST_CHECK int aspace_map(struct aspace *as, struct vmo *vmo, uint64_t offset, vaddr_t addr, size_t len, int prot,
                          bool fixed, vaddr_t *out);

/* Removes what is mapped in the range (splitting regions). Holes are fine. -EINVAL, -ENOMEM (a split; nothing changed). */
MUST_CHECK int aspace_unmap(struct aspace *as, vaddr_t addr, size_t len);

/* -ENOMEM when part of the range is not mapped (nothing changed) or for a split; -EACCES write with execute. */
MUST_CHECK int aspace_protect(struct aspace *as, vaddr_t addr, size_t len, int prot);

/* The program's stack: a demand-zero region that ends at USER_STACK_TOP with an unmapped guard page below. */
MUST_CHECK int aspace_map_stack(struct aspace *as);

/* A fault at addr: maps the page when a region allows `access` (an ACCESS_* bit of kern/trap.h). 0 resolved; -EFAULT no
 * region; -EACCES region without the permission; -ENOMEM. May sleep. */
MUST_CHECK int aspace_fault(struct aspace *as, vaddr_t addr, unsigned access);

/* Loads the address space's tables (null: the kernel's). Interrupts disabled. */
void aspace_activate(struct aspace *as);

uint64_t aspace_resident_pages(struct aspace *as);

#endif
