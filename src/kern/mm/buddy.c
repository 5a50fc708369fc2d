/*
 * Buddy allocation. A block of order k is 2^k frames and begins at a multiple of 2^k, counted from the zone's base, so an
 * unaligned base is no matter. Its buddy, the block it was split from or will merge with, is found by flipping bit k of its
 * number. Free blocks of an order are on a list through their descriptors; free memory itself is not touched.
 */
#include "pmm_ops.h"

struct buddy {
  uint32_t head[PMM_ORDERS];  /* FRAME_NONE: empty */
  uint32_t count[PMM_ORDERS]; /* blocks on the list */
  uint32_t nonempty;          /* bit k: head[k] is not */
};

static size_t buddy_state_size(uint32_t frames)
{
  (void)frames;
  return sizeof(struct buddy);
}

static void buddy_init(struct zone *z)
{
  struct buddy *b = z->state;
  for (unsigned k = 0; k < PMM_ORDERS; k++) b->head[k] = FRAME_NONE;
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
  b->count[order]++;
  b->nonempty |= 1u << order;
}

static void block_remove(struct zone *z, uint32_t frame, unsigned order)
{
  struct buddy *b = z->state;
  struct page *p = &z->pages[frame];
  p->state = PAGE_TAKEN;
  b->count[order]--;
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
  z->pages[frame].state = PAGE_TAKEN; /* merged below another, it heads no block any more */
  for (; order < PMM_MAX_ORDER; order++) {
    uint32_t other = frame ^ (1u << order);
    if (other >= z->frames || page_state(&z->pages[other]) != PAGE_FREE || z->pages[other].order != order) break;
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

/* The first frame of the free block a frame is in, and its order; FRAME_NONE: it is in none. */
static uint32_t block_around(const struct zone *z, uint32_t frame, unsigned *order)
{
  for (*order = 0; *order < PMM_ORDERS; ++*order) {
    uint32_t head = frame >> *order << *order;
    if (z->pages[head].state == PAGE_FREE && z->pages[head].order == *order) return head;
  }
  return FRAME_NONE;
}

static bool buddy_span(const struct zone *z, uint32_t frame, uint32_t *count)
{
  unsigned order;
  uint32_t head = block_around(z, frame, &order);
  *count = head == FRAME_NONE ? 1 : head + (1u << order) - frame;
  return head != FRAME_NONE;
}

static void buddy_take(struct zone *z, uint32_t first, uint32_t count)
{
  for (uint32_t end = first + count; first < end;) {
    unsigned order;
    uint32_t head = block_around(z, first, &order), block_end = head + (1u << order), part_end = MIN(end, block_end);
    block_remove(z, head, order);
    buddy_add(z, head, first - head);
    buddy_add(z, part_end, block_end - part_end);
    first = part_end;
  }
}

static void buddy_count(const struct zone *z, uint64_t blocks[PMM_ORDERS])
{
  const struct buddy *b = z->state;
  for (unsigned k = 0; k < PMM_ORDERS; k++) blocks[k] = b->count[k];
}

const struct pmm_ops pmm_buddy_ops = {
  .name = "buddy",
  .state_size = buddy_state_size,
  .init = buddy_init,
  .add = buddy_add,
  .take = buddy_take,
  .alloc = buddy_alloc,
  .free = buddy_free,
  .span = buddy_span,
  .count = buddy_count,
};
