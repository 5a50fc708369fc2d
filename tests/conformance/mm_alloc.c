/* Pages, heap and guarded ranges inside the running kernel. */
#include "pmm_workload.h"
#include <kern/alloc_fault.h>
#include <kern/arch.h>
#include <kern/kmem.h>
#include <kern/ktest.h>
#include <kern/log.h>
#include <kern/pmm.h>
#include <kern/string.h>
#include <kern/trap.h>

/* Everything of a zone, chained through the pages' own words. */
static paddr_t take_all(enum pmm_owner zone, uint64_t *count)
{
  paddr_t chain = 0, pa;
  for (*count = 0; pmm_alloc_page(zone, &pa) == 0; ++*count) {
    *(paddr_t *)phys_to_virt(pa) = chain;
    chain = pa;
  }
  return chain;
}

static void give_all(paddr_t chain)
{
  while (chain) {
    paddr_t pa = chain;
    chain = *(paddr_t *)phys_to_virt(pa);
    pmm_free_page(pa);
  }
}

KTEST(mm_pages_all_come_back)
{
  uint64_t first, second;
  struct pmm_stats before, after;
  pmm_get_stats(&before);
  give_all(take_all(PMM_USER, &first));
  give_all(take_all(PMM_USER, &second));
  pmm_get_stats(&after);
  ktest_check(first == before.zone_free[PMM_USER]);
  ktest_check(second == first);
  ktest_check(after.zone_free[PMM_USER] == before.zone_free[PMM_USER]);
}

KTEST(mm_zones_are_apart)
{
  uint64_t count;
  paddr_t highest_kernel, pa, chain = take_all(PMM_USER, &count);
  bool kernel_works = pmm_alloc_page(PMM_KERNEL, &highest_kernel) == 0;
  if (kernel_works) pmm_free_page(highest_kernel);
  bool user_is_empty = pmm_alloc_page(PMM_USER, &pa) == -ENOMEM;
  void *heap = kmalloc(100);
  kfree(heap);
  give_all(chain);
  ktest_check(kernel_works && user_is_empty && heap);
}

KTEST(mm_blocks_of_every_order)
{
  struct pmm_stats before, after;
  pmm_get_stats(&before);
  for (unsigned order = 0; order <= PMM_MAX_ORDER; order++) {
    paddr_t pa;
    if (pmm_alloc(PMM_USER, order, &pa) != 0) continue; /* a small machine has no large blocks */
    memset(phys_to_virt(pa), 0x5A, (size_t)PAGE_SIZE << order);
    pmm_free(pa, order);
  }
  pmm_get_stats(&after);
  ktest_check(memcmp(&before, &after, sizeof after) == 0);
}

KTEST(mm_allocators_agree)
{
  struct pmm_workload w = {.seed = 3, .steps = 20000}, again = w;
  void *memory = kmalloc(pmm_workload_size());
  ktest_check(memory);
  bool agree = pmm_workload_run(&w, memory), agree_again = pmm_workload_run(&again, memory);
  kfree(memory);
  if (!agree) log_warn("step %u, algorithm %u: %s", w.at, w.algorithm, w.failed);
  ktest_check(agree && agree_again && w.placed > w.steps / 4);
  ktest_check(memcmp(w.hash, again.hash, sizeof w.hash) == 0);
}

#define LIVE 256u

KTEST(mm_heap_stress)
{
  static uint8_t *live[LIVE];
  static size_t sizes[LIVE];
  struct kmem_stats before, after;
  uint32_t random = 12345;
  kmem_get_stats(&before);
  for (unsigned step = 0; step < 20000; step++) {
    random = random * 1664525u + 1013904223u;
    unsigned i = random >> 24;
    if (live[i]) {
      ktest_check(live[i][0] == (uint8_t)i && live[i][sizes[i] - 1] == (uint8_t)i);
      kfree(live[i]);
      live[i] = NULL;
      continue;
    }
    sizes[i] = 1 + (random >> 8) % (step % 32 ? 1024 : 20000);
    live[i] = kmalloc(sizes[i]);
    ktest_check(live[i]);
    live[i][0] = live[i][sizes[i] - 1] = (uint8_t)i;
  }
  for (unsigned i = 0; i < LIVE; i++) {
    kfree(live[i]);
    live[i] = NULL;
  }
  kmem_get_stats(&after);
  ktest_check(after.objects == before.objects);
  ktest_check(after.heap_bytes == before.heap_bytes);
}

KTEST(mm_heap_gives_pages_back)
{
  static void *p[200];
  struct pmm_stats before, after;
  kmem_reclaim();
  pmm_get_stats(&before);
  for (unsigned i = 0; i < ARRAY_SIZE(p); i++) p[i] = kmalloc(1000);
  for (unsigned i = 0; i < ARRAY_SIZE(p); i++) kfree(p[i]);
  kmem_reclaim();
  pmm_get_stats(&after);
  ktest_check(after.zone_free[PMM_KERNEL] == before.zone_free[PMM_KERNEL]);
}

static void read_byte(void *p)
{
  (void)*(volatile uint8_t *)p;
}

static void write_byte(void *p)
{
  *(volatile uint8_t *)p = 1;
}

static bool faults_at(void (*access)(void *), uint8_t *p, unsigned kind)
{
  struct trap_info info;
  return ktest_expect_trap(access, p, &info) && info.kind == TRAP_PAGE_FAULT && info.addr == (vaddr_t)p &&
         info.access == kind && !info.user;
}

KTEST(mm_guards_fault)
{
  void *block;
  ktest_check(kva_alloc_guarded(2, &block) == 0);
  uint8_t *p = block;
  memset(p, 0x33, 2 * PAGE_SIZE);
  bool below = faults_at(read_byte, p - 1, ACCESS_READ), above = faults_at(write_byte, p + 2 * PAGE_SIZE, ACCESS_WRITE);
  bool kept = p[0] == 0x33 && p[2 * PAGE_SIZE - 1] == 0x33;
  kva_free_guarded(block, 2);
  ktest_check(below && above && kept);
  ktest_check(faults_at(read_byte, p, ACCESS_READ)); /* gone, also from the TLB */
}

/* Of few pages, which are flushed one by one, and of many. */
KTEST(mm_large_objects_fault_after_free)
{
  static const size_t pages[] = {3, 64};
  for (unsigned i = 0; i < ARRAY_SIZE(pages); i++) {
    uint8_t *p = kmalloc(pages[i] * PAGE_SIZE);
    ktest_check(p);
    p[PAGE_SIZE] = 1;
    kfree(p);
    ktest_check(faults_at(read_byte, p + PAGE_SIZE, ACCESS_READ));
  }
}

/* So many ranges that the descriptions in stock run out: more are wanted, and not to be had at first. */
KTEST(mm_ranges_that_cannot_be_described)
{
  static void *block[300];
  bool good = true;
  for (unsigned i = 0; i < ARRAY_SIZE(block); i++) {
    alloc_fault_arm(2, true); /* the first page behind the block, or before it the descriptions */
    int err = kva_alloc_guarded(1, &block[i]);
    alloc_fault_arm(0, false);
    good = good && err == -ENOMEM;
    if (err != 0 && kva_alloc_guarded(1, &block[i]) != 0) block[i] = NULL;
    good = good && block[i];
  }
  for (unsigned i = 0; i < ARRAY_SIZE(block); i++)
    if (block[i]) kva_free_guarded(block[i], 1);
  ktest_check(good);
}

KTEST(mm_failures_change_nothing)
{
  for (uint64_t n = 1;; n++) {
    struct pmm_stats before, after;
    void *block;
    kmem_reclaim();
    pmm_get_stats(&before);
    alloc_fault_arm(n, true);
    int err = kva_alloc_guarded(3, &block);
    uint64_t failures = alloc_fault_failures();
    alloc_fault_arm(0, false);
    if (err == 0) kva_free_guarded(block, 3);
    pmm_get_stats(&after);
    ktest_check(err == (failures ? -ENOMEM : 0));
    ktest_check(after.zone_free[PMM_KERNEL] == before.zone_free[PMM_KERNEL]);
    if (failures == 0) break;
  }
}
