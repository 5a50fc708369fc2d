/*
 * What the parts of the page allocator know of zones: pmm.c (pages and blocks), pmm_range.c (ranges), pmm_stats.c. Frames are
 * counted from the zone's base.
 */
#ifndef MM_PMM_ZONE_H
#define MM_PMM_ZONE_H

#include "pmm_ops.h"

#include <kern/junk.h>

/* A table, so that the address is loaded once instead of being computed at each use. */
static inline struct zone *zone_of_owner(enum pmm_owner owner)
{
  static struct zone *const zones[PMM_ZONES] = {&pmm_zones[PMM_KERNEL], &pmm_zones[PMM_USER]};
  return zones[owner % PMM_ZONES];
}

/* `count` frames changed from free to the owner's; negative: back. lock held. */
static inline void zone_account(struct zone *z, enum pmm_owner owner, int32_t count)
{
  z->free -= (uint32_t)count;
  z->cache[cpu_self()->id].owned[owner / PMM_ZONES] += count;
}

/* The frames, which nobody else knows of any more, become an allocated block or range. */
void zone_hand_out(struct zone *z, uint32_t frame, uint32_t count, unsigned order, enum pmm_owner owner);

/* The zone and first frame of an allocated range, which is nobody's now. Panics when it is none. */
struct zone *zone_take_back(paddr_t pa, uint32_t *frame);

/* Fills frames that are about to be free with the free pattern. */
void zone_junk(struct zone *z, uint32_t frame, uint32_t count);

/* Gives the single frames this processor kept back to the algorithm. */
void zone_drain_own(struct zone *z);

/* The first of `count` > 0 free frames that lie together, all below frame `limit`, at a physical address that is a multiple
 * of `align` bytes, a power of two and at least a page; FRAME_NONE when there are none. lock held. */
uint32_t zone_find_run(const struct zone *z, uint32_t count, uint64_t align, uint32_t limit);

/* Whether [first, first + count) are all free; the zone has so many. lock held. */
bool zone_run_is_free(const struct zone *z, uint32_t first, uint32_t count);

#endif
