/* The zones of the page allocator: how memory is divided, too little of it, too far away, all of it in use. */
#include "pmm_rig.h"

#include <kern/mm/bootmem.h>
#include <string.h>

START_TEST(the_kernel_zone_is_16_mib_or_an_eighth)
{
  static const struct {
    uint64_t memory, boundary;
  } machine[] = {{MIB(64), MIB(16)}, {MIB(256), MIB(32) - KIB(48)}};
  paddr_t pa;
  rig_boot(machine[_i].memory, "");
  for (paddr_t highest = 0;;) {
    if (pmm_alloc_page(PMM_KERNEL, &pa) == 0) {
      highest = MAX(highest, pa + PAGE_SIZE);
      continue;
    }
    ck_assert_uint_eq(highest, machine[_i].boundary);
    break;
  }
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  ck_assert_uint_ge(pa, machine[_i].boundary);
}
END_TEST

START_TEST(a_small_machine_is_shared_evenly)
{
  rig_boot(MIB(16), "");
  struct pmm_stats s = stats();
  ck_assert_uint_gt(s.zone_free[PMM_USER], MIB(7) / PAGE_SIZE);
  ck_assert_uint_gt(s.zone_free[PMM_KERNEL], MIB(7) / PAGE_SIZE);
  ck_assert_uint_eq(s.zone_free[PMM_USER] + s.zone_free[PMM_KERNEL], s.free_pages);
}
END_TEST

START_TEST(an_unknown_algorithm_is_not_taken)
{
  rig_boot(MIB(64), "pmm=none");
  ck_assert_ptr_nonnull(strstr(rig.printed, "pmm=none: not buddy, bitmap or array"));
  ck_assert_ptr_eq(pmm_zones[PMM_USER].ops, &PMM_DEFAULT_OPS);
}
END_TEST

START_TEST(the_boot_loaders_memory_is_given_back)
{
  struct bootinfo bi = {0};
  struct pmm_stats before, after;
  paddr_t pa;
  rig_machine(MIB(32));
  bootinfo_add_region(&bi, 0, MIB(31), MEM_USABLE);
  bootinfo_add_region(&bi, KIB(512), KIB(4), MEM_BOOT_RECLAIMABLE);             /* below 1 MiB: nobody's */
  bootinfo_add_region(&bi, MIB(8), 3 * PAGE_SIZE, MEM_BOOT_RECLAIMABLE);        /* in the kernel zone */
  bootinfo_add_region(&bi, MIB(25) + 100, 3 * PAGE_SIZE, MEM_BOOT_RECLAIMABLE); /* two whole pages of the user's */
  bootinfo_add_region(&bi, MIB(31), MIB(1), MEM_BOOT_RECLAIMABLE);              /* past what is described */
  strcat(strcpy(bi.cmdline, "pmm="), algorithms[_i]->name);
  ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
  bootmem_init(&bi);
  ck_assert_int_eq(pmm_init(&bi), 0);
  ck_assert_int_eq(pmm_reserve_pages(MIB(8), 1), -EBUSY);
  pmm_get_stats(&before);
  ck_assert_uint_eq(pmm_reclaim_boot(&bi), 5);
  pmm_get_stats(&after);
  ck_assert_uint_eq(after.zone_total[PMM_KERNEL], before.zone_total[PMM_KERNEL] + 3);
  ck_assert_uint_eq(after.zone_free[PMM_KERNEL], before.zone_free[PMM_KERNEL] + 3);
  ck_assert_uint_eq(after.zone_total[PMM_USER], before.zone_total[PMM_USER] + 2);
  ck_assert_uint_eq(after.zone_free[PMM_USER], before.zone_free[PMM_USER] + 2);
  ck_assert_int_eq(pmm_reserve_pages(MIB(8), 3), 0);
  ck_assert_int_eq(pmm_reserve_pages(MIB(25), 1), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(MIB(25) + PAGE_SIZE, 2), 0);
  ck_assert_int_eq(pmm_alloc(PMM_USER, 0, &pa), 0);
}
END_TEST

START_TEST(an_exhausted_zone_leaves_the_other_working)
{
  boot_algorithm(_i);
  for (unsigned zone = 0; zone < PMM_ZONES; zone++) {
    struct pmm_stats before = stats();
    paddr_t first = 0, pa;
    while (pmm_alloc_page(zone, &pa) == 0) { /* chained through the pages themselves */
      *(paddr_t *)phys_to_virt(pa) = first;
      first = pa;
    }
    struct pmm_stats s = stats();
    ck_assert_uint_eq(s.zone_free[zone], 0);
    ck_assert_uint_eq(s.zone_free[!zone], before.zone_free[!zone]);
    ck_assert_int_eq(pmm_alloc_page(!zone, &pa), 0);
    pmm_free_page(pa);
    while (first) {
      pa = first;
      first = *(paddr_t *)phys_to_virt(pa);
      pmm_free_page(pa);
    }
    s = stats();
    ck_assert_mem_eq(&s, &before, sizeof s);
  }
}
END_TEST

static int boot_with(uint64_t memory, paddr_t far, uint64_t far_size)
{
  struct bootinfo bi = {0};
  rig_machine(memory);
  rig_memory_map(&bi);
  bootinfo_add_region(&bi, far, far_size, MEM_USABLE);
  ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
  bootmem_init(&bi);
  return pmm_init(&bi);
}

START_TEST(too_little_memory_is_an_error)
{
  static const unsigned pages[] = {0, 1, 2, 3, 4, 5, 10, 100, 500};
  ck_assert_int_eq(boot_with(MIB(1) + pages[_i] * PAGE_SIZE, 0, 0), -ENOMEM);
}
END_TEST

START_TEST(memory_too_far_away_is_left_unused)
{
  ck_assert_int_eq(boot_with(MIB(32), 1ull << 45, GIB(1)), 0);
  ck_assert_uint_lt(stats().total_pages, MIB(32) / PAGE_SIZE);
  ck_assert_ptr_nonnull(strstr(rig.printed, "too far away"));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("pmm zones");
  TCase *tc = suite_case(suite, "zones", NULL, NULL);
  tcase_add_loop_test(tc, the_kernel_zone_is_16_mib_or_an_eighth, 0, 2);
  tcase_add_test(tc, a_small_machine_is_shared_evenly);
  tcase_add_loop_test(tc, too_little_memory_is_an_error, 0, 9);
  tcase_add_test(tc, memory_too_far_away_is_left_unused);
  tcase_add_test(tc, an_unknown_algorithm_is_not_taken);
  tcase_add_loop_test(tc, the_boot_loaders_memory_is_given_back, 0, ALGORITHMS);
  tcase_add_loop_test(tc, an_exhausted_zone_leaves_the_other_working, 0, ALGORITHMS);
  return suite_run(suite);
}
