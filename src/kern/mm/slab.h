/*
 * Heap memory is cut into slabs: 16 KiB, aligned to their size, so the header of the slab an object is in is found by
 * masking its address. Allocations too large for a slab begin with a header at such an address, too (kmalloc.c).
 */
#ifndef MM_SLAB_H
#define MM_SLAB_H

#include <kern/cpu.h>
#include <kern/kmem.h>
#include <kern/list.h>
#include <kern/spinlock.h>

#define SLAB_SIZE 16384u
#define SLAB_PAGES (SLAB_SIZE / PAGE_SIZE)
#define SLAB_HEADER 64u /* bytes before the first object, or before a large allocation */

#define SLAB_MAGIC 0x51AB51ABu
#define LARGE_MAGIC 0x1A59E1A5u

struct kmem_cache;

/* First in both headers: which of them it is. */
struct block_header {
  uint32_t magic;
};

struct slab {
  uint32_t magic;
  uint32_t used;   /* cache lock; objects out of the slab: with users or on a processor's list */
  uint32_t carved; /* cache lock; objects ever taken out */
  struct kmem_cache *cache;
  void *free;       /* cache lock; objects that came back */
  struct list link; /* cache lock; in partial or empty, alone when there is nothing to take */
};
_Static_assert(sizeof(struct slab) <= SLAB_HEADER, "objects follow the header");

/* A processor's own list of free objects: its owner's with interrupts disabled. */
struct cpu_objects {
  void *free;
  uint32_t count;
  uint64_t allocs, frees;
};

struct kmem_cache {
  const char *name;
  uint32_t size;     /* bytes of an object, multiple of 16 */
  uint32_t per_slab; /* objects */
  uint32_t batch;    /* objects moved between a processor's list and the slabs at once */
  struct list link;  /* caches_lock */
  struct spinlock lock;
  struct list partial; /* lock; slabs with something to take and something taken */
  struct list empty;   /* lock; slabs with nothing taken: at most one is kept */
  struct cpu_objects cpu[MAX_CPUS];
};

#define CACHE_MAX_SIZE 4096u

static inline struct block_header *block_of(const void *p)
{
  return (struct block_header *)ALIGN_DOWN((vaddr_t)p, (vaddr_t)SLAB_SIZE);
}

/* `c` is static memory; size is at most CACHE_MAX_SIZE. */
void cache_init(struct kmem_cache *c, const char *name, size_t size);
/* fill: junk in debug builds; false for who overwrites it all. */
void *cache_alloc(struct kmem_cache *c, bool fill);

/* Bytes and objects with users, over all caches. */
void cache_totals(uint64_t *bytes, uint64_t *objects);

#endif
