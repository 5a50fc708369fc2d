/*
 * The page array: no structure but the frames' descriptors, whose states are searched one after the other, from the zone's
 * base on. Finding a block costs a look at every frame before it, so this is for comparing and for distrusting the others,
 * not for speed.
 */
#include "pmm_ops.h"

static size_t array_state_size(uint32_t frames)
{
  (void)frames;
  return 0;
}

static void array_init(struct zone *z)
{
  (void)z;
}

static void mark(struct zone *z, uint32_t first, uint32_t count, enum page_state state)
{
  for (uint32_t i = first; i < first + count; i++) z->pages[i].state = (uint8_t)state;
}

static void array_add(struct zone *z, uint32_t first, uint32_t count)
{
  mark(z, first, count, PAGE_FREE);
}

static void array_take(struct zone *z, uint32_t first, uint32_t count)
{
  mark(z, first, count, PAGE_TAKEN);
}

static bool array_span(const struct zone *z, uint32_t frame, uint32_t *count)
{
  bool is_free = z->pages[frame].state == PAGE_FREE;
  uint32_t n = 1;
  while (frame + n < z->frames && (z->pages[frame + n].state == PAGE_FREE) == is_free) n++;
  *count = n;
  return is_free;
}

static uint32_t array_alloc(struct zone *z, unsigned order)
{
  uint32_t size = 1u << order;
  for (uint64_t frame = 0; frame + size <= z->frames; frame += size) {
    uint32_t n = 0;
    while (n < size && z->pages[frame + n].state == PAGE_FREE) n++;
    if (n < size) continue;
    mark(z, (uint32_t)frame, size, PAGE_TAKEN);
    return (uint32_t)frame;
  }
  return FRAME_NONE;
}

static void array_free(struct zone *z, uint32_t frame, unsigned order)
{
  mark(z, frame, 1u << order, PAGE_FREE);
}

const struct pmm_ops pmm_array_ops = {
  .name = "array",
  .state_size = array_state_size,
  .init = array_init,
  .add = array_add,
  .take = array_take,
  .alloc = array_alloc,
  .free = array_free,
  .span = array_span,
  .count = zone_count_blocks,
};
