/* What the kernel's memory costs: pages, heap, page tables. See kbench.h. */
#include "kbench.h"
#include "mixed.h"
#include <kern/kmem.h>
#include <kern/ktest.h>
#include <kern/pmap.h>
#include <kern/pmm.h>
#include <kern/print.h>

/* ---- so many taken, then all given back ---- */

#define HELD 256u

static void page_work(uint64_t count)
{
  static paddr_t page[HELD];
  unsigned n = 0;
  for (; n < count && pmm_alloc_page(PMM_KERNEL, &page[n]) == 0; n++) continue;
  while (n > 0) pmm_free_page(page[--n]);
}

static void block_work(uint64_t count)
{
  static paddr_t block[HELD];
  unsigned n = 0;
  for (; n < count && pmm_alloc(PMM_KERNEL, 2, &block[n]) == 0; n++) continue;
  while (n > 0) pmm_free(block[--n], 2);
}

/* By the allocator that "pmm=" chose. */
KTEST(bench_pages)
{
  struct samples s;
  struct pmm_zone_stats zone;
  char name[24];

  pmm_get_zone_stats(PMM_KERNEL, &zone);
  kbench_measure(&s, page_work, HELD);
  format_text(name, sizeof name, "page_%s", zone.allocator);
  kbench_report(name, &s, HELD);
  kbench_measure(&s, block_work, HELD);
  format_text(name, sizeof name, "block_%s", zone.allocator);
  kbench_report(name, &s, HELD);
}

static size_t heap_size;

static void heap_work(uint64_t count)
{
  static void *object[HELD];
  unsigned n = 0;
  for (; n < count; n++) object[n] = kmalloc(heap_size);
  while (n > 0) kfree(object[--n]);
}

KTEST(bench_heap)
{
  static const struct {
    size_t size;
    const char *name;
  } runs[] = {{64, "kmalloc_64"}, {1024, "kmalloc_1024"}};
  struct samples s;

  for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
    heap_size = runs[i].size;
    kbench_measure(&s, heap_work, HELD);
    kbench_report(runs[i].name, &s, HELD);
  }
}

/* ---- the heap, full of objects of all sizes ---- */

static struct mixed_step *plan;
static void **live;

static void *take(size_t size)
{
  return kmalloc(size);
}

static void replace_work(uint64_t count)
{
  mixed_work(plan, live, count, take, kfree);
}

KTEST(bench_heap_mixed)
{
  struct samples s;
  plan = kmalloc(MIXED_STEPS * sizeof *plan);
  live = kcalloc(MIXED_LIVE, sizeof *live);
  ktest_check(plan && live);
  mixed_plan(plan);
  replace_work(MIXED_STEPS);
  kbench_measure(&s, replace_work, MIXED_STEPS);
  for (unsigned i = 0; i < MIXED_LIVE; i++) kfree(live[i]);
  kfree(live);
  kfree(plan);
  kbench_report("kmalloc_mixed", &s, MIXED_STEPS);
}

/* ---- page tables: a range of 2 MiB, mapped by small pages, because it is congruent to none larger ---- */

#define RANGE_AT GIB(1)
#define RANGE_PA (MIB(16) + PAGE_SIZE)

static struct pmap tables;
static int range_error;

static void map_work(uint64_t ranges)
{
  for (uint64_t i = 0; i < ranges; i++)
    range_error |= pmap_map_range(&tables, RANGE_AT + i * MIB(2), RANGE_PA, MIB(2), PMAP_USER);
}

static void protect_work(uint64_t ranges)
{
  for (uint64_t i = 0; i < ranges; i++)
    range_error |=
      pmap_protect_range(&tables, RANGE_AT + i * MIB(2), RANGE_AT + (i + 1) * MIB(2), PMAP_USER | PMAP_WRITE);
}

static void unmap_work(uint64_t ranges)
{
  for (uint64_t i = 0; i < ranges; i++)
    range_error |= pmap_unmap_range(&tables, RANGE_AT + i * MIB(2), RANGE_AT + (i + 1) * MIB(2));
}

KTEST(bench_ranges)
{
  static struct samples map, protect, unmap;
  ktest_check(pmap_create(&tables) == 0);
  range_error = 0;
  for (unsigned i = 0; i < ROUNDS; i++) {
    kbench_sample(&map, i, map_work, 8);
    kbench_sample(&protect, i, protect_work, 8);
    kbench_sample(&unmap, i, unmap_work, 8);
  }
  pmap_destroy(&tables);
  ktest_check(range_error == 0);
  kbench_report("range_map", &map, 8);
  kbench_report("range_protect", &protect, 8);
  kbench_report("range_unmap", &unmap, 8);
}
