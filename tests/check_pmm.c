/* The page allocator: blocks, ranges, given frames, statistics, shared pages, with each algorithm. */
#include "pmm_rig.h"

#include <kern/alloc_fault.h>
#include <string.h>

START_TEST(ten_thousand_cycles_leak_nothing)
{
  boot_algorithm(_i);
  struct pmm_stats before = stats();
  for (unsigned i = 0, n = stress(10000); i < n; i++) {
    paddr_t pa[4];
    for (unsigned k = 0; k < 4; k++) ck_assert_int_eq(pmm_alloc(i % 2, (i + k) % 6, &pa[k]), 0);
    for (unsigned k = 0; k < 4; k++) pmm_free(pa[(i + k) % 4], (i + (i + k) % 4) % 6);
  }
  struct pmm_stats after = stats();
  ck_assert_mem_eq(&after, &before, sizeof after);
}
END_TEST

/* Every block of an order there is; how many. They stay allocated. */
static unsigned take_blocks(unsigned order)
{
  paddr_t pa;
  unsigned n = 0;
  while (pmm_alloc(PMM_USER, order, &pa) == 0) n++;
  return n;
}

START_TEST(single_pages_become_blocks_again)
{
  static paddr_t pa[MIB(64) / PAGE_SIZE];
  static paddr_t block[8];
  unsigned blocks = 0, n = 0;
  boot_algorithm(_i);
  while (pmm_alloc(PMM_USER, PMM_MAX_ORDER, &block[blocks]) == 0) blocks++;
  ck_assert_uint_gt(blocks, 2);
  for (unsigned i = 0; i < blocks; i++) pmm_free(block[i], PMM_MAX_ORDER);
  while (pmm_alloc_page(PMM_USER, &pa[n]) == 0) n++;
  for (unsigned i = 0; i < n; i++) pmm_free_page(pa[i * 7919 % n]); /* each once: n is no multiple of that prime */
  ck_assert_uint_eq(take_blocks(PMM_MAX_ORDER), blocks);
}
END_TEST

/* ---- ranges ---- */

START_TEST(ranges_are_where_they_were_asked_for)
{
  boot_algorithm(_i);
  struct pmm_stats before = stats();
  paddr_t pa[4];
  ck_assert_int_eq(pmm_alloc_range(PMM_KERNEL, 77, KIB(64), MIB(4), &pa[0]), 0);
  ck_assert_int_eq(pmm_alloc_range(PMM_KERNEL, 3, 0, MIB(4), &pa[1]), 0);
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 3000, MIB(2), UINT64_MAX, &pa[2]), 0);
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 1, MIB(16), MIB(64), &pa[3]), 0);
  for (unsigned i = 0; i < 2; i++) ck_assert(pa[i] >= MIB(1) && pa[i] + (i ? 3 : 77) * PAGE_SIZE <= MIB(4));
  ck_assert(IS_ALIGNED(pa[0], KIB(64)) && IS_ALIGNED(pa[2], MIB(2)) && IS_ALIGNED(pa[3], MIB(16)));
  ck_assert(pa[2] >= MIB(16) && pa[3] >= MIB(16));
  ck_assert(pa[1] + 3 * PAGE_SIZE <= pa[0] || pa[1] >= pa[0] + 77 * PAGE_SIZE);
  ck_assert(pa[3] + PAGE_SIZE <= pa[2] || pa[3] >= pa[2] + 3000 * PAGE_SIZE);
  struct pmm_stats during = stats();
  ck_assert_uint_eq(before.zone_free[PMM_KERNEL] - during.zone_free[PMM_KERNEL], 80);
  ck_assert_uint_eq(before.zone_free[PMM_USER] - during.zone_free[PMM_USER], 3001);
  pmm_free_range(pa[2], 3000);
  pmm_free_range(pa[0], 77);
  pmm_free_range(pa[3], 1);
  pmm_free_range(pa[1], 3);
  during = stats();
  ck_assert_mem_eq(&during, &before, sizeof before);
}
END_TEST

START_TEST(ranges_that_cannot_be_are_refused)
{
  boot_algorithm(_i);
  struct pmm_stats before = stats();
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 0, 0, UINT64_MAX, &pa), -EINVAL);
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 1, 3 * PAGE_SIZE, UINT64_MAX, &pa), -EINVAL);
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 1, 1ull << 63, UINT64_MAX, &pa), -EINVAL);
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, SIZE_MAX, 0, UINT64_MAX, &pa), -ENOMEM);
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 1, 0, MIB(16), &pa), -ENOMEM); /* the zone begins there */
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 1, 0, 0, &pa), -ENOMEM);
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 1, GIB(1), UINT64_MAX, &pa), -ENOMEM);
  ck_assert_int_eq(pmm_alloc_range(PMM_KERNEL, MIB(16) / PAGE_SIZE, 0, UINT64_MAX, &pa), -ENOMEM);
  struct pmm_stats after = stats();
  ck_assert_mem_eq(&after, &before, sizeof before);
}
END_TEST

/* All of a zone in one range, though some of its frames were a processor's own. */
START_TEST(a_range_gathers_single_frames)
{
  boot_algorithm(_i);
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  pmm_free_page(pa);
  uint64_t all = stats().zone_free[PMM_USER];
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, all, 0, UINT64_MAX, &pa), 0);
  ck_assert_uint_eq(stats().zone_free[PMM_USER], 0);
  pmm_free_range(pa, all);
  ck_assert_uint_eq(stats().zone_free[PMM_USER], all);
}
END_TEST

START_TEST(given_frames_are_reserved_and_released)
{
  boot_algorithm(_i);
  struct pmm_stats before = stats();
  paddr_t pa, zones_meet = MIB(16) - 2 * PAGE_SIZE;
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0); /* its neighbours are the processor's */
  ck_assert_int_eq(pmm_reserve_pages(pa, 1), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(pa - PAGE_SIZE, 3), -EBUSY);
  pmm_free_page(pa);
  ck_assert_int_eq(pmm_reserve_pages(zones_meet, 5), 0); /* across the zones, freed page included */
  ck_assert_uint_eq(pmm_owner_pages(PMM_RESERVED), 2);
  ck_assert_uint_eq(pmm_owner_pages(PMM_RESERVED | PMM_USER), 3);
  ck_assert_int_eq(pmm_reserve_pages(zones_meet + PAGE_SIZE, 1), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(zones_meet - PAGE_SIZE, 7), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(0, 1), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(MIB(1) - PAGE_SIZE, 2), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(MIB(64) - PAGE_SIZE, 2), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(MIB(32) + 1, 1), -EINVAL);
  ck_assert_int_eq(pmm_reserve_pages(MIB(32), 0), -EINVAL);
  ck_assert_int_eq(pmm_reserve_pages(MIB(32), SIZE_MAX), -EINVAL);
  while (pmm_alloc_page(PMM_USER, &pa) == 0) ck_assert_uint_ge(pa, zones_meet + 5 * PAGE_SIZE);
  ck_assert_uint_eq(stats().zone_free[PMM_KERNEL], before.zone_free[PMM_KERNEL] - 2);
  pmm_release_pages(zones_meet, 5);
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  ck_assert_uint_lt(pa, zones_meet + 5 * PAGE_SIZE);
  ck_assert_uint_eq(stats().zone_free[PMM_KERNEL], before.zone_free[PMM_KERNEL]);
  ck_assert_uint_eq(pmm_owner_pages(PMM_RESERVED), 0);
}
END_TEST

/* ---- statistics ---- */

START_TEST(pages_are_counted_by_owner)
{
  boot_algorithm(_i);
  uint64_t files = pmm_owner_pages(PMM_FILES), tables = pmm_owner_pages(PMM_TABLES);
  paddr_t page, block, range;
  ck_assert_int_eq(pmm_alloc_page(PMM_FILES, &page), 0);
  ck_assert_int_eq(pmm_alloc(PMM_FILES, 3, &block), 0);
  ck_assert_int_eq(pmm_alloc_range(PMM_FILES, 5, 0, UINT64_MAX, &range), 0);
  ck_assert_uint_eq(pmm_owner_pages(PMM_FILES), files + 14);
  ck_assert_uint_eq(pmm_owner_pages(PMM_TABLES), tables);
  pmm_free_page(page);
  pmm_free(block, 3);
  pmm_free_range(range, 5);
  ck_assert_uint_eq(pmm_owner_pages(PMM_FILES), files);
  for (unsigned zone = 0; zone < PMM_ZONES; zone++) { /* every page handed out is somebody's */
    uint64_t owned = 0;
    for (unsigned owner = zone; owner < PMM_OWNERS; owner += PMM_ZONES) owned += pmm_owner_pages(owner);
    ck_assert_uint_eq(owned, stats().zone_total[zone] - stats().zone_free[zone]);
  }
}
END_TEST

START_TEST(free_blocks_are_counted_by_order)
{
  boot_algorithm(_i);
  struct pmm_zone_stats s;
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  for (unsigned round = 0; round < 2; round++) {
    uint64_t pages = 0;
    pmm_get_zone_stats(PMM_USER, &s);
    for (unsigned k = 0; k < PMM_ORDERS; k++) pages += s.blocks[k] << k;
    ck_assert_uint_eq(pages + s.cached, s.free);
    ck_assert_uint_eq(s.free, stats().zone_free[PMM_USER]);
    ck_assert_uint_eq(s.total, stats().zone_total[PMM_USER]);
    ck_assert_uint_gt(s.cached, 0);
    ck_assert_uint_eq(s.base, MIB(16));
    ck_assert_uint_eq(s.end, MIB(64));
    ck_assert_str_eq(s.allocator, algorithms[_i]->name);
    for (unsigned i = 0; i < 100; i++) ck_assert_int_eq(pmm_alloc(PMM_USER, i % 5, &pa), 0);
  }
}
END_TEST

START_TEST(zeroed_pages_are_zero)
{
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  memset(phys_to_virt(pa), 0xEE, PAGE_SIZE);
  pmm_free_page(pa);
  ck_assert_int_eq(pmm_alloc_zeroed(PMM_USER, &pa), 0);
  ck_assert(rig_all_bytes(phys_to_virt(pa), 0, PAGE_SIZE));
}
END_TEST

START_TEST(a_shared_page_is_freed_by_the_last)
{
  paddr_t pa, other;
  for (unsigned zone = 0; zone < PMM_ZONES; zone++) {
    struct pmm_stats before = stats();
    ck_assert_int_eq(pmm_alloc_page(zone, &pa), 0);
    struct pmm_stats taken = stats();
    ck_assert_uint_eq(pmm_page_refs(pa), 1);
    for (unsigned i = 0; i < 1000; i++) pmm_ref_page(pa);
    ck_assert_uint_eq(pmm_page_refs(pa), 1001);
    memset(phys_to_virt(pa), 0x5A, PAGE_SIZE);
    for (unsigned i = 0; i < 1000; i++) pmm_free_page(pa);
    ck_assert_uint_eq(pmm_page_refs(pa), 1);
    ck_assert(rig_all_bytes(phys_to_virt(pa), 0x5A, PAGE_SIZE));
    struct pmm_stats s = stats();
    ck_assert_mem_eq(&s, &taken, sizeof s);
    pmm_free_page(pa);
    s = stats();
    ck_assert_mem_eq(&s, &before, sizeof s);
    ck_assert_int_eq(pmm_alloc_page(zone, &other), 0);
    ck_assert_uint_eq(other, pa); /* and starts again at one */
    ck_assert_uint_eq(pmm_page_refs(pa), 1);
    pmm_free_page(other);
  }
}
END_TEST

START_TEST(the_nth_allocation_fails)
{
  paddr_t pa;
  alloc_fault_arm(2, false);
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), -ENOMEM);
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  ck_assert_uint_eq(alloc_fault_failures(), 1);
  alloc_fault_arm(1, true);
  for (unsigned i = 1; i < 4; i++) {
    ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), -ENOMEM);
    ck_assert_uint_eq(alloc_fault_failures(), i);
  }
  alloc_fault_arm(0, false);
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
}
END_TEST

START_TEST(impossible_requests_fail)
{
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc(PMM_USER, PMM_MAX_ORDER + 1, &pa), -ENOMEM);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("pmm");
  TCase *tc = suite_case(suite, "machine", NULL, NULL);
  tcase_add_loop_test(tc, ten_thousand_cycles_leak_nothing, 0, ALGORITHMS);
  tcase_add_loop_test(tc, single_pages_become_blocks_again, 0, ALGORITHMS);
  tcase_add_loop_test(tc, ranges_are_where_they_were_asked_for, 0, ALGORITHMS);
  tcase_add_loop_test(tc, ranges_that_cannot_be_are_refused, 0, ALGORITHMS);
  tcase_add_loop_test(tc, a_range_gathers_single_frames, 0, ALGORITHMS);
  tcase_add_loop_test(tc, given_frames_are_reserved_and_released, 0, ALGORITHMS);
  tcase_add_loop_test(tc, pages_are_counted_by_owner, 0, ALGORITHMS);
  tcase_add_loop_test(tc, free_blocks_are_counted_by_order, 0, ALGORITHMS);
  tc = suite_case(suite, "booted", rig_boot_default, NULL);
  tcase_add_test(tc, zeroed_pages_are_zero);
  tcase_add_test(tc, a_shared_page_is_freed_by_the_last);
  tcase_add_test(tc, the_nth_allocation_fails);
  tcase_add_test(tc, impossible_requests_fail);
  return suite_run(suite);
}
