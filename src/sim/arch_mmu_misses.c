/* What address spaces need: see mmu.h. */
#include "mmu.h"

#define SPACES 8u
#define DOUBT_EVERY 4u /* recalls after which the oldest is forgotten */

static struct working_set {
  paddr_t root;
  unsigned next, recalls;
  size_t missed[MMU_MISSES]; /* page + 1; 0: none */
} spaces[SPACES];

static struct working_set *working_set(paddr_t root)
{
  for (unsigned i = 0; i < SPACES; i++)
    if (spaces[i].root == root) return &spaces[i];
  return NULL;
}

void mmu_miss_note(paddr_t root, size_t page)
{
  static unsigned oldest;
  struct working_set *set = working_set(root);
  if (!set) {
    set = &spaces[oldest++ % SPACES];
    *set = (struct working_set){.root = root};
  }
  for (unsigned i = 0; i < MMU_MISSES; i++)
    if (set->missed[i] == page + 1) return;
  for (unsigned i = 0; i < MMU_MISSES; i++) {
    if (set->missed[i]) continue;
    set->missed[i] = page + 1;
    return;
  }
  set->missed[set->next++ % MMU_MISSES] = page + 1;
}

size_t mmu_misses_recall(paddr_t root, size_t pages[MMU_MISSES])
{
  struct working_set *set = working_set(root);
  size_t n = 0;
  if (!set) return 0;
  if (++set->recalls % DOUBT_EVERY == 0) set->missed[set->recalls / DOUBT_EVERY % MMU_MISSES] = 0;
  for (unsigned i = 0; i < MMU_MISSES; i++)
    if (set->missed[i]) pages[n++] = set->missed[i] - 1;
  return n;
}
