/* Frames before the page allocator starts: the boot allocator, on odd maps too, and what is reserved from it. */
#include "rig.h"

#include <kern/mm/bootmem.h>
#include <kern/pmap.h>
#include <kern/pmm.h>
#include <string.h>

START_TEST(boot_frames_come_in_order_and_zeroed)
{
  struct bootinfo bi = {0};
  rig_machine(MIB(8));
  memset(phys_to_virt(0), 0xEE, MIB(8));
  bootinfo_add_region(&bi, MIB(4), 2 * PAGE_SIZE, MEM_USABLE);
  bootinfo_add_region(&bi, 0, MIB(1) + PAGE_SIZE, MEM_USABLE);
  bootinfo_add_region(&bi, MIB(2), 0, MEM_USABLE);
  bootinfo_add_region(&bi, MIB(3), PAGE_SIZE + 100, MEM_USABLE);
  ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
  bootmem_init(&bi);
  ck_assert_uint_eq(bootmem_alloc_pages(2), MIB(4)); /* the first with room, though the last */
  ck_assert_uint_eq(bootmem_alloc_page(), MIB(1));   /* nothing below 1 MiB */
  ck_assert_uint_eq(bootmem_alloc_page(), MIB(3));   /* what was passed over is not lost */
  ck_assert_uint_eq(bootmem_alloc_page(), 0);
  ck_assert(rig_all_bytes(phys_to_virt(MIB(1)), 0, PAGE_SIZE));
  ck_assert_uint_eq(*(uint8_t *)phys_to_virt(MIB(3) + PAGE_SIZE), 0xEE);
}
END_TEST

START_TEST(boot_leaves_what_it_did_not_hand_out)
{
  struct bootinfo bi = {0};
  paddr_t base, end;
  unsigned cursor = 0;
  rig_machine(MIB(8));
  rig_memory_map(&bi);
  bootmem_init(&bi);
  ck_assert_uint_eq(bootmem_alloc_pages(3), MIB(1));
  ck_assert(bootmem_next_free(&cursor, &base, &end));
  ck_assert_uint_eq(base, MIB(1) + 3 * PAGE_SIZE);
  ck_assert_uint_eq(end, MIB(8));
  ck_assert(!bootmem_next_free(&cursor, &base, &end));
}
END_TEST

START_TEST(frames_are_reserved_before_the_allocator_starts)
{
  rig_machine(MIB(32));
  struct bootinfo bi = {0};
  rig_memory_map(&bi);
  bootmem_init(&bi);
  ck_assert_int_eq(pmm_reserve_pages(MIB(1), 2), 0);                  /* in front */
  ck_assert_int_eq(pmm_reserve_pages(MIB(32) - PAGE_SIZE, 1), 0);     /* at the end */
  ck_assert_int_eq(pmm_reserve_pages(MIB(8), 3), 0);                  /* inside: cuts in two */
  ck_assert_int_eq(pmm_reserve_pages(MIB(8) + PAGE_SIZE, 1), -EBUSY); /* reserved already */
  ck_assert_int_eq(pmm_reserve_pages(MIB(8) - PAGE_SIZE, 2), -EBUSY); /* in part */
  ck_assert_int_eq(pmm_reserve_pages(MIB(8) + 2 * PAGE_SIZE, 2), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(0, 1), -EBUSY); /* nobody's to give */
  ck_assert_int_eq(pmm_reserve_pages(MIB(32), 1), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(MIB(4), MIB(64) / PAGE_SIZE), -EBUSY);
  ck_assert_int_eq(pmm_reserve_pages(MIB(4), SIZE_MAX), -EINVAL);
  ck_assert_int_eq(pmm_reserve_pages(MIB(4) + 1, 1), -EINVAL);
  ck_assert_int_eq(pmm_reserve_pages(MIB(4), 0), -EINVAL);
  ck_assert_uint_eq(bootmem_alloc_page(), MIB(1) + 2 * PAGE_SIZE);
  ck_assert_int_eq(pmm_reserve_pages(MIB(1) + 2 * PAGE_SIZE, 1), -EBUSY); /* handed out */
  ck_assert_int_eq(pmap_init(&bi), 0);
  ck_assert_int_eq(pmm_init(&bi), 0);
  for (paddr_t pa; pmm_alloc_page(PMM_KERNEL, &pa) == 0;)
    ck_assert(pa >= MIB(1) + 3 * PAGE_SIZE && (pa < MIB(8) || pa >= MIB(8) + 3 * PAGE_SIZE));
  for (paddr_t pa; pmm_alloc_page(PMM_USER, &pa) == 0;) ck_assert_uint_lt(pa, MIB(32) - PAGE_SIZE);
}
END_TEST

START_TEST(more_cuts_than_can_be_noted_down_are_refused)
{
  struct bootinfo bi = {0};
  rig_machine(MIB(8));
  rig_memory_map(&bi);
  bootmem_init(&bi);
  paddr_t at = MIB(2);
  int err = 0;
  for (; err == 0; at += 2 * PAGE_SIZE) err = pmm_reserve_pages(at, 1);
  ck_assert_int_eq(err, -ENOSPC);
  ck_assert_int_eq(pmm_reserve_pages(MIB(1), 1), 0);                                     /* needs no note */
  ck_assert_uint_eq(bootmem_alloc_pages((at - MIB(2)) / PAGE_SIZE), at - 3 * PAGE_SIZE); /* the last was not cut off */
}
END_TEST

#define MAP_PAGES 512u

/* Whatever the loader's regions, in whatever order: the boot allocator hands out exactly the whole usable pages that no
 * other region touches, by address. */
START_TEST(boot_frames_on_odd_maps)
{
  rig_machine(MIB(1) + MAP_PAGES * PAGE_SIZE);
  for (unsigned round = 0; round < 200; round++) {
    static struct bootinfo bi;
    bool usable[MAP_PAGES] = {0}, spoiled[MAP_PAGES] = {0};
    memset(&bi, 0, sizeof bi);
    for (unsigned i = 0; i < 12; i++) {
      uint64_t base = test_random(MAP_PAGES), pages = test_random(4) ? test_random(MAP_PAGES / 4) : 0;
      bool usable_kind = i % 3 != 2;
      pages = MIN(pages, MAP_PAGES - base);
      uint64_t at = MIB(1) + base * PAGE_SIZE, length = pages * PAGE_SIZE;
      if (!usable_kind && pages > 1) { /* crooked ends */
        at += 1 + test_random(PAGE_SIZE - 1);
        length -= PAGE_SIZE;
        pages = (at + length - MIB(1) + PAGE_MASK) / PAGE_SIZE - base;
      }
      memset(usable_kind ? &usable[base] : &spoiled[base], true, pages);
      ck_assert_int_eq(bootinfo_add_region(&bi, at, length, usable_kind ? MEM_USABLE : MEM_RESERVED), 0);
    }
    ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
    bootmem_init(&bi);
    for (unsigned i = 0; i < MAP_PAGES; i++)
      if (usable[i] && !spoiled[i]) ck_assert_uint_eq(bootmem_alloc_page(), MIB(1) + i * PAGE_SIZE);
    ck_assert_uint_eq(bootmem_alloc_page(), 0);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("bootmem");
  TCase *tc = suite_case(suite, "boot", NULL, NULL);
  tcase_add_test(tc, boot_frames_come_in_order_and_zeroed);
  tcase_add_test(tc, boot_leaves_what_it_did_not_hand_out);
  tcase_add_test(tc, frames_are_reserved_before_the_allocator_starts);
  tcase_add_test(tc, more_cuts_than_can_be_noted_down_are_refused);
  tcase_add_test(tc, boot_frames_on_odd_maps);
  return suite_run(suite);
}
