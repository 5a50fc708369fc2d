/*
 * The page allocator: zones over one array of frame descriptors, each with its lock and an algorithm (pmm_ops.h). Where the
 * zones are is settled in pmm_init.c. Single frames pass through a small stack of each processor's own. Whom a page is for
 * decides the zone, and is counted.
 */
#include "pmm_zone.h"

#include <kern/arch.h>
#include <kern/kmsan.h>
#include <kern/panic.h>
#include <kern/string.h>

bool pmm_debug_fill;

/* ---- free frames carry a pattern ---- */

static size_t junk_words(void)
{
  return pmm_debug_fill ? PAGE_SIZE / 8 : 2;
}

static uint64_t *frame_words(const struct zone *z, uint32_t frame)
{
  return phys_to_virt(z->base + (paddr_t)frame * PAGE_SIZE);
}

void zone_junk(struct zone *z, uint32_t frame, uint32_t count)
{
  size_t words = junk_words();
  for (uint32_t i = frame; i < frame + count; i++) {
    uint64_t *p = frame_words(z, i);
    for (size_t w = 0; w < words; w++) p[w] = JUNK_FREE;
    z->pages[i].flags |= PAGE_JUNKED;
  }
}

static __attribute__((noinline)) void junk_check_slow(const struct zone *z, uint32_t frame, bool junked)
{
  uint64_t *p = frame_words(z, frame);
  size_t words = junk_words(), bad = junked ? junk_damage(p, words) : words;
  if (bad < words)
    panic("pmm: page 0x%llx written after it was freed: word %zu is 0x%llx",
          (unsigned long long)(z->base + (paddr_t)frame * PAGE_SIZE), bad, (unsigned long long)p[bad]);
  if (pmm_debug_fill) memset(p, JUNK_NEW_BYTE, PAGE_SIZE);
}

/* The pattern is still there; it goes with the frame to whoever has it now, unless pages are filled. */
static inline void junk_check(const struct zone *z, uint32_t frame)
{
  const uint64_t *p = frame_words(z, frame);
  bool junked = z->pages[frame].flags & PAGE_JUNKED;
  z->pages[frame].flags = 0;
  if (pmm_debug_fill || (junked && (p[0] != JUNK_FREE || p[1] != JUNK_FREE))) junk_check_slow(z, frame, junked);
}

/* ---- descriptors ---- */

static inline void descriptor_take(struct zone *z, uint32_t frame, uint32_t count, unsigned order, enum pmm_owner owner)
{
  struct page *p = &z->pages[frame];
  page_set_state(p, PAGE_ALLOCATED);
  p->order = (uint8_t)order;
  p->owner = (uint8_t)owner;
  p->next = count;
  p->refs = 1;
  for (uint32_t i = 0; JUNK_ENABLED && i < count; i++) junk_check(z, frame + i);
  kmsan_poison(frame_words(z, frame), (size_t)count * PAGE_SIZE);
}

void zone_hand_out(struct zone *z, uint32_t frame, uint32_t count, unsigned order, enum pmm_owner owner)
{
  descriptor_take(z, frame, count, order, owner);
}

static NORETURN void bad_page(paddr_t pa, const char *why)
{
  panic("pmm: page 0x%llx is %s", (unsigned long long)pa, why);
}

/* The descriptor of an allocated block, its zone and its number there. Anything else is the caller's mistake. */
static inline struct page *page_find(paddr_t pa, struct zone **zone, uint32_t *frame)
{
  struct zone *z = &pmm_zones[pa < pmm_zones[PMM_USER].base ? PMM_KERNEL : PMM_USER];
  uint64_t at = (pa - z->base) >> PAGE_SHIFT;
  if (!IS_ALIGNED(pa, PAGE_SIZE) || at >= z->frames) bad_page(pa, "not the allocator's");
  if (z->pages[at].state != PAGE_ALLOCATED) bad_page(pa, "not allocated (freed twice?)");
  *zone = z;
  *frame = (uint32_t)at;
  return &z->pages[at];
}

/* Drops a reference to a block of that order; true: it was the last, and the block is nobody's now. */
static inline bool page_drop(paddr_t pa, unsigned order, struct zone **zone, uint32_t *frame)
{
  struct page *p = page_find(pa, zone, frame);
  if (p->order != order) bad_page(pa, "part of a block of another size");
  if (__atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL) > 0) return false;
  kassert(zone_of_owner(p->owner) == *zone);
  page_set_state(p, PAGE_TAKEN);
  return true;
}

struct zone *zone_take_back(paddr_t pa, uint32_t *frame)
{
  struct zone *z;
  if (!page_drop(pa, ORDER_RANGE, &z, frame)) panic("pmm: range 0x%llx is referenced", (unsigned long long)pa);
  return z;
}

/* ---- single frames: the processor's own, interrupts disabled ---- */

static struct frame_cache *cache_own(struct zone *z)
{
  return &z->cache[cpu_self()->id];
}

/* c is empty. */
static __attribute__((noinline)) void cache_refill(struct zone *z, struct frame_cache *c)
{
  uint32_t frame = FRAME_NONE;
  unsigned order = FRAME_CACHE_ORDER;
  spin_lock(&z->lock);
  while ((frame = z->ops->alloc(z, order)) == FRAME_NONE && order > 0) order--;
  if (frame != FRAME_NONE) z->free -= 1u << order;
  spin_unlock(&z->lock);
  if (frame == FRAME_NONE) return;
  c->count = 1u << order;
  for (uint32_t i = c->count; i > 0; i--, frame++) { /* the lowest is handed out first */
    page_set_state(&z->pages[frame], PAGE_CACHED);
    c->frame[i - 1] = frame;
  }
}

static __attribute__((noinline)) void cache_drain(struct zone *z, struct frame_cache *c, uint32_t keep)
{
  spin_lock(&z->lock);
  for (; c->count > keep; z->free++) z->ops->free(z, c->frame[--c->count], 0);
  spin_unlock(&z->lock);
}

void zone_drain_own(struct zone *z)
{
  bool enabled = arch_irq_disable();
  cache_drain(z, cache_own(z), 0);
  arch_irq_restore(enabled);
}

static inline uint32_t frame_alloc(struct zone *z, enum pmm_owner owner)
{
  uint32_t frame = FRAME_NONE;
  bool enabled = arch_irq_disable();
  struct frame_cache *c = cache_own(z);
  if (c->count == 0) cache_refill(z, c);
  if (c->count > 0) {
    frame = c->frame[--c->count];
    c->owned[owner / PMM_ZONES]++;
  }
  arch_irq_restore(enabled);
  return frame;
}

static void frame_free(struct zone *z, uint32_t frame)
{
  bool enabled = arch_irq_disable();
  struct frame_cache *c = cache_own(z);
  if (c->count == FRAME_CACHE_MAX) cache_drain(z, c, FRAME_CACHE_MAX - (1u << FRAME_CACHE_ORDER));
  c->owned[z->pages[frame].owner / PMM_ZONES]--;
  page_set_state(&z->pages[frame], PAGE_CACHED);
  c->frame[c->count++] = frame;
  arch_irq_restore(enabled);
}

/* ---- blocks ---- */

static uint32_t block_try_alloc(struct zone *z, unsigned order, enum pmm_owner owner)
{
  spin_lock(&z->lock);
  uint32_t frame = z->ops->alloc(z, order);
  if (frame != FRAME_NONE) zone_account(z, owner, 1 << order);
  spin_unlock(&z->lock);
  return frame;
}

/* Frames this processor kept may complete a block. */
static uint32_t block_alloc(struct zone *z, unsigned order, enum pmm_owner owner)
{
  uint32_t frame = block_try_alloc(z, order, owner);
  if (frame != FRAME_NONE) return frame;
  zone_drain_own(z);
  return block_try_alloc(z, order, owner);
}

static void block_free(struct zone *z, uint32_t frame, unsigned order)
{
  spin_lock(&z->lock);
  zone_account(z, z->pages[frame].owner, -(1 << order));
  z->ops->free(z, frame, order);
  spin_unlock(&z->lock);
}

/* ---- interface ---- */

static inline int hand_out(struct zone *z, uint32_t frame, unsigned order, enum pmm_owner owner, paddr_t *out)
{
  if (frame == FRAME_NONE) return -ENOMEM;
  descriptor_take(z, frame, 1u << order, order, owner);
  *out = z->base + (paddr_t)frame * PAGE_SIZE;
  return 0;
}

int(pmm_alloc_page)(enum pmm_owner owner, paddr_t *out)
{
  struct zone *z = zone_of_owner(owner);
  return hand_out(z, frame_alloc(z, owner), 0, owner, out);
}

int(pmm_alloc)(enum pmm_owner owner, unsigned order, paddr_t *out)
{
  struct zone *z = zone_of_owner(owner);
  if (order == 0) return (pmm_alloc_page)(owner, out);
  if (order > PMM_MAX_ORDER) return -ENOMEM;
  return hand_out(z, block_alloc(z, order, owner), order, owner, out);
}

void pmm_free(paddr_t pa, unsigned order)
{
  struct zone *z;
  uint32_t frame;
  if (!page_drop(pa, order, &z, &frame)) return;
  if (JUNK_ENABLED) zone_junk(z, frame, 1u << order);
  if (order == 0)
    frame_free(z, frame);
  else
    block_free(z, frame, order);
}

void pmm_free_page(paddr_t pa)
{
  pmm_free(pa, 0);
}

void pmm_ref_page(paddr_t pa)
{
  struct zone *z;
  uint32_t frame;
  struct page *p = page_find(pa, &z, &frame);
  if (p->order != 0) bad_page(pa, "part of a block of another size");
  uint32_t before = __atomic_fetch_add(&p->refs, 1, __ATOMIC_RELAXED);
  kassert(before > 0 && before < UINT32_MAX);
  (void)before;
}

bool pmm_in_zone(paddr_t pa, enum pmm_owner owner)
{
  const struct zone *z = zone_of_owner(owner);
  return pa - z->base < (paddr_t)z->frames * PAGE_SIZE;
}

unsigned pmm_page_refs(paddr_t pa)
{
  struct zone *z;
  uint32_t frame;
  return __atomic_load_n(&page_find(pa, &z, &frame)->refs, __ATOMIC_ACQUIRE);
}

int(pmm_alloc_zeroed)(enum pmm_owner owner, paddr_t *out)
{
  int err = (pmm_alloc_page)(owner, out);
  if (err == 0) memset(phys_to_virt(*out), 0, PAGE_SIZE);
  return err;
}
