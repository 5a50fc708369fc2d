/*
 * The kernel heap: sizes up to 2048 bytes from object caches found by a table, larger ones by whole pages of the window,
 * first fit, with a header of their own.
 */
#include "slab.h"

#include <kern/panic.h>
#include <kern/string.h>

#define CLASS_MAX 2048u
#define CLASS_GRAIN 16u

static const uint16_t class_sizes[] = {16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, CLASS_MAX};
static const char *const class_names[] = {
  "kmalloc-16",  "kmalloc-32",  "kmalloc-48",  "kmalloc-64",  "kmalloc-96",   "kmalloc-128",  "kmalloc-192",
  "kmalloc-256", "kmalloc-384", "kmalloc-512", "kmalloc-768", "kmalloc-1024", "kmalloc-1536", "kmalloc-2048",
};
_Static_assert(ARRAY_SIZE(class_sizes) == ARRAY_SIZE(class_names), "one name a class");

static struct kmem_cache classes[ARRAY_SIZE(class_sizes)];
static uint8_t class_of[CLASS_MAX / CLASS_GRAIN + 1]; /* by (size + 15) / 16 */

struct large {
  size_t pages; /* header included */
  size_t size;
};
_Static_assert(sizeof(struct large) <= SLAB_HEADER, "the memory follows the header");

static uint64_t large_bytes, large_objects; /* atomic */

int kmem_init(void)
{
  int err = kva_init();
  if (err != 0) return err;
  slabs_init();
  unsigned class = 0;
  for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
    cache_init(&classes[i], class_names[i], class_sizes[i], CHUNK_CLASS + (unsigned)i);
  for (size_t i = 0; i < ARRAY_SIZE(class_of); i++) {
    if (i * CLASS_GRAIN > class_sizes[class]) class ++;
    class_of[i] = (uint8_t) class;
  }
  return 0;
}

/* What is behind a large allocation up to the end of its pages: at least a red zone in debug builds. */
static uint8_t *tail_of(struct large *l, size_t *size)
{
  *size = l->pages * PAGE_SIZE - SLAB_HEADER - l->size;
  return (uint8_t *)l + SLAB_HEADER + l->size;
}

static void tail_begin(struct large *l)
{
  size_t size;
  uint8_t *tail = tail_of(l, &size);
  if (JUNK_ENABLED) memset(tail, JUNK_RED_BYTE, size);
  kasan_poison(tail, size);
  kasan_poison(l, SLAB_HEADER);
}

static void tail_end(struct large *l)
{
  size_t size;
  kasan_unpoison(l, SLAB_HEADER);
  const uint8_t *tail = tail_of(l, &size);
  kasan_unpoison(tail, size);
  for (size_t i = 0; JUNK_ENABLED && i < size; i++)
    if (tail[i] != JUNK_RED_BYTE)
      panic("kmem: %p, %zu bytes, written %zu past its end", (const void *)(tail - l->size), l->size, i + 1);
}

static void *large_alloc(size_t size)
{
  size_t bytes;
  void *memory;
  if (__builtin_add_overflow(size, SLAB_HEADER + (JUNK_ENABLED ? RED_ZONE : 0) + PAGE_MASK, &bytes)) return NULL;
  size_t pages = bytes / PAGE_SIZE;
  if (kva_heap_alloc(pages, SLAB_SIZE, &memory) != 0) {
    kmem_reclaim();
    if (kva_heap_alloc(pages, SLAB_SIZE, &memory) != 0) return NULL;
  }
  *(struct large *)memory = (struct large){.pages = pages, .size = size};
  *chunk_kind_of(memory) = CHUNK_LARGE;
  __atomic_fetch_add(&large_bytes, size, __ATOMIC_RELAXED);
  __atomic_fetch_add(&large_objects, 1, __ATOMIC_RELAXED);
  tail_begin(memory);
  return (uint8_t *)memory + SLAB_HEADER;
}

static void large_free(struct large *l, void *p)
{
  if (p != (uint8_t *)l + SLAB_HEADER) panic("kmem: %p freed, which is inside an allocation", p);
  tail_end(l);
  __atomic_fetch_sub(&large_bytes, l->size, __ATOMIC_RELAXED);
  __atomic_fetch_sub(&large_objects, 1, __ATOMIC_RELAXED);
  *chunk_kind_of(l) = CHUNK_FREE;
  kva_heap_free(l, l->pages); /* unmapped: a use after free faults */
}

static inline void *allocate(size_t size, bool fill)
{
  if (size <= CLASS_MAX) return cache_alloc(&classes[class_of[(size + CLASS_GRAIN - 1) / CLASS_GRAIN]], size, fill);
  void *p = large_alloc(size);
  if (JUNK_ENABLED && p && fill) memset(p, JUNK_NEW_BYTE, size);
  if (p) kmsan_poison(p, size);
  return p;
}

void *(kmalloc)(size_t size)
{
  return allocate(size, true);
}

void *(kzalloc)(size_t size)
{
  void *p = allocate(size, false);
  return p ? memset(p, 0, size) : NULL;
}

void *(kcalloc)(size_t count, size_t size)
{
  size_t bytes;
  return __builtin_mul_overflow(count, size, &bytes) ? NULL : (kzalloc)(bytes);
}

char *(kstrdup)(const char *s)
{
  size_t size = strlen(s) + 1;
  char *copy = allocate(size, false);
  return copy ? memcpy(copy, s, size) : NULL;
}

void kfree(void *p)
{
  if (!p) return;
  if ((vaddr_t)p - kva_heap_window.base >= kva_heap_window.size) panic("kmem: %p freed, which is not of the heap", p);
  unsigned kind = *chunk_kind_of(p);
  if (kind >= CHUNK_CLASS)
    cache_free(&classes[kind - CHUNK_CLASS], p);
  else if (kind == CHUNK_CACHE)
    kmem_cache_free(((struct slab *)chunk_of(p))->cache, p);
  else if (kind == CHUNK_LARGE)
    large_free(chunk_of(p), p);
  else
    panic("kmem: %p freed, which is not allocated", p);
}

void kmem_get_stats(struct kmem_stats *out)
{
  *out = (struct kmem_stats){
    .heap_bytes = __atomic_load_n(&large_bytes, __ATOMIC_RELAXED),
    .objects = __atomic_load_n(&large_objects, __ATOMIC_RELAXED),
    .heap_pages = kva_heap_pages(),
    .stack_pages = kva_guarded_pages(),
  };
  cache_totals(&out->heap_bytes, &out->objects);
}
