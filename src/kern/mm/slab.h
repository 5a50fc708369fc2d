/*
 * Heap memory is cut into slabs: 16 KiB, aligned to their size, so the header of the slab an object is in is found by
 * masking its address. Allocations too large for a slab begin with a header at such an address, too (kmalloc.c).
 */
#ifndef MM_SLAB_H
#define MM_SLAB_H

#include "kva.h"

#include <kern/cpu.h>
#include <kern/junk.h>
#include <kern/kasan.h>
#include <kern/kmem.h>
#include <kern/kmsan.h>
#include <kern/list.h>
#include <kern/spinlock.h>

#define SLAB_SIZE 16384u
#define SLAB_PAGES (SLAB_SIZE / PAGE_SIZE)
#define SLAB_HEADER 64u /* bytes before the first object, or before a large allocation */

/* What each 16 KiB of the heap's window begin with, so that a free needs not look at the header to learn the cache: the
 * headers of all slabs would compete for the same few lines of the processor's cache. */
enum chunk_kind {
  CHUNK_FREE = 0, /* nothing, or the inside of a large allocation */
  CHUNK_LARGE,
  CHUNK_CACHE, /* a slab of some cache: its header says which */
  CHUNK_CLASS, /* CHUNK_CLASS + n: a slab of the nth kmalloc class */
};
extern uint8_t slab_chunks[KVA_HEAP_MAX / SLAB_SIZE];

struct kmem_cache;

struct slab {
  struct kmem_cache *cache;
  uint32_t used;    /* cache lock; objects out of the slab: with users or on a processor's list */
  uint32_t carved;  /* cache lock; objects ever taken out */
  void *free;       /* cache lock; objects that came back */
  struct list link; /* cache lock; in partial or empty, alone when there is nothing to take */
};
_Static_assert(sizeof(struct slab) <= SLAB_HEADER, "objects follow the header");

/* A processor's own list of free objects: its owner's with interrupts disabled. Debug builds hold objects back for a while
 * after they are freed, first in, first out, so that a use after free meets junk and not another object. */
struct cpu_objects {
  void *free;
  uint32_t count;
  uint32_t nheld;
  void *held_first, *held_last;
  uint64_t allocs, frees;
};

struct kmem_cache {
  const char *name;
  uint32_t asked;    /* bytes of an object */
  uint32_t size;     /* the same up to a multiple of 16 */
  uint32_t stride;   /* with the red zone behind it, which debug builds have */
  uint32_t per_slab; /* objects */
  uint32_t batch;    /* objects moved between a processor's list and the slabs at once */
  uint8_t kind;      /* enum chunk_kind of its slabs */
  struct list link;  /* caches_lock */
  struct spinlock lock;
  struct list partial; /* lock; slabs with something to take and something taken */
  struct list empty;   /* lock; slabs with nothing taken */
  uint32_t nempty;     /* lock */
  struct cpu_objects cpu[MAX_CPUS];
};

#define CACHE_MAX_SIZE 4096u
#define RED_ZONE 16u /* bytes behind an object in debug builds */

static inline void *chunk_of(const void *p)
{
  return (void *)ALIGN_DOWN((vaddr_t)p, (vaddr_t)SLAB_SIZE);
}

/* p is in the heap's window. */
static inline uint8_t *chunk_kind_of(const void *p)
{
  return &slab_chunks[((vaddr_t)p - kva_heap_window.base) / SLAB_SIZE];
}

/* Before the first cache. */
void slabs_init(void);

/* `c` is the caller's memory; size is at most CACHE_MAX_SIZE; kind is what its slabs are marked with. */
void cache_init(struct kmem_cache *c, const char *name, size_t size, unsigned kind);

/* When the processor's list is empty or full. Interrupts disabled. refill answers false without memory. */
bool objects_refill(struct kmem_cache *c, struct cpu_objects *own);
void objects_drain(struct kmem_cache *c, struct cpu_objects *own, uint32_t keep);

/* What debug builds do (slab_check.c): an object of `size` bytes is handed out (fill: with junk; false for who overwrites it
 * all), comes back, leaves the processor's list for good. They panic when it was misused. */
void object_begin(struct kmem_cache *c, void *p, size_t size, bool fill);
void object_end(struct kmem_cache *c, void *p);
/* Before it was ever handed out. */
void object_carve(struct kmem_cache *c, void *p);
/* Holds p back; answers the object that was held back longest when there are enough, else null. */
void *object_hold(struct kmem_cache *c, struct cpu_objects *own, void *p);
void *object_unhold(struct kmem_cache *c, struct cpu_objects *own);
/* Makes `next` follow the free object p. */
void object_link(void *p, void *next);

KASAN_EXEMPT static inline void *object_next(const void *p)
{
  return *(void *const *)p;
}

/* After giving back what is kept for later. */
void *cache_alloc_again(struct kmem_cache *c);

KASAN_EXEMPT static inline void objects_push(struct cpu_objects *own, void *p)
{
  if (JUNK_ENABLED)
    object_link(p, own->free);
  else
    *(void **)p = own->free;
  own->free = p;
  own->count++;
}

static inline void *objects_pop(struct cpu_objects *own)
{
  void *p = own->free;
  own->free = object_next(p);
  own->count--;
  return p;
}

static inline void *cache_take(struct kmem_cache *c)
{
  void *p = NULL;
  bool enabled = arch_irq_disable();
  struct cpu_objects *own = &c->cpu[cpu_self()->id];
  if (__builtin_expect(own->count > 0, true) || objects_refill(c, own)) {
    p = objects_pop(own);
    own->allocs++;
  }
  arch_irq_restore(enabled);
  return p;
}

/* size: what was asked for, at most the cache's. */
static inline void *cache_alloc(struct kmem_cache *c, size_t size, bool fill)
{
  void *p = cache_take(c);
  if (__builtin_expect(!p, false) && !(p = cache_alloc_again(c))) return NULL;
  if (JUNK_ENABLED)
    object_begin(c, p, size, fill);
  else
    kasan_unpoison(p, size);
  kmsan_poison(p, size);
  return p;
}

static inline void cache_free(struct kmem_cache *c, void *p)
{
  if (JUNK_ENABLED) object_end(c, p);
  kasan_poison(p, c->stride);
  bool enabled = arch_irq_disable();
  struct cpu_objects *own = &c->cpu[cpu_self()->id];
  own->frees++;
  if (JUNK_ENABLED) p = object_hold(c, own, p);
  if (p) objects_push(own, p);
  if (__builtin_expect(own->count > 2 * c->batch, false)) objects_drain(c, own, c->batch);
  arch_irq_restore(enabled);
}

/* Bytes and objects with users, over all caches. */
void cache_totals(uint64_t *bytes, uint64_t *objects);

#endif
