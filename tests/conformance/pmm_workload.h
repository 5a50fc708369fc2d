/*
 * One random workload for all algorithms of the page allocator at once, each on a zone of its own: the same allocations,
 * ranges, reservations and frees, each step compared with a plain model (a byte a frame, a list of what is live).
 *
 * The algorithms place blocks where they like, so what is free differs between them, and with it what still fits. Therefore:
 *   - an algorithm finds something exactly when its own model has room, where and aligned as it must be, never over another;
 *   - a single frame is found by all or by none; all have the same number of free frames after every step: what one of them
 *     cannot place, the others give back at once (counted as split);
 *   - when everything is given back, each has the free blocks by order that it began with, which are those of the model.
 */
#ifndef TESTS_PMM_WORKLOAD_H
#define TESTS_PMM_WORKLOAD_H

#include <kern/types.h>

#define WORKLOAD_ALGORITHMS 3

struct pmm_workload {
  uint64_t seed;
  uint32_t steps;
  /* results */
  const char *failed; /* what was not as it must be; null: nothing */
  uint32_t at;        /* in which step */
  unsigned algorithm; /* of which algorithm */
  uint32_t placed, refused, split;
  uint64_t hash[WORKLOAD_ALGORITHMS]; /* of all results: the same seed gives the same */
};

/* Bytes of memory it wants for itself. */
size_t pmm_workload_size(void);
/* True when nothing failed. */
bool pmm_workload_run(struct pmm_workload *w, void *memory);

#endif
