/*
 * The buddy allocator: free blocks of 2^order pages, orders 0-11, on one list an order. A block's buddy differs from it in
 * one bit of its frame number relative to the zone's base, so an unaligned base works; splitting and joining are O(1) a
 * level, and the smallest sufficient order is found in a bit mask.
 */
#include "page.h"
#include <kern/panic.h>

static void push(struct zone *z, uint64_t rel, unsigned order)
{
  struct page *p = &z->pages[rel];
  p->state = PAGE_FREE_HEAD;
  p->order = (uint8_t)order;
  list_push_front(&z->blocks[order], &p->link);
  z->available |= 1u << order;
}

static void take(struct zone *z, uint64_t rel)
{
  struct page *p = &z->pages[rel];
  list_remove(&p->link);
  if (list_empty(&z->blocks[p->order])) z->available &= ~(1u << p->order);
  p->state = PAGE_FREE_TAIL;
}

static void buddy_init(struct zone *z)
{
  for (unsigned order = 0; order <= PMM_MAX_ORDER; order++) list_init(&z->blocks[order]);
  z->available = 0;
}

static uint64_t buddy_alloc(struct zone *z, unsigned order)
{
  unsigned fit = z->available & ~((1u << order) - 1);
  if (!fit) return UINT64_MAX;
  unsigned from = (unsigned)__builtin_ctz(fit);
  uint64_t rel = (uint64_t)(list_first(&z->blocks[from], struct page, link) - z->pages);
  take(z, rel);
  while (from > order) {
    from--;
    push(z, rel + (1ull << from), from);
  }
  struct page *p = &z->pages[rel];
  p->state = PAGE_ALLOCATED;
  p->order = (uint8_t)order;
  return z->base + rel;
}

static void join(struct zone *z, uint64_t rel, unsigned order)
{
  for (; order < PMM_MAX_ORDER; order++) {
    uint64_t buddy = rel ^ (1ull << order);
    if (buddy + (1ull << order) > z->frames) break;
    struct page *b = &z->pages[buddy];
    if (b->state != PAGE_FREE_HEAD || b->order != order) break;
    take(z, buddy);
    z->pages[rel].state = PAGE_FREE_TAIL;
    rel &= ~(1ull << order);
  }
  push(z, rel, order);
}

static void buddy_free(struct zone *z, uint64_t frame, unsigned order)
{
  uint64_t rel = frame - z->base;
  struct page *p = &z->pages[rel];
  if (p->state != PAGE_ALLOCATED || p->order != order)
    panic("bad free of page 0x%llx order %u: %s", (unsigned long long)frame << PAGE_SHIFT, order,
          p->state == PAGE_ALLOCATED ? "another order" : "not allocated");
  join(z, rel, order);
}

static void buddy_add(struct zone *z, uint64_t frame, uint64_t count)
{
  uint64_t rel = frame - z->base, end = rel + count;
  for (uint64_t i = rel; i < end; i++) z->pages[i].state = PAGE_FREE_TAIL;
  while (rel < end) {
    unsigned order = rel ? (unsigned)MIN(__builtin_ctzll(rel), PMM_MAX_ORDER) : PMM_MAX_ORDER;
    while ((1ull << order) > end - rel) order--;
    join(z, rel, order);
    rel += 1ull << order;
  }
}

const struct pmm_ops buddy_ops = {
  .name = "buddy", .init = buddy_init, .add = buddy_add, .alloc = buddy_alloc, .free = buddy_free,
};
