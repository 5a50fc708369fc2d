/* Slab caches as the heap uses them; private to mm/. */
#ifndef KERN_MM_SLAB_H
#define KERN_MM_SLAB_H

#include <kern/kmem.h>
#include <kern/list.h>
#include <kern/spinlock.h>

struct kmem_cache {
  struct spinlock lock;
  const char *name;
  uint32_t size;        /* of an object, a multiple of 16 */
  uint32_t per_slab;
  struct list partial;  /* lock; slabs with a free object */
  struct list full;     /* lock */
  uint64_t live;        /* lock; objects handed out */
  uint64_t slabs;       /* lock */
  unsigned empty;       /* lock; slabs with no object handed out */
};

#define SLAB_PAGES 4u
#define SLAB_SIZE (SLAB_PAGES * PAGE_SIZE)

void slab_cache_init(struct kmem_cache *c, const char *name, size_t size);
/* The cache an object came from; panics when p is no object's address. */
struct kmem_cache *slab_cache_of(const void *p);

#endif
