/*
 * Buddy allocation. A block of order k is 2^k frames and begins at a multiple of 2^k, counted from the zone's base, so an
 * unaligned base is no matter. Its buddy, the block it was split from or will merge with, is found by flipping bit k of its
 * number. Free blocks of an order are on a list through their descriptors; free memory itself is not touched.
 */
#include "pmm_ops.h"

#define ORDERS (PMM_MAX_ORDER + 1)

struct buddy {
  uint32_t head[ORDERS]; /* FRAME_NONE: empty */
  uint32_t nonempty;     /* bit k: head[k] is not */
};

static size_t buddy_state_size(uint32_t frames)
{
  (void)frames;
  return sizeof(struct buddy);
}

static void buddy_init(struct zone *z)
{
  struct buddy *b = z->state;
  for (unsigned k = 0; k < ORDERS; k++) b->head[k] = FRAME_NONE;
  b->nonempty = 0;
}

static void block_push(struct zone *z, uint32_t frame, unsigned order)
{
  struct buddy *b = z->state;
  struct page *p = &z->pages[frame];
  p->state = PAGE_FREE;
  p->order = (uint8_t)order;
  p->prev = FRAME_NONE;
  p->next = b->head[order];
  if (p->next != FRAME_NONE) z->pages[p->next].prev = frame;
  b->head[order] = frame;
  b->nonempty |= 1u << order;
}

static void block_remove(struct zone *z, uint32_t frame, unsigned order)
{
  struct buddy *b = z->state;
  struct page *p = &z->pages[frame];
  p->state = PAGE_RESERVED;
  if (p->next != FRAME_NONE) z->pages[p->next].prev = p->prev;
  if (p->prev != FRAME_NONE) {
    z->pages[p->prev].next = p->next;
    return;
  }
  b->head[order] = p->next;
  if (p->next == FRAME_NONE) b->nonempty &= ~(1u << order);
}

static uint32_t buddy_alloc(struct zone *z, unsigned order)
{
  struct buddy *b = z->state;
  uint32_t fitting = b->nonempty >> order << order;
  if (!fitting) return FRAME_NONE;
  unsigned k = (unsigned)__builtin_ctz(fitting);
  uint32_t frame = b->head[k];
  block_remove(z, frame, k);
  while (k > order) {
    k--;
    block_push(z, frame + (1u << k), k);
  }
  return frame;
}

static void buddy_free(struct zone *z, uint32_t frame, unsigned order)
{
  z->pages[frame].state = PAGE_RESERVED; /* merged below another, it heads no block any more */
  for (; order < PMM_MAX_ORDER; order++) {
    uint32_t other = frame ^ (1u << order);
    if (other >= z->frames || z->pages[other].state != PAGE_FREE || z->pages[other].order != order) break;
    block_remove(z, other, order);
    frame &= other;
  }
  block_push(z, frame, order);
}

static void buddy_add(struct zone *z, uint32_t first, uint32_t count)
{
  while (count > 0) {
    unsigned order = first ? (unsigned)__builtin_ctz(first) : PMM_MAX_ORDER;
    unsigned fits = 31u - (unsigned)__builtin_clz(count);
    order = MIN(MIN(order, fits), (unsigned)PMM_MAX_ORDER);
    buddy_free(z, first, order);
    first += 1u << order;
    count -= 1u << order;
  }
}

const struct pmm_ops buddy_ops = {
  .name = "buddy",
  .state_size = buddy_state_size,
  .init = buddy_init,
  .add = buddy_add,
  .alloc = buddy_alloc,
  .free = buddy_free,
};
