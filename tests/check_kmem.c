/* The heap: kmalloc, caches, guarded ranges; everything comes back. */
#include "rig.h"

#include <kern/alloc_fault.h>
#include <kern/kmem.h>
#include <kern/pmm.h>
#include <string.h>

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
    unsigned i = (unsigned)test_random(LIVE);
    if (live[i].p) {
      ck_assert(rig_all_bytes(live[i].p, live[i].tag, live[i].size));
      kfree(live[i].p);
      live[i].p = NULL;
      continue;
    }
    live[i].size = test_random(step % 16 ? 1100 : 40000);
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
    unsigned i = (unsigned)test_random(ARRAY_SIZE(stack));
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

int main(void)
{
  Suite *suite = suite_create("kmem");
  TCase *tc = suite_case(suite, "kmem", rig_boot_default, NULL);
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
  return suite_run(suite);
}
