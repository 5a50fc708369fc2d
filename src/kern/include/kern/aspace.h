/*
 * A program's address space: regions of VMOs over a pmap, inside the user window. W^X always: a page is never writable and
 * executable, in one mapping or in two of the same object, here or in another address space. Pages are mapped when first
 * touched.
 */
#ifndef KERN_ASPACE_H
#define KERN_ASPACE_H

#include <kern/avl.h>
#include <kern/mutex.h>
#include <kern/pmap.h>
#include <kern/spinlock.h>
#include <kern/vmo.h>
#include <uapi/abi.h>

struct aspace {
  struct mutex lock;
  struct avl regions;          /* lock; by address */
  uint64_t mapped_pages;       /* lock; pages of regions */
  struct spinlock tables_lock; /* of the page tables, which the objects mapped here change too; see locks.h */
  struct pmap pmap;            /* tables_lock */
  unsigned refs;               /* atomic */
};

#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)
/* -EINVAL unknown bits; -EACCES write with execute. */
MUST_CHECK int prot_check(int prot);

/* -ENOMEM. */
MUST_CHECK int aspace_create(struct aspace **out);
void aspace_ref(struct aspace *as);
void aspace_unref(struct aspace *as); /* the last one unmaps all */

/* Maps `len` bytes of `vmo` from `offset` at `addr` (page-aligned, PROT_* bits). `fixed`: exactly there, -EEXIST over a
 * mapping; else addr is a hint, the lowest gap from USER_MMAP_BASE otherwise. The VMO gains a reference. What lies past the
 * object's end, now or after it shrinks, cannot be touched (-ERANGE) until it grows.
 * -EINVAL alignment, zero length, window, offset past VMO_SIZE_MAX; -EACCES write with execute, also with another mapping
 * of the same pages; -ENOMEM. */
MUST_CHECK int aspace_map(struct aspace *as, struct vmo *vmo, uint64_t offset, vaddr_t addr, size_t len, int prot,
                          bool fixed, vaddr_t *out);
/* The same for memory that aspace_protect may not give more rights than `limit`, which includes prot. */
MUST_CHECK int aspace_map_limited(struct aspace *as, struct vmo *vmo, uint64_t offset, vaddr_t addr, size_t len,
                                  int prot, int limit, bool fixed, vaddr_t *out);

/* Removes what is mapped in the range (splitting regions). Holes are fine. -EINVAL, -ENOMEM (a split; nothing changed). */
MUST_CHECK int aspace_unmap(struct aspace *as, vaddr_t addr, size_t len);

/* -ENOMEM when part of the range is not mapped or for a split; -EACCES write with execute, as for aspace_map, or more than
 * a region's limit. A failure changes nothing. */
MUST_CHECK int aspace_protect(struct aspace *as, vaddr_t addr, size_t len, int prot);

/* The program's stack: a demand-zero region of USER_STACK_SIZE that ends at USER_STACK_TOP. All of its addresses are the
 * stack's from the beginning, its pages appear when touched, anywhere in it; below is a guard page where nothing can be
 * mapped, so that running over the limit is a fault and not somebody else's memory. */
MUST_CHECK int aspace_map_stack(struct aspace *as);

/* A fault at addr: maps the page when a region allows `access` (an ACCESS_* bit of kern/trap.h). 0 resolved; -EFAULT no
 * region; -EACCES region without the permission; -ERANGE past the end of the object; -ENOMEM. May sleep. */
MUST_CHECK int aspace_fault(struct aspace *as, vaddr_t addr, unsigned access);

/* Loads the address space's tables (null: the kernel's). Interrupts disabled. */
void aspace_activate(struct aspace *as);

uint64_t aspace_resident_pages(struct aspace *as);

#endif
