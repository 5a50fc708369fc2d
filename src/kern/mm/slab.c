/*
 * Object caches. The fast paths take from and put on a list of the processor's own, with interrupts disabled and no lock;
 * only every `batch` objects do they go to the slabs, with the cache's lock. Lock order: caches_lock > cache lock > kva.
 *
 * A free object begins with the link to the next one. In debug builds the second word mixes that link with the object's
 * address and the rest is JUNK_FREE: that tells a second free, and a write after free when the object is handed out again.
 */
#include "slab.h"
#include "junk.h"
#include "kva.h"

#include <kern/alloc_fault.h>
#include <kern/panic.h>
#include <kern/string.h>

#define BATCH_BYTES 4096u
#define BATCH_MAX 32u
#define SEAL_KEY 0x6B6D656D5EA1EDull
#define CHECK_WORDS 32u /* of a large object, without memdebug */

static struct spinlock caches_lock = SPINLOCK_INIT("kmem caches");
static struct list caches = LIST_INIT(caches); /* caches_lock */

/* ---- free objects ---- */

static uint64_t seal_of(const uint64_t *object)
{
  return object[0] ^ (uint64_t)(uintptr_t)object ^ SEAL_KEY;
}

static void object_link(void *p, void *next)
{
  uint64_t *object = p;
  object[0] = (uint64_t)(uintptr_t)next;
  if (JUNK_ENABLED) object[1] = seal_of(object);
}

static void *object_next(const void *p)
{
  return *(void *const *)p;
}

static size_t checked_words(const struct kmem_cache *c)
{
  size_t words = c->size / 8;
  return pmm_debug_fill ? words : MIN(words, (size_t)CHECK_WORDS);
}

static void object_check(const struct kmem_cache *c, const uint64_t *object)
{
  size_t words = checked_words(c);
  if (object[1] == seal_of(object) && junk_damage(object + 2, words - 2) == words - 2) return;
  panic("kmem: object %p of cache %s written after it was freed", (const void *)object, c->name);
}

static void object_junk_free(struct kmem_cache *c, void *p)
{
  uint64_t *object = p;
  vaddr_t offset = (vaddr_t)p - (vaddr_t)block_of(p) - SLAB_HEADER;
  if (offset % c->size != 0) panic("kmem: %p freed, which is inside an object of cache %s", p, c->name);
  if (object[1] == seal_of(object) && junk_damage(object + 2, checked_words(c) - 2) == checked_words(c) - 2)
    panic("kmem: object %p of cache %s freed twice", p, c->name);
  memset(p, JUNK_FREE_BYTE, c->size);
}

/* ---- slabs, with the cache's lock held ---- */

static struct slab *slab_grow(struct kmem_cache *c)
{
  void *memory;
  if (kva_heap_alloc(SLAB_PAGES, SLAB_SIZE, &memory) != 0) return NULL;
  struct slab *s = memory;
  *s = (struct slab){.magic = SLAB_MAGIC, .cache = c};
  list_push_front(&c->partial, &s->link);
  return s;
}

static void slab_release(struct slab *s)
{
  list_remove(&s->link);
  s->magic = 0;
  kva_heap_free(s, SLAB_PAGES);
}

static struct slab *slab_with_room(struct kmem_cache *c)
{
  if (!list_empty(&c->partial)) return list_first(&c->partial, struct slab, link);
  if (list_empty(&c->empty)) return slab_grow(c);
  struct slab *s = list_first(&c->empty, struct slab, link);
  list_remove(&s->link);
  list_push_front(&c->partial, &s->link);
  return s;
}

static void *slab_take(struct kmem_cache *c, struct slab *s)
{
  void *p = s->free;
  if (p) {
    s->free = object_next(p);
  } else {
    p = (uint8_t *)s + SLAB_HEADER + (size_t)s->carved++ * c->size;
    if (JUNK_ENABLED) memset(p, JUNK_FREE_BYTE, c->size);
  }
  s->used++;
  if (!s->free && s->carved == c->per_slab) list_remove(&s->link);
  return p;
}

static void slab_put(struct kmem_cache *c, void *p)
{
  struct slab *s = (struct slab *)block_of(p);
  object_link(p, s->free);
  s->free = p;
  if (--s->used > 0) {
    if (list_empty(&s->link)) list_push_back(&c->partial, &s->link);
    return;
  }
  list_remove(&s->link);
  if (list_empty(&c->empty))
    list_push_front(&c->empty, &s->link);
  else
    slab_release(s);
}

/* ---- a processor's list, interrupts disabled ---- */

static void objects_push(struct cpu_objects *own, void *p)
{
  object_link(p, own->free);
  own->free = p;
  own->count++;
}

static void *objects_pop(struct cpu_objects *own)
{
  void *p = own->free;
  own->free = object_next(p);
  own->count--;
  return p;
}

static __attribute__((noinline)) bool objects_refill(struct kmem_cache *c, struct cpu_objects *own)
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

static __attribute__((noinline)) void objects_drain(struct kmem_cache *c, struct cpu_objects *own, uint32_t keep)
{
  spin_lock(&c->lock);
  while (own->count > keep) slab_put(c, objects_pop(own));
  spin_unlock(&c->lock);
}

static struct cpu_objects *objects_own(struct kmem_cache *c)
{
  return &c->cpu[cpu_self()->id];
}

static void *take(struct kmem_cache *c)
{
  void *p = NULL;
  bool enabled = arch_irq_disable();
  struct cpu_objects *own = objects_own(c);
  if (own->count > 0 || objects_refill(c, own)) {
    p = objects_pop(own);
    own->allocs++;
  }
  arch_irq_restore(enabled);
  return p;
}

/* ---- interface ---- */

void *cache_alloc(struct kmem_cache *c, bool fill)
{
  if (alloc_should_fail()) return NULL;
  void *p = take(c);
  if (!p) {
    kmem_reclaim();
    p = take(c);
    if (!p) return NULL;
  }
  if (JUNK_ENABLED) {
    object_check(c, p);
    if (fill)
      memset(p, JUNK_NEW_BYTE, c->size);
    else
      ((uint64_t *)p)[1] = 0; /* no longer free */
  }
  return p;
}

void *kmem_cache_alloc(struct kmem_cache *c)
{
  return cache_alloc(c, true);
}

void kmem_cache_free(struct kmem_cache *c, void *p)
{
  if (JUNK_ENABLED) object_junk_free(c, p);
  bool enabled = arch_irq_disable();
  struct cpu_objects *own = objects_own(c);
  objects_push(own, p);
  own->frees++;
  if (own->count > 2 * c->batch) objects_drain(c, own, c->batch);
  arch_irq_restore(enabled);
}

void cache_init(struct kmem_cache *c, const char *name, size_t size)
{
  *c = (struct kmem_cache){.name = name, .size = (uint32_t)ALIGN_UP(MAX(size, (size_t)16), (size_t)16)};
  c->per_slab = (SLAB_SIZE - SLAB_HEADER) / c->size;
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
  if (c) cache_init(c, name, size);
  return c;
}

/* The calling processor's list and the slabs that are empty then. (With more processors, theirs by an interrupt.) */
static void cache_reclaim(struct kmem_cache *c)
{
  bool enabled = arch_irq_disable();
  objects_drain(c, objects_own(c), 0);
  arch_irq_restore(enabled);
  spin_lock(&c->lock);
  while (!list_empty(&c->empty)) slab_release(list_first(&c->empty, struct slab, link));
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
