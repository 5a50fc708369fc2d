/*
 * What debug builds look for in the heap's objects.
 *
 * A free object is junk but for its first two words: the link to the next one, and that link mixed with the object's address.
 * Bytes behind what was asked for are a red zone, up to a last word, the mark, which is the object's address mixed with the
 * size asked for while it is in use, and with FREED while it is not. So a second free, a write after free and a write past
 * the end are told when the object is freed, leaves the objects held back, or is handed out again.
 *
 * Free objects and red zones are poisoned in sanitizer builds; what touches them here is exempt.
 */
#include "slab.h"

#include <kern/panic.h>
#include <kern/string.h>

#define SEAL_KEY 0x6B6D656D5EA1EDull
#define FREED 0xFEEEFEEEull
#define CHECK_WORDS 32u /* of a large free object, without memdebug */

static uint64_t mixed(const void *object, uint64_t value)
{
  return value ^ (uint64_t)(uintptr_t)object ^ SEAL_KEY;
}

/* ---- free ---- */

KASAN_EXEMPT void object_link(void *p, void *next)
{
  uint64_t *words = p;
  words[0] = (uint64_t)(uintptr_t)next;
  words[1] = mixed(p, words[0]);
}

static uint64_t *mark_of(const struct kmem_cache *c, void *p)
{
  return (uint64_t *)((uint8_t *)p + c->stride - sizeof(uint64_t));
}

KASAN_EXEMPT static bool is_untouched(const struct kmem_cache *c, void *p)
{
  const uint64_t *words = p;
  size_t n = c->size / sizeof *words;
  if (!pmm_debug_fill) n = MIN(n, (size_t)CHECK_WORDS);
  return words[1] == mixed(p, words[0]) && junk_damage(words + 2, n - 2) == n - 2 && *mark_of(c, p) == mixed(p, FREED);
}

static void check_free(const struct kmem_cache *c, void *p)
{
  if (!is_untouched(c, p)) panic("kmem: object %p of cache %s written after it was freed", p, c->name);
}

void object_carve(struct kmem_cache *c, void *p)
{
  kasan_unpoison(p, c->stride);
  memset(p, JUNK_FREE_BYTE, c->size);
  *mark_of(c, p) = mixed(p, FREED);
  kasan_poison(p, c->stride);
}

/* ---- in use ---- */

void object_begin(struct kmem_cache *c, void *p, size_t size, bool fill)
{
  uint8_t *end = (uint8_t *)p + size;
  check_free(c, p);
  kasan_unpoison(p, c->stride);
  if (fill) memset(p, JUNK_NEW_BYTE, size);
  memset(end, JUNK_RED_BYTE, (size_t)((uint8_t *)mark_of(c, p) - end));
  *mark_of(c, p) = mixed(p, size);
  kasan_poison(end, (size_t)((uint8_t *)p + c->stride - end));
}

KASAN_EXEMPT static uint64_t mark_load(const struct kmem_cache *c, void *p)
{
  return mixed(p, *mark_of(c, p));
}

/* The first byte of the red zone that was written to; null when none was. */
KASAN_EXEMPT static const uint8_t *red_zone_damage(const uint8_t *p, const uint8_t *end)
{
  while (p < end && *p == JUNK_RED_BYTE) p++;
  return p < end ? p : NULL;
}

void object_end(struct kmem_cache *c, void *p)
{
  vaddr_t offset = (vaddr_t)p - (vaddr_t)chunk_of(p) - SLAB_HEADER;
  if (offset % c->stride != 0) panic("kmem: %p freed, which is inside an object of cache %s", p, c->name);
  uint64_t size = mark_load(c, p);
  if (size == FREED) panic("kmem: object %p of cache %s freed twice", p, c->name);
  if (size > c->size) panic("kmem: object %p of cache %s written far past its end", p, c->name);
  const uint8_t *end = (uint8_t *)p + size, *damage = red_zone_damage(end, (uint8_t *)mark_of(c, p));
  if (damage)
    panic("kmem: object %p of cache %s, %llu bytes, written %zu past its end", p, c->name, (unsigned long long)size,
          (size_t)(damage - end) + 1);
  kasan_unpoison(p, c->stride);
  memset(p, JUNK_FREE_BYTE, c->size);
  *mark_of(c, p) = mixed(p, FREED);
}

/* ---- held back ---- */

void *object_unhold(struct kmem_cache *c, struct cpu_objects *own)
{
  void *p = own->held_first;
  if (!p) return NULL;
  check_free(c, p);
  own->held_first = object_next(p);
  if (--own->nheld == 0) own->held_last = NULL;
  return p;
}

void *object_hold(struct kmem_cache *c, struct cpu_objects *own, void *p)
{
  object_link(p, NULL);
  if (own->held_last) {
    check_free(c, own->held_last);
    object_link(own->held_last, p);
  } else {
    own->held_first = p;
  }
  own->held_last = p;
  return ++own->nheld > c->batch ? object_unhold(c, own) : NULL;
}
