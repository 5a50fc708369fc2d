/* The heap: ranges of addresses, caches, kmalloc, guarded ranges; misuse is found; everything comes back. */
#include "rig.h"

#include <kern/alloc_fault.h>
#include <kern/kasan.h>
#include <kern/kmem.h>
#include <kern/mm/vrange.h>
#include <kern/pmm.h>
#include <string.h>

/* ---- ranges ---- */

#define RANGE_PAGES 4096u
#define RANGE_BASE 0x1000000u
#define RANGES 300u

static struct {
  bool taken[RANGE_PAGES];
  struct {
    vaddr_t base;
    size_t pages;
  } range[RANGES];
  unsigned n;
} ranges;

static void range_take(struct vrange_arena *a)
{
  size_t pages = 1 + rig_random(rig_random(8) ? 12 : 200), align = PAGE_SIZE << rig_random(5);
  vaddr_t base = vrange_alloc(a, pages, align);
  size_t first = 0; /* the lowest place that fits, by looking at every one */
  for (size_t run = 0; run < pages && first + pages <= RANGE_PAGES;) {
    if (!IS_ALIGNED(RANGE_BASE + first * PAGE_SIZE, align) || ranges.taken[first + run]) {
      first++;
      run = 0;
    } else {
      run++;
    }
  }
  if (first + pages > RANGE_PAGES) {
    ck_assert_uint_eq(base, 0);
    return;
  }
  ck_assert_uint_eq(base, RANGE_BASE + first * PAGE_SIZE);
  memset(&ranges.taken[first], true, pages);
  ranges.range[ranges.n].base = base;
  ranges.range[ranges.n++].pages = pages;
}

static void range_give(struct vrange_arena *a)
{
  unsigned i = (unsigned)rig_random(ranges.n);
  vaddr_t base = ranges.range[i].base;
  size_t pages = ranges.range[i].pages;
  ranges.range[i] = ranges.range[--ranges.n];
  memset(&ranges.taken[(base - RANGE_BASE) / PAGE_SIZE], false, pages);
  vrange_free(a, base, pages);
}

START_TEST(ranges_are_first_fit_and_coalesce)
{
  static struct vrange nodes[2 * RANGES];
  struct vrange_arena a;
  vrange_init(&a);
  ck_assert(vrange_wants_nodes(&a));
  vrange_donate(&a, nodes, sizeof nodes);
  vrange_add(&a, RANGE_BASE, RANGE_PAGES);
  for (unsigned step = 0, steps = stress(20000); step < steps; step++) {
    bool grow = rig_random(100) < (step % 4000 < 2000 ? 70u : 30u);
    if (grow && ranges.n < RANGES)
      range_take(&a);
    else if (ranges.n > 0)
      range_give(&a);
  }
  while (ranges.n > 0) range_give(&a);
  ck_assert_uint_eq(vrange_alloc(&a, RANGE_PAGES, PAGE_SIZE), RANGE_BASE); /* one range again */
  ck_assert_uint_eq(vrange_alloc(&a, 1, PAGE_SIZE), 0);
}
END_TEST

START_TEST(without_nodes_nothing_is_handed_out)
{
  static struct vrange nodes[3];
  struct vrange_arena a;
  vrange_init(&a);
  vrange_donate(&a, nodes, sizeof nodes);
  vrange_add(&a, RANGE_BASE, 16);
  vaddr_t first = vrange_alloc(&a, 1, PAGE_SIZE);
  ck_assert_uint_eq(first, RANGE_BASE);
  ck_assert(vrange_wants_nodes(&a));
  ck_assert_uint_eq(vrange_alloc(&a, 1, PAGE_SIZE), 0);
  vrange_free(&a, first, 1); /* giving back needs no memory */
  ck_assert_uint_eq(vrange_alloc(&a, 16, PAGE_SIZE), RANGE_BASE);
}
END_TEST

START_TEST(range_freed_twice_halts)
{
  static struct vrange nodes[10];
  struct vrange_arena a;
  vrange_init(&a);
  vrange_donate(&a, nodes, sizeof nodes);
  vrange_add(&a, RANGE_BASE, 16);
  vaddr_t base = vrange_alloc(&a, 4, PAGE_SIZE);
  vrange_alloc(&a, 4, PAGE_SIZE);
  vrange_free(&a, base, 4);
  rig.halt_says = "which are free";
  vrange_free(&a, base, 4);
}
END_TEST

/* ---- kmalloc ---- */

struct usage {
  struct pmm_stats pages;
  struct kmem_stats heap;
};

static struct usage usage(void)
{
  struct usage u;
  memset(&u, 0, sizeof u);
  kmem_reclaim();
  pmm_get_stats(&u.pages);
  kmem_get_stats(&u.heap);
  return u;
}

/* The lists of address ranges keep a page for a hundred ranges at their longest. */
#define LIST_PAGES_MAX 10u

static void usage_is_back_but(const struct usage *before, uint64_t list_pages)
{
  struct usage now = usage();
  ck_assert_uint_eq(now.heap.objects, before->heap.objects);
  ck_assert_uint_eq(now.heap.heap_bytes, before->heap.heap_bytes);
  ck_assert_uint_eq(now.heap.heap_pages, before->heap.heap_pages);
  ck_assert_uint_eq(now.heap.stack_pages, before->heap.stack_pages);
  ck_assert_uint_le(now.pages.free_pages, before->pages.free_pages);
  ck_assert_uint_ge(now.pages.free_pages + list_pages, before->pages.free_pages);
}

static void usage_is_back(const struct usage *before)
{
  usage_is_back_but(before, 0);
}

START_TEST(every_size_is_usable_and_distinct)
{
  struct usage before = usage();
  static uint8_t *p[2200];
  uint64_t bytes = 0;
  for (size_t n = 0; n < ARRAY_SIZE(p); n++) {
    size_t size = n < 2100 ? n : n * 3;
    bytes += size;
    p[n] = kmalloc(size);
    ck_assert_ptr_nonnull(p[n]);
    ck_assert(IS_ALIGNED((uintptr_t)p[n], 16));
    memset(p[n], (int)(n % 251), size);
  }
  struct kmem_stats s;
  kmem_get_stats(&s);
  ck_assert_uint_eq(s.objects, before.heap.objects + ARRAY_SIZE(p));
  ck_assert_uint_ge(s.heap_bytes, before.heap.heap_bytes + bytes);
  for (size_t n = 0; n < ARRAY_SIZE(p); n++) {
    ck_assert(rig_all_bytes(p[n], n % 251, n < 2100 ? n : n * 3));
    kfree(p[n]);
  }
  kfree(NULL);
  usage_is_back_but(&before, LIST_PAGES_MAX);
}
END_TEST

#define LIVE 600u

START_TEST(random_churn_keeps_contents_and_leaks_nothing)
{
  static struct {
    uint8_t *p;
    size_t size;
    uint8_t tag;
  } live[LIVE];
  struct usage before = usage();
  for (unsigned step = 0, steps = stress(100000); step < steps; step++) {
    unsigned i = (unsigned)rig_random(LIVE);
    if (live[i].p) {
      ck_assert(rig_all_bytes(live[i].p, live[i].tag, live[i].size));
      kfree(live[i].p);
      live[i].p = NULL;
      continue;
    }
    live[i].size = rig_random(step % 16 ? 1100 : 40000);
    live[i].tag = (uint8_t)step;
    live[i].p = kmalloc(live[i].size);
    ck_assert_ptr_nonnull(live[i].p);
    memset(live[i].p, live[i].tag, live[i].size);
  }
  ck_assert(rig_tlb_is_right());
  for (unsigned i = 0; i < LIVE; i++) kfree(live[i].p);
  usage_is_back_but(&before, LIST_PAGES_MAX);
  ck_assert(rig_tlb_is_right());
}
END_TEST

START_TEST(zeroed_and_counted_allocations)
{
  for (size_t size = 1; size < 20000; size = size * 3 + 1) {
    uint8_t *p = kmalloc(size);
    memset(p, 0xEE, size);
    kfree(p);
    p = kzalloc(size);
    ck_assert(rig_all_bytes(p, 0, size));
    kfree(p);
  }
  ck_assert_ptr_null(kcalloc(SIZE_MAX / 2, 3));
  ck_assert_ptr_null(kmalloc(SIZE_MAX));
  ck_assert_ptr_null(kmalloc(SIZE_MAX - 5000));
  ck_assert_ptr_null(kmalloc(MIB(200)));
  uint32_t *n = kcalloc(10, 4);
  for (unsigned i = 0; i < 10; i++) ck_assert_uint_eq(n[i], 0);
  kfree(n);
  char *s = kstrdup("veridian");
  ck_assert_str_eq(s, "veridian");
  kfree(s);
}
END_TEST

START_TEST(memory_comes_from_the_kernel_zone_until_it_is_used_up)
{
  struct usage before = usage();
  void **first = NULL, **p;
  while ((p = kmalloc(1024))) {
    *p = first;
    first = p;
  }
  struct usage full = usage();
  ck_assert_uint_lt(full.pages.zone_free[PMM_KERNEL], 8);
  ck_assert_uint_eq(full.pages.zone_free[PMM_USER], before.pages.zone_free[PMM_USER]);
  void *guarded;
  ck_assert_int_eq(kva_alloc_guarded(16, &guarded), -ENOMEM);
  while (first) {
    p = first;
    first = *p;
    kfree(p);
  }
  usage_is_back_but(&before, LIST_PAGES_MAX);
}
END_TEST

#define CROWD 200u

/* Objects that come and go in numbers do not cost the kernel's pages every time; many more do not keep all of them. */
START_TEST(slabs_are_kept_for_the_next_objects)
{
  static void *object[40 * CROWD];
  struct usage before = usage();
  struct kmem_stats s;
  for (unsigned round = 0; round < 4; round++) {
    for (unsigned i = 0; i < CROWD; i++) object[i] = kmalloc(1024);
    kmem_get_stats(&s);
    uint64_t full = s.heap_pages;
    for (unsigned i = 0; i < CROWD; i++) kfree(object[i]);
    kmem_get_stats(&s);
    ck_assert_uint_eq(s.heap_pages, full);
    for (unsigned i = 0; i < 40 * CROWD; i++) object[i] = kmalloc(1024);
    for (unsigned i = 0; i < 40 * CROWD; i++) kfree(object[i]);
    kmem_get_stats(&s);
    ck_assert_uint_ge(s.heap_pages, full);
    ck_assert_uint_le(s.heap_pages, before.heap.heap_pages + before.pages.zone_total[PMM_KERNEL] / 32 + 24);
    usage_is_back_but(&before, LIST_PAGES_MAX);
  }
}
END_TEST

/* A slab of free objects is kept; with no page left, it makes room for an allocation of another size. */
START_TEST(free_objects_help_when_memory_is_short)
{
  static void *kept[7];
  size_t wanted = _i == 0 ? 16000 : 48;
  void *guarded;
  paddr_t pa;
  for (unsigned i = 0; i < ARRAY_SIZE(kept); i++) kept[i] = kmalloc(2048);
  while (pmm_alloc_page(PMM_KERNEL, &pa) == 0) continue;
  ck_assert_ptr_null(kmalloc(wanted));
  ck_assert_int_eq(kva_alloc_guarded(2, &guarded), -ENOMEM);
  for (unsigned i = 0; i < ARRAY_SIZE(kept); i++) kfree(kept[i]);
  if (_i < 2)
    ck_assert_ptr_nonnull(kmalloc(wanted));
  else
    ck_assert_int_eq(kva_alloc_guarded(2, &guarded), 0);
}
END_TEST

START_TEST(caches_of_ones_own)
{
  struct usage before = usage();
  struct kmem_cache *c = kmem_cache_create("test", 200);
  ck_assert_ptr_null(kmem_cache_create("too large", 5000));
  static uint8_t *p[1000];
  for (unsigned i = 0; i < 1000; i++) {
    p[i] = kmem_cache_alloc(c);
    memset(p[i], (int)i, 200);
  }
  for (unsigned i = 0; i < 1000; i++) {
    ck_assert(rig_all_bytes(p[i], (uint8_t)i, 200));
    kmem_cache_free(c, p[i]);
  }
  kmem_cache_destroy(c);
  usage_is_back(&before);
}
END_TEST

START_TEST(a_cache_in_use_is_not_destroyed)
{
  struct kmem_cache *c = kmem_cache_create("test", 200);
  kmem_cache_alloc(c);
  rig.halt_says = "1 objects in use";
  kmem_cache_destroy(c);
}
END_TEST

START_TEST(failing_allocations_change_nothing)
{
  static const size_t sizes[] = {16, 2000, 5000, 60000};
  for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
    for (uint64_t n = 1;; n++) {
      struct usage before = usage();
      alloc_fault_arm(n, true);
      void *p = kmalloc(sizes[i]);
      uint64_t failures = alloc_fault_failures();
      alloc_fault_arm(0, false);
      ck_assert_int_eq(p != NULL, failures == 0);
      kfree(p);
      usage_is_back(&before);
      if (p) break;
    }
  }
}
END_TEST

/* ---- guarded ranges ---- */

START_TEST(guards_fault)
{
  struct usage before = usage();
  uint8_t *p, *q;
  ck_assert_int_eq(kva_alloc_guarded(3, (void **)&p), 0);
  ck_assert_int_eq(kva_alloc_guarded(2, (void **)&q), 0);
  memset(p, 1, 3 * PAGE_SIZE);
  memset(q, 2, 2 * PAGE_SIZE);
  ck_assert(rig_all_bytes(p, 1, 3 * PAGE_SIZE));
  ck_assert(rig_can_write(p) && rig_can_write(p + 3 * PAGE_SIZE - 1));
  ck_assert(!rig_can_read(p - 1) && !rig_can_write(p - 1));
  ck_assert(!rig_can_read(p + 3 * PAGE_SIZE) && !rig_can_read(q - 1) && !rig_can_read(q + 2 * PAGE_SIZE));
  kva_free_guarded(p, 3);
  ck_assert(!rig_can_read(p));
  ck_assert(rig_can_read(q));
  kva_free_guarded(q, 2);
  usage_is_back(&before);
}
END_TEST

START_TEST(guarded_ranges_churn)
{
  static void *stack[150];
  struct usage before = usage();
  for (unsigned step = 0, steps = stress(8000); step < steps; step++) {
    unsigned i = (unsigned)rig_random(ARRAY_SIZE(stack));
    if (stack[i]) {
      ck_assert_uint_eq(*(unsigned *)stack[i], i);
      kva_free_guarded(stack[i], 8);
      stack[i] = NULL;
    } else {
      ck_assert_int_eq(kva_alloc_guarded(8, &stack[i]), 0);
      *(unsigned *)stack[i] = i;
    }
  }
  ck_assert(rig_tlb_is_right());
  for (unsigned i = 0; i < ARRAY_SIZE(stack); i++)
    if (stack[i]) kva_free_guarded(stack[i], 8);
  usage_is_back_but(&before, LIST_PAGES_MAX);
}
END_TEST

/* ---- misuse is found ---- */

START_TEST(free_of_what_is_not_allocated_halts)
{
  static int outside;
  uint8_t *large = kmalloc(10000);
  rig.halt_says = _i == 0 ? "not of the heap" : "inside an allocation";
  kfree(_i == 0 ? (void *)&outside : large + 16);
}
END_TEST

#ifndef NDEBUG
/* AddressSanitizer, which would end the test, is not to see it: the kernel's own checks are. */
KASAN_EXEMPT static __attribute__((noinline)) void damage(volatile uint8_t *p)
{
  *p ^= 1;
}

START_TEST(double_free_halts)
{
  static const size_t sizes[] = {16, 100, 2048};
  void *p = kmalloc(sizes[_i]), *q = kmalloc(sizes[_i]);
  kfree(p);
  kfree(q);
  rig.halt_says = "freed twice";
  kfree(p);
}
END_TEST

START_TEST(write_after_free_halts)
{
  uint8_t *p = kmalloc(200);
  static const size_t at[] = {0, 8, 16, 199};
  kfree(p);
  damage(&p[at[_i]]);
  rig.halt_says = "written after it was freed";
  for (unsigned i = 0; i < 1000; i++) kfree(kmalloc(200)); /* it is held back a while */
}
END_TEST

/* From the first byte past what was asked for, which the object may be larger than, to far away. */
START_TEST(write_past_the_end_halts)
{
  static const struct {
    size_t size, at;
    const char *says;
  } cases[] = {
    {200, 200, "200 bytes, written 1 past"},
    {200, 263, "200 bytes, written 64 past"},
    {256, 256, "256 bytes, written 1 past"},
    {256, 268, "written far past"},
    {0, 0, "0 bytes, written 1 past"},
    {2048, 2048, "2048 bytes, written 1 past"},
    {PAGE_SIZE - 64, PAGE_SIZE - 64, "4032 bytes, written 1 past"},
    {5000, 5007, "5000 bytes, written 8 past"},
  };
  uint8_t *p = kmalloc(cases[_i].size);
  damage(&p[cases[_i].at]);
  rig.halt_says = cases[_i].says;
  kfree(p);
}
END_TEST

START_TEST(write_past_the_end_of_a_caches_object_halts)
{
  struct kmem_cache *c = kmem_cache_create("test", 100);
  uint8_t *p = kmem_cache_alloc(c);
  damage(&p[100]);
  rig.halt_says = "of cache test, 100 bytes, written 1 past";
  kmem_cache_free(c, p);
}
END_TEST

/* An object that was freed is not the next to be handed out. */
START_TEST(freed_objects_are_held_back)
{
  void *p = kmalloc(200);
  kfree(p);
  for (unsigned i = 0; i < 30; i++) {
    void *q = kmalloc(200);
    ck_assert_ptr_ne(p, q);
    kfree(q);
  }
}
END_TEST

START_TEST(free_inside_an_object_halts)
{
  uint8_t *p = kmalloc(200);
  rig.halt_says = "inside an object";
  kfree(p + 16);
}
END_TEST

START_TEST(new_objects_are_filled)
{
  uint8_t *p = kmalloc(100);
  ck_assert(rig_all_bytes(p, 0xA5, 100));
}
END_TEST
#endif

/* Of more pages than are flushed one by one, too. */
START_TEST(use_of_a_large_object_after_free_faults)
{
  size_t size = _i == 0 ? 10000 : 500000;
  uint8_t *p = kmalloc(size);
  memset(p, 1, size);
  ck_assert(rig_can_read(p) && rig_can_read(p + size - 1));
  kfree(p);
  ck_assert(!rig_can_read(p) && !rig_can_read(p + size - 1));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("kmem");
  TCase *tc = tcase_create("kmem");
  tcase_add_checked_fixture(tc, rig_boot_default, NULL);
  tcase_add_test(tc, ranges_are_first_fit_and_coalesce);
  tcase_add_test(tc, without_nodes_nothing_is_handed_out);
  tcase_add_exit_test(tc, range_freed_twice_halts, RIG_HALTED);
  tcase_add_test(tc, every_size_is_usable_and_distinct);
  tcase_add_test(tc, random_churn_keeps_contents_and_leaks_nothing);
  tcase_add_test(tc, zeroed_and_counted_allocations);
  tcase_add_test(tc, memory_comes_from_the_kernel_zone_until_it_is_used_up);
  tcase_add_test(tc, slabs_are_kept_for_the_next_objects);
  tcase_add_loop_test(tc, free_objects_help_when_memory_is_short, 0, 3);
  tcase_add_test(tc, caches_of_ones_own);
  tcase_add_exit_test(tc, a_cache_in_use_is_not_destroyed, RIG_HALTED);
  tcase_add_test(tc, failing_allocations_change_nothing);
  tcase_add_test(tc, guards_fault);
  tcase_add_test(tc, guarded_ranges_churn);
  tcase_add_loop_exit_test(tc, free_of_what_is_not_allocated_halts, RIG_HALTED, 0, 2);
#ifndef NDEBUG
  tcase_add_loop_exit_test(tc, double_free_halts, RIG_HALTED, 0, 3);
  tcase_add_loop_exit_test(tc, write_after_free_halts, RIG_HALTED, 0, 4);
  tcase_add_loop_exit_test(tc, write_past_the_end_halts, RIG_HALTED, 0, 8);
  tcase_add_exit_test(tc, write_past_the_end_of_a_caches_object_halts, RIG_HALTED);
  tcase_add_test(tc, freed_objects_are_held_back);
  tcase_add_exit_test(tc, free_inside_an_object_halts, RIG_HALTED);
  tcase_add_test(tc, new_objects_are_filled);
#endif
  tcase_add_loop_test(tc, use_of_a_large_object_after_free_faults, 0, 2);
  suite_add_tcase(suite, tc);
  return suite_run(suite);
}
