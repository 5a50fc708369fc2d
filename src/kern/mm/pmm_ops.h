/*
 * The interface between the page allocator (pmm.c: zones, locks, checks, statistics) and the algorithm that finds free
 * blocks in one zone: buddy.c, bitmap.c, pagearray.c. Everything here is called with the zone's lock held and counts in
 * frames from the zone's base.
 */
#ifndef MM_PMM_OPS_H
#define MM_PMM_OPS_H

#include <kern/cpu.h>
#include <kern/pmm.h>
#include <kern/spinlock.h>

#define FRAME_NONE UINT32_MAX

enum page_state {
  PAGE_RESERVED,  /* not the allocator's: a hole, the kernel, a boot allocation */
  PAGE_FREE,      /* buddy: first frame of a free block; page array: a free frame; bitmap: unused */
  PAGE_ALLOCATED, /* first frame of an allocated block or range */
  PAGE_CACHED,    /* a single free frame that a processor keeps for itself */
  PAGE_TAKEN,     /* no longer free: inside a block, or on its way to one of the two before */
};

#define PAGE_JUNKED 0x1u /* carries the free pattern (debug builds) */

#define ORDER_RANGE 0xFFu /* the order of what pmm_alloc_range and pmm_reserve_pages took: `next` frames */

/* One a frame, from the zone's base on, holes included. */
struct page {
  uint32_t next, prev; /* the algorithm's, in a free block */
  uint8_t state;       /* enum page_state; page_state and page_set_state where the zone's lock is not held */
  uint8_t order;       /* of the block, in its first frame */
  uint8_t flags;       /* PAGE_* */
  uint8_t owner;       /* enum pmm_owner of an allocated block */
  uint32_t refs;       /* atomic; users of an allocated block */
};
_Static_assert(sizeof(struct page) == 16, "descriptors cost 16 bytes a frame");

/* A block that is freed looks whether its neighbour is free while that one, which is not, goes from hand to hand. */
static inline enum page_state page_state(const struct page *p)
{
  return (enum page_state)__atomic_load_n(&p->state, __ATOMIC_RELAXED);
}

static inline void page_set_state(struct page *p, enum page_state state)
{
  __atomic_store_n(&p->state, (uint8_t)state, __ATOMIC_RELAXED);
}

struct pmm_ops;

/* What a processor has of a zone for itself, used with interrupts disabled: single frames it can hand out and take back
 * without the zone's lock, and its share of the counts of pages by owner. */
#define FRAME_CACHE_MAX 32u
#define FRAME_CACHE_ORDER 4u /* they come in blocks of up to this order, and go back as many at once */
struct frame_cache {
  uint32_t count;
  uint32_t frame[FRAME_CACHE_MAX];
  int64_t owned[PMM_OWNERS / PMM_ZONES]; /* handed out less taken back here; all processors' together count */
} __attribute__((aligned(64)));          /* no cache line is two processors' */

struct zone {
  struct spinlock lock;
  const struct pmm_ops *ops;
  paddr_t base;
  uint32_t frames;      /* span, holes included */
  struct page *pages;   /* lock; [frames] */
  void *state;          /* lock; the algorithm's */
  uint32_t total, free; /* lock; frames given by add; of these, free in the algorithm */
  struct frame_cache cache[MAX_CPUS];
};

struct pmm_ops {
  const char *name;
  /* Bytes it wants for a zone of that span; handed over zeroed in zone->state. */
  size_t (*state_size)(uint32_t frames);
  void (*init)(struct zone *z);
  /* The frames [first, first + count), none of them free, become free. */
  void (*add)(struct zone *z, uint32_t first, uint32_t count);
  /* The frames [first, first + count), all of them free, are taken. */
  void (*take)(struct zone *z, uint32_t first, uint32_t count);
  /* The first frame of a block of 2^order, a multiple of 2^order; FRAME_NONE when there is none. */
  uint32_t (*alloc)(struct zone *z, unsigned order);
  /* What alloc answered, with the same order. */
  void (*free)(struct zone *z, uint32_t frame, unsigned order);
  /* Whether the frame is free, and how many from it on are alike; perhaps more are. At least 1, none past the zone. */
  bool (*span)(const struct zone *z, uint32_t frame, uint32_t *count);
  /* How many free blocks there are by order, when neighbours are merged into the largest aligned blocks. */
  void (*count)(const struct zone *z, uint64_t blocks[PMM_ORDERS]);
};

extern const struct pmm_ops pmm_buddy_ops, pmm_bitmap_ops, pmm_array_ops;

extern struct zone pmm_zones[PMM_ZONES];

/* `count` by way of `span`: looks at every frame. */
void zone_count_blocks(const struct zone *z, uint64_t blocks[PMM_ORDERS]);

#endif
