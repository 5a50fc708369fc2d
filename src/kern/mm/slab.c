/*
 * Object caches. The fast paths take from and put on a list of the processor's own, with interrupts disabled and no lock;
 * only every `batch` objects do they go to the slabs, with the cache's lock. Lock order: caches_lock > cache lock > kva.
 * A free object begins with the link to the next one. What debug builds add is in slab_check.c.
 */
#include "slab.h"

#include <kern/panic.h>
#include <kern/pmm.h>
#include <kern/string.h>

#define BATCH_BYTES 8192u
#define BATCH_MAX 32u

static struct spinlock caches_lock = SPINLOCK_INIT("kmem caches");
static struct list caches = LIST_INIT(caches); /* caches_lock */

uint8_t slab_chunks[KVA_HEAP_MAX / SLAB_SIZE]; /* an entry: whoever has the chunk */

/* Slabs with nothing taken are kept, one by each cache and beside these a few by who gets there first, so that objects which
 * come and go in numbers do not take and give back the kernel's pages again and again. */
#define SPARE_SHARE 32u /* of the kernel's zone: so much of it at most is in the few */

static uint32_t spare_slabs; /* atomic */
static uint32_t spare_slabs_max;

/* ---- slabs, with the cache's lock held ---- */

static struct slab *slab_grow(struct kmem_cache *c)
{
  void *memory;
  if (kva_heap_alloc(SLAB_PAGES, SLAB_SIZE, &memory) != 0) return NULL;
  struct slab *s = memory;
  *s = (struct slab){.cache = c};
  kasan_poison((uint8_t *)s + SLAB_HEADER, SLAB_SIZE - SLAB_HEADER);
  *chunk_kind_of(s) = c->kind;
  list_push_front(&c->partial, &s->link);
  return s;
}

static void slab_release(struct slab *s)
{
  *chunk_kind_of(s) = CHUNK_FREE;
  kva_heap_free(s, SLAB_PAGES);
}

/* False when there are enough of them. */
static bool empty_keep(struct kmem_cache *c, struct slab *s)
{
  if (c->nempty > 0 && __atomic_add_fetch(&spare_slabs, 1, __ATOMIC_RELAXED) > spare_slabs_max) {
    __atomic_fetch_sub(&spare_slabs, 1, __ATOMIC_RELAXED);
    return false;
  }
  list_push_front(&c->empty, &s->link);
  c->nempty++;
  return true;
}

static struct slab *empty_take(struct kmem_cache *c)
{
  struct slab *s = list_first(&c->empty, struct slab, link);
  list_remove(&s->link);
  if (--c->nempty > 0) __atomic_fetch_sub(&spare_slabs, 1, __ATOMIC_RELAXED);
  return s;
}

static struct slab *slab_with_room(struct kmem_cache *c)
{
  if (!list_empty(&c->partial)) return list_first(&c->partial, struct slab, link);
  if (list_empty(&c->empty)) return slab_grow(c);
  struct slab *s = empty_take(c);
  list_push_front(&c->partial, &s->link);
  return s;
}

static void *slab_take(struct kmem_cache *c, struct slab *s)
{
  void *p = s->free;
  if (p) {
    s->free = object_next(p);
  } else {
    p = (uint8_t *)s + SLAB_HEADER + (size_t)s->carved++ * c->stride;
    if (JUNK_ENABLED) object_carve(c, p);
  }
  s->used++;
  if (!s->free && s->carved == c->per_slab) list_remove(&s->link);
  return p;
}

KASAN_EXEMPT static void slab_put(struct kmem_cache *c, void *p)
{
  struct slab *s = chunk_of(p);
  if (JUNK_ENABLED)
    object_link(p, s->free);
  else
    *(void **)p = s->free;
  s->free = p;
  if (--s->used > 0) {
    if (list_empty(&s->link)) list_push_back(&c->partial, &s->link);
    return;
  }
  list_remove(&s->link);
  if (!empty_keep(c, s)) slab_release(s);
}

/* ---- a processor's list, interrupts disabled ---- */

bool objects_refill(struct kmem_cache *c, struct cpu_objects *own)
{
  spin_lock(&c->lock);
  for (uint32_t n = 0; n < c->batch; n++) {
    /* Growing is for the object that is wanted now, not for stock. */
    struct slab *s = n == 0 || !list_empty(&c->partial) ? slab_with_room(c) : NULL;
    if (!s) break;
    objects_push(own, slab_take(c, s));
  }
  spin_unlock(&c->lock);
  return own->count > 0;
}

void objects_drain(struct kmem_cache *c, struct cpu_objects *own, uint32_t keep)
{
  spin_lock(&c->lock);
  while (own->count > keep) slab_put(c, objects_pop(own));
  spin_unlock(&c->lock);
}

/* ---- interface ---- */

void *cache_alloc_again(struct kmem_cache *c)
{
  kmem_reclaim();
  return cache_take(c);
}

void *(kmem_cache_alloc)(struct kmem_cache *c)
{
  return cache_alloc(c, c->asked, true);
}

void kmem_cache_free(struct kmem_cache *c, void *p)
{
  cache_free(c, p);
}

void slabs_init(void)
{
  struct pmm_stats pages;
  pmm_get_stats(&pages);
  spare_slabs_max = (uint32_t)(pages.zone_total[PMM_KERNEL] / (SPARE_SHARE * SLAB_PAGES));
}

void cache_init(struct kmem_cache *c, const char *name, size_t size, unsigned kind)
{
  *c = (struct kmem_cache){.name = name, .kind = (uint8_t)kind, .asked = (uint32_t)size};
  c->size = (uint32_t)ALIGN_UP(MAX(size, (size_t)16), (size_t)16);
  c->stride = c->size + (JUNK_ENABLED ? RED_ZONE : 0);
  c->per_slab = (SLAB_SIZE - SLAB_HEADER) / c->stride;
  c->batch = MAX(MIN(BATCH_BYTES / c->size, BATCH_MAX), 2u);
  spin_init(&c->lock, name);
  list_init(&c->partial);
  list_init(&c->empty);
  spin_lock(&caches_lock);
  list_push_back(&caches, &c->link);
  spin_unlock(&caches_lock);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size)
{
  struct kmem_cache *c = size <= CACHE_MAX_SIZE ? kmalloc(sizeof *c) : NULL;
  if (c) cache_init(c, name, size, CHUNK_CACHE);
  return c;
}

/* The calling processor's list and the slabs that are empty then. (With more processors, theirs by an interrupt.) */
static void cache_reclaim(struct kmem_cache *c)
{
  bool enabled = arch_irq_disable();
  struct cpu_objects *own = &c->cpu[cpu_self()->id];
  for (void *p; JUNK_ENABLED && (p = object_unhold(c, own));) objects_push(own, p);
  objects_drain(c, own, 0);
  arch_irq_restore(enabled);
  spin_lock(&c->lock);
  while (!list_empty(&c->empty)) slab_release(empty_take(c));
  spin_unlock(&c->lock);
}

void kmem_reclaim(void)
{
  spin_lock(&caches_lock);
  list_for_each (c, &caches, struct kmem_cache, link) cache_reclaim(c);
  spin_unlock(&caches_lock);
}

static uint64_t cache_live(const struct kmem_cache *c)
{
  uint64_t live = 0;
  for (unsigned i = 0; i < MAX_CPUS; i++) live += c->cpu[i].allocs - c->cpu[i].frees;
  return live;
}

void kmem_cache_destroy(struct kmem_cache *c)
{
  if (cache_live(c) != 0)
    panic("kmem: cache %s destroyed with %llu objects in use", c->name, (unsigned long long)cache_live(c));
  spin_lock(&caches_lock);
  list_remove(&c->link);
  spin_unlock(&caches_lock);
  cache_reclaim(c);
  kfree(c);
}

void cache_totals(uint64_t *bytes, uint64_t *objects)
{
  spin_lock(&caches_lock);
  list_for_each (c, &caches, struct kmem_cache, link) {
    uint64_t live = cache_live(c);
    *objects += live;
    *bytes += live * c->size;
  }
  spin_unlock(&caches_lock);
}
