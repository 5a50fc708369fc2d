/*
 * Kernel memory: the heap (slab caches for 32-2048 bytes, a first-fit list for larger) and page ranges with guards, both
 * in the machine's kernel window, grown on demand from the kernel zone. Debug builds fill objects with junk on allocation
 * and free, hold freed ones back for a while, put a red zone behind each, and panic at a double free, and at a write after
 * free or past the end when the object is freed or used next; in sanitizer builds AddressSanitizer reports the access itself.
 * Any context but interrupts; never sleeps.
 */
#ifndef KERN_KMEM_H
#define KERN_KMEM_H

#include <kern/alloc_fault.h>
#include <kern/types.h>

MUST_CHECK int kmem_init(void);

/* 16-byte aligned (at least); null when there is no memory. kmalloc(0) answers a unique pointer. */
void *kmalloc(size_t size);
void *kzalloc(size_t size);
/* count * size with the overflow checked, zeroed. */
void *kcalloc(size_t count, size_t size);
void kfree(void *p); /* null is ignored */
char *kstrdup(const char *s);
#define kmalloc(size) (alloc_fails_here() ? NULL : (kmalloc)(size))
#define kzalloc(size) (alloc_fails_here() ? NULL : (kzalloc)(size))
#define kcalloc(count, size) (alloc_fails_here() ? NULL : (kcalloc)(count, size))
#define kstrdup(s) (alloc_fails_here() ? NULL : (kstrdup)(s))

/* Object caches of one size. */
struct kmem_cache;
struct kmem_cache *kmem_cache_create(const char *name, size_t size);
void *kmem_cache_alloc(struct kmem_cache *c);
#define kmem_cache_alloc(c) (alloc_fails_here() ? NULL : (kmem_cache_alloc)(c))
void kmem_cache_free(struct kmem_cache *c, void *p);
/* All objects must be free. */
void kmem_cache_destroy(struct kmem_cache *c);

/* Whole pages in the window, mapped writable, with an unmapped guard page on each side. -ENOMEM changes nothing. */
MUST_CHECK int kva_alloc_guarded(size_t pages, void **out);
#define kva_alloc_guarded(pages, out) (alloc_fails_here() ? -ENOMEM : (kva_alloc_guarded)(pages, out))
void kva_free_guarded(void *p, size_t pages);

/* Gives the pages of free objects back. Done by the allocators themselves when memory is short; tests call it to see that
 * everything comes back. */
void kmem_reclaim(void);

struct kmem_stats {
  uint64_t heap_bytes;  /* handed out */
  uint64_t heap_pages;  /* backing slabs and the large list */
  uint64_t objects;     /* live allocations: equal before and after a failed call */
  uint64_t stack_pages; /* kva_alloc_guarded */
};
void kmem_get_stats(struct kmem_stats *out);

#endif
