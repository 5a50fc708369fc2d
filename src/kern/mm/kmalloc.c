/* The kernel heap: slab caches up to 2048 bytes, whole pages of the window (first fit) for the rest. */
#include "kva.h"
#include "slab.h"
#include <kern/panic.h>
#include <kern/string.h>

#define LARGEST_CLASS 2048u
#define CLASS_STEP 32u

static const uint16_t class_sizes[] = {32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1344, 2048};
static const char *const class_names[] = {"kmalloc-32", "kmalloc-64", "kmalloc-96", "kmalloc-128", "kmalloc-192", "kmalloc-256",
                                          "kmalloc-384", "kmalloc-512", "kmalloc-768", "kmalloc-1024", "kmalloc-1344", "kmalloc-2048"};
_Static_assert(ARRAY_SIZE(class_sizes) == ARRAY_SIZE(class_names), "a name each");

static struct kmem_cache caches[ARRAY_SIZE(class_sizes)];
static uint8_t class_of_step[LARGEST_CLASS / CLASS_STEP + 1]; /* by (size + 31) / 32 */
static uint64_t large_pages, large_objects; /* atomic */

int kmem_init(void)
{
  int err = kva_init();
  if (err) return err;
  for (unsigned i = 0, step = 0; i < ARRAY_SIZE(class_sizes); i++) {
    slab_cache_init(&caches[i], class_names[i], class_sizes[i]);
    for (; step * CLASS_STEP <= class_sizes[i]; step++) class_of_step[step] = (uint8_t)i;
  }
  return 0;
}

static void *large_alloc(size_t size)
{
  void *p;
  size_t pages = size / PAGE_SIZE + (size % PAGE_SIZE != 0);
  if (pages >= KVA_SLAB || kva_alloc(pages, 1, 0, &p)) return NULL;
  kva_note_set(p, (uint16_t)pages);
  __atomic_fetch_add(&large_pages, pages, __ATOMIC_RELAXED);
  __atomic_fetch_add(&large_objects, 1, __ATOMIC_RELAXED);
#ifndef NDEBUG
  memset(p, 0xA5, size);
#endif
  return p;
}

void *kmalloc(size_t size)
{
  if (size > LARGEST_CLASS) return large_alloc(size);
  return kmem_cache_alloc(&caches[class_of_step[(size + CLASS_STEP - 1) / CLASS_STEP]]);
}

void *kzalloc(size_t size)
{
  void *p = kmalloc(size);
  return p ? memset(p, 0, size) : NULL;
}

void *kcalloc(size_t count, size_t size)
{
  size_t bytes;
  return __builtin_mul_overflow(count, size, &bytes) ? NULL : kzalloc(bytes);
}

void kfree(void *p)
{
  if (!p) return;
  uint16_t note = kva_note(p);
  if (note == KVA_SLAB) {
    kmem_cache_free(slab_cache_of(p), p);
    return;
  }
  if (note == KVA_PLAIN || !IS_ALIGNED((vaddr_t)p, PAGE_SIZE)) panic("kfree of %p, which is not allocated", p);
  kva_note_set(p, KVA_PLAIN);
  __atomic_fetch_sub(&large_pages, note, __ATOMIC_RELAXED);
  __atomic_fetch_sub(&large_objects, 1, __ATOMIC_RELAXED);
  kva_free(p, note, 0);
}

char *kstrdup(const char *s)
{
  size_t size = strlen(s) + 1;
  char *copy = kmalloc(size);
  return copy ? memcpy(copy, s, size) : NULL;
}

void kmem_get_stats(struct kmem_stats *out)
{
  uint64_t large = __atomic_load_n(&large_pages, __ATOMIC_RELAXED);
  *out = (struct kmem_stats){.heap_bytes = large * PAGE_SIZE, .heap_pages = large, .stack_pages = kva_guarded_pages()};
  out->objects = __atomic_load_n(&large_objects, __ATOMIC_RELAXED);
  for (unsigned i = 0; i < ARRAY_SIZE(caches); i++) {
    struct kmem_cache *c = &caches[i];
    spin_lock(&c->lock);
    out->objects += c->live;
    out->heap_bytes += c->live * c->size;
    out->heap_pages += c->slabs * SLAB_PAGES;
    spin_unlock(&c->lock);
  }
}
