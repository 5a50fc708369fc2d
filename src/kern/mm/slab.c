/*
 * Slab caches: objects of one size in runs of four pages, aligned to their size so that an object finds its slab by
 * masking. Free objects form a list inside the slab. One empty slab a cache is kept, so that a single object going back
 * and forth costs no mapping.
 *
 * Debug builds fill objects on allocation and on free, and check on allocation that a free object was not written. A
 * freed object is recognised by the seal in its second word; a second free finds it there.
 */
#include "slab.h"
#include "kva.h"
#include <kern/panic.h>
#include <kern/string.h>

#define FILL_ALLOCATED 0xA5
#define FILL_FREE 0x6B
#define FILL_FREE_WORD 0x6B6B6B6B6B6B6B6Bull
#define SEAL 0xF4EE0B1EC7F4EE0Bull
#define HEADER_SIZE 64u

struct slab {
  struct list link;         /* cache lock */
  struct kmem_cache *cache;
  struct free_object *free; /* cache lock */
  uint32_t used;            /* cache lock */
};
_Static_assert(sizeof(struct slab) <= HEADER_SIZE, "objects begin after the header");

struct free_object {
  struct free_object *next;
  uint64_t seal;
  uint64_t rest[];
};

void slab_cache_init(struct kmem_cache *c, const char *name, size_t size)
{
  *c = (struct kmem_cache){.name = name, .size = (uint32_t)ALIGN_UP(MAX(size, (size_t)32), 16)};
  c->per_slab = (SLAB_SIZE - HEADER_SIZE) / c->size;
  spin_init(&c->lock, name);
  list_init(&c->partial);
  list_init(&c->full);
}

static struct slab *slab_of(const void *p)
{
  return (struct slab *)ALIGN_DOWN((vaddr_t)p, SLAB_SIZE);
}

struct kmem_cache *slab_cache_of(const void *p)
{
  const struct slab *s = slab_of(p);
  vaddr_t offset = (vaddr_t)p - (vaddr_t)s - HEADER_SIZE;
  if (offset % s->cache->size || offset / s->cache->size >= s->cache->per_slab) panic("kfree of %p, inside an object", p);
  return s->cache;
}

static uint64_t seal_of(const struct free_object *o) { return SEAL ^ (vaddr_t)o; }

static void bury(const struct kmem_cache *c, struct free_object *o)
{
  o->seal = seal_of(o);
#ifndef NDEBUG
  memset(o->rest, FILL_FREE, c->size - sizeof *o);
#else
  (void)c;
#endif
}

static void unearth(const struct kmem_cache *c, struct free_object *o)
{
#ifndef NDEBUG
  bool intact = o->seal == seal_of(o);
  for (size_t i = 0; intact && i < (c->size - sizeof *o) / sizeof o->rest[0]; i++) intact = o->rest[i] == FILL_FREE_WORD;
  if (!intact) panic("%s object %p was written after it was freed", c->name, (void *)o);
  memset(o, FILL_ALLOCATED, c->size);
#else
  (void)c;
  o->seal = 0;
#endif
}

/* A fresh slab on the partial list. The lock is not held: mapping takes its own. */
static struct slab *slab_create(struct kmem_cache *c)
{
  void *p;
  if (kva_alloc(SLAB_PAGES, SLAB_PAGES, 0, &p)) return NULL;
  for (unsigned i = 0; i < SLAB_PAGES; i++) kva_note_set((char *)p + i * PAGE_SIZE, KVA_SLAB);
  struct slab *s = p;
  *s = (struct slab){.cache = c};
  for (uint32_t i = c->per_slab; i-- > 0;) {
    struct free_object *o = (struct free_object *)((char *)p + HEADER_SIZE + i * c->size);
    o->next = s->free;
    s->free = o;
    bury(c, o);
  }
  return s;
}

static void slab_destroy(struct slab *s)
{
  for (unsigned i = 0; i < SLAB_PAGES; i++) kva_note_set((char *)s + i * PAGE_SIZE, KVA_PLAIN);
  kva_free(s, SLAB_PAGES, 0);
}

/* Locked; a partial slab or null. */
static struct free_object *pop(struct kmem_cache *c)
{
  if (list_empty(&c->partial)) return NULL;
  struct slab *s = list_first(&c->partial, struct slab, link);
  struct free_object *o = s->free;
  s->free = o->next;
  if (s->used++ == 0) c->empty--;
  if (!s->free) {
    list_remove(&s->link);
    list_push_back(&c->full, &s->link);
  }
  c->live++;
  return o;
}

void *kmem_cache_alloc(struct kmem_cache *c)
{
  spin_lock(&c->lock);
  struct free_object *o = pop(c);
  if (!o) {
    spin_unlock(&c->lock);
    struct slab *s = slab_create(c);
    spin_lock(&c->lock);
    if (s) {
      list_push_front(&c->partial, &s->link);
      c->slabs++;
      c->empty++;
    }
    o = pop(c);
  }
  spin_unlock(&c->lock);
  if (o) unearth(c, o);
  return o;
}

static bool on_free_list(const struct slab *s, const struct free_object *o)
{
  for (const struct free_object *f = s->free; f; f = f->next)
    if (f == o) return true;
  return false;
}

void kmem_cache_free(struct kmem_cache *c, void *p)
{
  struct slab *s = slab_of(p), *spare = NULL;
  struct free_object *o = p;

  if (s->cache != c) panic("%p freed to cache %s is not of it", p, c->name);
  spin_lock(&c->lock);
  if (o->seal == seal_of(o) && on_free_list(s, o)) panic("double free of %s object %p", c->name, p);
  bury(c, o);
  if (!s->free) {
    list_remove(&s->link);
    list_push_front(&c->partial, &s->link);
  }
  o->next = s->free;
  s->free = o;
  c->live--;
  if (--s->used == 0 && ++c->empty > 1) {
    c->empty--;
    c->slabs--;
    list_remove(&s->link);
    spare = s;
  }
  spin_unlock(&c->lock);
  if (spare) slab_destroy(spare);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size)
{
  if (size == 0 || size > SLAB_SIZE / 4) return NULL;
  struct kmem_cache *c = kmalloc(sizeof *c);
  if (c) slab_cache_init(c, name, size);
  return c;
}

void kmem_cache_destroy(struct kmem_cache *c)
{
  kassert(c->live == 0);
  list_for_each_safe(s, &c->partial, struct slab, link)
  {
    list_remove(&s->link);
    slab_destroy(s);
  }
  kfree(c);
}
