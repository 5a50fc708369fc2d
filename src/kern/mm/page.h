/* The page descriptors and zones behind kern/pmm.h; private to mm/. */
#ifndef KERN_MM_PAGE_H
#define KERN_MM_PAGE_H

#include <kern/list.h>
#include <kern/pmm.h>
#include <kern/spinlock.h>

enum page_state { PAGE_RESERVED = 0, PAGE_FREE_HEAD, PAGE_FREE_TAIL, PAGE_ALLOCATED };

/* One a frame, 24 bytes. Zone lock. */
struct page {
  struct list link; /* free heads: the order's list */
  uint8_t state;    /* enum page_state */
  uint8_t order;    /* of the block this page heads */
  uint8_t marked;   /* debug: was freed, carries the free mark in its first words */
  uint8_t unused[5];
};

struct zone {
  struct spinlock lock;
  const struct pmm_ops *ops;
  uint64_t base;                         /* first frame number; buddies are relative to it */
  uint64_t frames;                       /* span, holes included */
  uint64_t total, free;                  /* lock; pages */
  struct list blocks[PMM_MAX_ORDER + 1]; /* lock; buddy's free lists */
  unsigned available;                    /* lock; a bit an order with free blocks */
  struct page *pages;                    /* descriptor of `base` */
};

/* An allocator: everything is called with the zone locked. */
struct pmm_ops {
  const char *name;
  void (*init)(struct zone *z);
  /* Frames [frame, frame + count) of the zone become free. */
  void (*add)(struct zone *z, uint64_t frame, uint64_t count);
  /* First frame of a block, or UINT64_MAX. */
  uint64_t (*alloc)(struct zone *z, unsigned order);
  void (*free)(struct zone *z, uint64_t frame, unsigned order);
};

extern const struct pmm_ops buddy_ops;

#endif
