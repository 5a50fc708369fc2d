/* Misuse of the page allocator is found. */
#include "pmm_rig.h"

static paddr_t one_page(void)
{
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  return pa;
}

START_TEST(double_free_halts)
{
  boot_algorithm(_i);
  paddr_t pa = one_page();
  rig.halt_says = "freed twice";
  pmm_free_page(pa);
  pmm_free_page(pa);
}
END_TEST

START_TEST(double_free_of_a_merged_block_halts)
{
  boot_algorithm(_i);
  paddr_t pa[2];
  for (unsigned i = 0; i < 2; i++) ck_assert_int_eq(pmm_alloc(PMM_USER, 5, &pa[i]), 0);
  ck_assert_uint_eq(pa[1], pa[0] + 32 * PAGE_SIZE);
  pmm_free(pa[0], 5);
  pmm_free(pa[1], 5); /* now the inside of a larger block */
  rig.halt_says = "freed twice";
  pmm_free(pa[1], 5);
}
END_TEST

START_TEST(one_free_too_many_of_a_shared_page_halts)
{
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  pmm_ref_page(pa);
  pmm_free_page(pa);
  pmm_free_page(pa);
  rig.halt_says = "freed twice";
  pmm_free_page(pa);
}
END_TEST

START_TEST(sharing_what_is_no_page_halts)
{
  static const char *const says[] = {"not allocated", "another size", "not the allocator's", "not the allocator's"};
  paddr_t pa, block;
  ck_assert_int_eq(pmm_alloc_page(PMM_USER, &pa), 0);
  pmm_free_page(pa);
  ck_assert_int_eq(pmm_alloc(PMM_USER, 3, &block), 0);
  const paddr_t wrong[] = {pa, block, block + 1, MIB(64)};
  rig.halt_says = says[_i];
  pmm_ref_page(wrong[_i]);
}
END_TEST

START_TEST(free_with_another_order_halts)
{
  paddr_t pa = one_page();
  rig.halt_says = "another size";
  pmm_free(pa, 1);
}
END_TEST

START_TEST(a_range_freed_in_part_halts)
{
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 5, 0, UINT64_MAX, &pa), 0);
  rig.halt_says = "of 5 pages freed as 4";
  pmm_free_range(pa, 4);
}
END_TEST

START_TEST(a_range_freed_as_a_page_halts)
{
  paddr_t pa;
  ck_assert_int_eq(pmm_alloc_range(PMM_USER, 1, 0, UINT64_MAX, &pa), 0);
  rig.halt_says = "another size";
  pmm_free_page(pa);
}
END_TEST

#ifndef NDEBUG
START_TEST(a_page_of_the_wrong_zone_halts)
{
  paddr_t pa = one_page();
  pmm_zones[PMM_USER].pages[(pa - pmm_zones[PMM_USER].base) / PAGE_SIZE].owner = PMM_HEAP;
  rig.halt_says = "zone_of_owner";
  pmm_free_page(pa);
}
END_TEST
#endif

START_TEST(free_of_foreign_memory_halts)
{
  rig.halt_says = "not the allocator's";
  pmm_free_page(_i == 0 ? 0x1000 : MIB(64));
}
END_TEST

#ifndef NDEBUG
START_TEST(write_after_free_halts)
{
  paddr_t pa = one_page();
  pmm_free_page(pa);
  ((uint64_t *)phys_to_virt(pa))[1] = 7;
  rig.halt_says = "written after it was freed";
  for (unsigned i = 0; i < 100000; i++) one_page();
}
END_TEST

START_TEST(memdebug_finds_a_write_anywhere)
{
  rig_boot(MIB(64), "memdebug");
  paddr_t pa = one_page();
  ck_assert_uint_eq(*((uint8_t *)phys_to_virt(pa) + 999), 0xA5);
  pmm_free_page(pa);
  *((uint8_t *)phys_to_virt(pa) + 4095) = 7;
  rig.halt_says = "word 511";
  for (unsigned i = 0; i < 100000; i++) one_page();
}
END_TEST
#endif

int main(void)
{
  Suite *suite = suite_create("pmm misuse");
  TCase *tc = suite_case(suite, "machine", NULL, NULL);
  tcase_add_loop_exit_test(tc, double_free_halts, RIG_HALTED, 0, ALGORITHMS);
  tcase_add_loop_exit_test(tc, double_free_of_a_merged_block_halts, RIG_HALTED, 0, ALGORITHMS);
#ifndef NDEBUG
  tcase_add_exit_test(tc, memdebug_finds_a_write_anywhere, RIG_HALTED);
#endif
  tc = suite_case(suite, "booted", rig_boot_default, NULL);
  tcase_add_exit_test(tc, a_range_freed_in_part_halts, RIG_HALTED);
  tcase_add_exit_test(tc, a_range_freed_as_a_page_halts, RIG_HALTED);
  tcase_add_exit_test(tc, one_free_too_many_of_a_shared_page_halts, RIG_HALTED);
  tcase_add_loop_exit_test(tc, sharing_what_is_no_page_halts, RIG_HALTED, 0, 4);
  tcase_add_exit_test(tc, free_with_another_order_halts, RIG_HALTED);
  tcase_add_loop_exit_test(tc, free_of_foreign_memory_halts, RIG_HALTED, 0, 2);
#ifndef NDEBUG
  tcase_add_exit_test(tc, write_after_free_halts, RIG_HALTED);
  tcase_add_exit_test(tc, a_page_of_the_wrong_zone_halts, RIG_HALTED);
#endif
  return suite_run(suite);
}
