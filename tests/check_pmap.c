/* Page tables: what pmap.c builds of small pages, against a plain dictionary, and what the boot maps by the largest. */
#include "rig.h"

#include <fmt/paging.h>
#include <kern/alloc_fault.h>
#include <kern/pmap.h>
#include <kern/pmm.h>

static struct pmap pm;

static uint64_t free_pages(void)
{
  struct pmm_stats s;
  pmm_get_stats(&s);
  return s.free_pages;
}

static void setup(void)
{
  rig_boot_default();
  ck_assert_int_eq(pmap_create(&pm), 0);
}

/* ---- against a dictionary ---- */

#define DICT_SIZE 512u

static struct {
  bool mapped;
  paddr_t pa;
  unsigned attrs;
} dict[DICT_SIZE];

/* Clusters at the edges of tables of every level. */
static vaddr_t dict_va(unsigned i)
{
  static const vaddr_t cluster[8] = {
    0x10000, 0x1FE000, 0x3FFF0000, 0x7FFE0000, 0x10000000, 0x8000000000 - 0x40000, 0x4000000000, 0x20000000};
  return cluster[i / 64] + (vaddr_t)(i % 64) * PAGE_SIZE;
}

static unsigned random_attrs(void)
{
  static const unsigned rights[] = {PMAP_USER, PMAP_USER | PMAP_WRITE, PMAP_USER | PMAP_EXEC, 0, PMAP_WRITE};
  static const unsigned type[] = {0, 0, PMAP_NOCACHE, PMAP_WRITE_THROUGH, PMAP_WRITE_COMBINE};
  return rights[test_random(ARRAY_SIZE(rights))] | type[test_random(ARRAY_SIZE(type))];
}

static void dict_agrees(unsigned i)
{
  struct pmap_entry e;
  bool readable = dict[i].mapped && (dict[i].attrs & PMAP_USER), writable = readable && (dict[i].attrs & PMAP_WRITE);
  uint8_t *byte = phys_to_virt(dict[i].pa + 123);
  ck_assert_ptr_eq(pmap_user_byte(&pm, dict_va(i) + 123, false), readable ? byte : NULL);
  ck_assert_ptr_eq(pmap_user_byte(&pm, dict_va(i) + 123, true), writable ? byte : NULL);
  bool found = pmap_lookup(&pm, dict_va(i) + 123, &e);
  ck_assert_int_eq(found, dict[i].mapped);
  if (!found) return;
  ck_assert_uint_eq(e.pa, dict[i].pa + 123);
  ck_assert_uint_eq(e.attrs, dict[i].attrs);
  ck_assert_uint_eq(e.page_size, PAGE_SIZE);
}

static void dict_step(unsigned i)
{
  vaddr_t va = dict_va(i);
  unsigned attrs = random_attrs();
  paddr_t pa = test_random(PADDR_MASK >> PAGE_SHIFT) << PAGE_SHIFT, was;
  switch (test_random(5)) {
  case 0:
  case 1:
    ck_assert_int_eq(pmap_map(&pm, va, pa, attrs), dict[i].mapped ? -EEXIST : 0);
    if (dict[i].mapped) return;
    dict[i].mapped = true;
    dict[i].pa = pa;
    dict[i].attrs = attrs;
    return;
  case 2:
    ck_assert_int_eq(pmap_unmap(&pm, va, &was), dict[i].mapped ? 0 : -ENOENT);
    if (dict[i].mapped) ck_assert_uint_eq(was, dict[i].pa);
    dict[i].mapped = false;
    return;
  case 3:
    pmap_remap(&pm, va, pa); /* absent, it stays so */
    dict[i].pa = pa;
    return;
  default:
    ck_assert_int_eq(pmap_protect(&pm, va, attrs), dict[i].mapped ? 0 : -ENOENT);
    if (dict[i].mapped) dict[i].attrs = attrs;
  }
}

static void dict_range_step(void)
{
  unsigned first = (unsigned)test_random(DICT_SIZE), last = (unsigned)test_random(DICT_SIZE), attrs = random_attrs();
  vaddr_t start = MIN(dict_va(first), dict_va(last)), end = MAX(dict_va(first), dict_va(last)) + PAGE_SIZE;
  bool unmap = test_random(2);
  if (unmap)
    pmap_unmap_range(&pm, start, end);
  else
    pmap_protect_range(&pm, start, end, attrs);
  for (unsigned i = 0; i < DICT_SIZE; i++) {
    if (dict_va(i) < start || dict_va(i) >= end) continue;
    if (unmap)
      dict[i].mapped = false;
    else
      dict[i].attrs = attrs;
  }
}

START_TEST(agrees_with_a_dictionary)
{
  uint64_t before = free_pages();
  for (unsigned step = 0, steps = stress(60000); step < steps; step++) {
    unsigned i = (unsigned)test_random(DICT_SIZE);
    dict_step(i);
    if (step % 512 == 0) dict_range_step();
    dict_agrees((unsigned)test_random(DICT_SIZE));
  }
  uint64_t mapped = 0;
  for (unsigned i = 0; i < DICT_SIZE; i++) {
    dict_agrees(i);
    mapped += dict[i].mapped;
  }
  ck_assert_uint_eq(pm.mapped_pages, mapped);
  ck_assert_uint_eq(before - free_pages(), pm.table_pages);
  for (unsigned i = 0; i < DICT_SIZE; i++) {
    paddr_t pa;
    if (dict[i].mapped) ck_assert_int_eq(pmap_unmap(&pm, dict_va(i), &pa), 0);
  }
  ck_assert_uint_eq(pm.table_pages, 0); /* every table went when it was empty */
  ck_assert_uint_eq(free_pages(), before);
}
END_TEST

START_TEST(unmapping_a_range_frees_its_tables)
{
  uint64_t before = free_pages();
  for (unsigned i = 0; i < DICT_SIZE; i++) ck_assert_int_eq(pmap_map(&pm, dict_va(i), 0x5000, PMAP_USER), 0);
  ck_assert_uint_gt(pm.table_pages, 8);
  pmap_unmap_range(&pm, 0, 0x8000000000);
  ck_assert_uint_eq(pm.mapped_pages, 0);
  ck_assert_uint_eq(pm.table_pages, 0);
  ck_assert_uint_eq(free_pages(), before);
}
END_TEST

START_TEST(destroy_frees_the_tables)
{
  uint64_t before = free_pages();
  struct pmap other;
  ck_assert_int_eq(pmap_create(&other), 0);
  for (unsigned i = 0; i < DICT_SIZE; i += 7) ck_assert_int_eq(pmap_map(&other, dict_va(i), 0x5000, PMAP_USER), 0);
  ck_assert_uint_gt(other.table_pages, 8);
  pmap_destroy(&other);
  ck_assert_uint_eq(free_pages(), before);
}
END_TEST

START_TEST(no_memory_changes_nothing)
{
  uint64_t before = free_pages();
  for (uint64_t n = 1; n <= 3; n++) {
    alloc_fault_arm(n, false);
    ck_assert_int_eq(pmap_map(&pm, 0x10000, 0x5000, PMAP_USER), -ENOMEM);
    alloc_fault_arm(0, false);
    ck_assert_uint_eq(free_pages(), before);
    ck_assert_uint_eq(pm.table_pages, 0);
    ck_assert_uint_eq(pm.mapped_pages, 0);
  }
  alloc_fault_arm(1, false);
  struct pmap other;
  ck_assert_int_eq(pmap_create(&other), -ENOMEM);
  alloc_fault_arm(0, false);
  ck_assert_int_eq(pmap_map(&pm, 0x10000, 0x5000, PMAP_USER), 0);
  ck_assert_uint_eq(before - free_pages(), 3);
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
  paddr_t pa;
  uint64_t before = free_pages();
  ck_assert_int_eq(pmap_map(&pm, 0x10001, 0x5000, PMAP_USER), -EINVAL);
  ck_assert_int_eq(pmap_map(&pm, 0x10000, 0x5001, PMAP_USER), -EINVAL);
  ck_assert_int_eq(pmap_map(&pm, 0x10000, PADDR_MASK + 1, PMAP_USER), -EINVAL);
  ck_assert_int_eq(pmap_map(&pm, 0x800000000000, 0x5000, PMAP_USER), -EINVAL); /* not canonical */
  ck_assert_int_eq(pmap_map(&pm, 0x10000, 0x5000, PMAP_WRITE | PMAP_EXEC), -EINVAL);
  ck_assert_int_eq(pmap_map(&pm, 0x10000, 0x5000, PMAP_USER | PMAP_GLOBAL), -EINVAL);
  ck_assert_int_eq(pmap_map_range(&pm, 0x10000, 0x5000, 0, PMAP_USER), -EINVAL);
  ck_assert_int_eq(pmap_map_range(&pm, 0x10000, 0x5000, 0x1800, PMAP_USER), -EINVAL);
  ck_assert_int_eq(pmap_map_range(&pm, 0x10000, PADDR_MASK & ~0xFFFull, 0x2000, PMAP_USER), -EINVAL);
  ck_assert_int_eq(pmap_map_range(&pm, GIB(511), GIB(511), GIB(2), PMAP_USER), -EINVAL); /* beyond slot 0 */
  ck_assert_int_eq(pmap_map_range(&pm, 0x10000, 0, (uint64_t)0 - 0x10000, PMAP_USER), -EINVAL);
  ck_assert_int_eq(pmap_map(&pm, RIG_WINDOW, 0x5000, PMAP_WRITE), -EINVAL);         /* the kernel's part */
  ck_assert_int_eq(pmap_map(&kernel_pmap, 0xFFFF900000000000, 0x5000, 0), -EINVAL); /* a root entry made late */
  ck_assert_int_eq(pmap_unmap(&pm, 0x800000000000, &pa), -ENOENT);
  ck_assert_uint_eq(pm.mapped_pages + pm.table_pages, 0);
  ck_assert_uint_eq(free_pages(), before);
  ck_assert_int_eq(pmap_map(&pm, 0x10000, 0x5000, PMAP_USER), 0);
  ck_assert_int_eq(pmap_protect(&pm, 0x10000, PMAP_WRITE | PMAP_EXEC), -EINVAL);
  struct pmap_entry e;
  ck_assert(pmap_lookup(&pm, 0x10000, &e) && e.attrs == PMAP_USER);
  ck_assert(!pmap_lookup(&pm, 0x800000000000, &e));
}
END_TEST

START_TEST(kernel_slots_are_shared)
{
  struct pmap_entry e;
  ck_assert_int_eq(pmap_map(&kernel_pmap, RIG_WINDOW + RIG_WINDOW_SIZE - PAGE_SIZE, 0x7000, PMAP_WRITE), 0);
  ck_assert(pmap_lookup(&pm, RIG_WINDOW + RIG_WINDOW_SIZE - PAGE_SIZE, &e)); /* made after pm was */
  ck_assert_uint_eq(e.pa, 0x7000);
  ck_assert_int_eq(pmap_map(&pm, 0x10000, 0x5000, PMAP_USER), 0);
  ck_assert(!pmap_lookup(&kernel_pmap, 0x10000, &e));
  struct pmap other; /* slot 0 of the kernel's own tables, where only tests map, is not */
  ck_assert_int_eq(pmap_map(&kernel_pmap, 0x20000, 0x8000, PMAP_WRITE), 0);
  ck_assert_int_eq(pmap_create(&other), 0);
  ck_assert(!pmap_lookup(&other, 0x20000, &e));
}
END_TEST

/* The last walk ended in a table that a merge (0), or unmapping all of it (1), has freed: it is somebody else's page now. */
START_TEST(a_walk_is_forgotten_with_its_table)
{
  const vaddr_t va = GIB(1);
  uint8_t *byte = phys_to_virt(GIB(1) + 5);
  rig.page_size_max = MIB(2);
  ck_assert_int_eq(pmap_map_range(&pm, va, GIB(1), GIB(1), PMAP_USER | PMAP_WRITE), 0);
  ck_assert_ptr_eq(pmap_user_byte(&pm, va + 5, true), byte);
  uint64_t *upper = phys_to_virt(*(uint64_t *)phys_to_virt(pm.root) & PTE_ADDRESS);
  uint64_t *table = phys_to_virt(upper[1] & PTE_ADDRESS);
  rig.page_size_max = GIB(1);
  if (_i == 0)
    pmap_merge(&pm, va, va + GIB(1));
  else
    ck_assert_int_eq(pmap_unmap_range(&pm, va, va + GIB(1)), 0);
  uint64_t was = *table;
  *table = virt_to_phys(table) | PTE_PRESENT | PTE_USER | PTE_WRITE;
  ck_assert_ptr_eq(pmap_user_byte(&pm, va + 5, true), _i == 0 ? byte : NULL);
  *table = was;
}
END_TEST

/* ---- the boot ---- */

static struct pmap boot;

static void boot_setup(void)
{
  static struct bootinfo bi;
  rig_machine(MIB(16));
  rig_memory_map(&bi);
  bootmem_init(&bi);
  boot.root = bootmem_alloc_page();
}

START_TEST(boot_maps_by_the_largest_pages)
{
  const vaddr_t va = 0xFFFF888000000000 + GIB(1) - MIB(2) - PAGE_SIZE;
  const paddr_t pa = GIB(5) - MIB(2) - PAGE_SIZE;
  const unsigned attrs = PMAP_WRITE | PMAP_GLOBAL | PMAP_WRITE_COMBINE;
  const uint64_t largest = _i == 0 ? GIB(1) : MIB(2);
  const struct {
    uint64_t size, page;
  } pieces[] = {{PAGE_SIZE, PAGE_SIZE}, {MIB(2), MIB(2)}, {GIB(1), largest}, {MIB(2), MIB(2)}, {PAGE_SIZE, PAGE_SIZE}};
  struct pmap_entry e;
  uint64_t at = 0;
  rig.page_size_max = largest;
  ck_assert_int_eq(pmap_map_early(boot.root, va, pa, GIB(1) + 2 * (MIB(2) + PAGE_SIZE), attrs), 0);
  for (unsigned i = 0; i < ARRAY_SIZE(pieces); at += pieces[i++].size) {
    ck_assert(pmap_lookup(&boot, va + at + 0x123, &e));
    ck_assert_uint_eq(e.pa, pa + at + 0x123);
    ck_assert_uint_eq(e.attrs, attrs);
    ck_assert_uint_eq(e.page_size, pieces[i].page);
    ck_assert(pmap_lookup(&boot, va + at + pieces[i].size - 1, &e) && e.page_size == pieces[i].page);
    ck_assert_int_eq(pmap_map_early(boot.root, va + at, 0x5000, PAGE_SIZE, 0), -EEXIST); /* also below a large page */
  }
  ck_assert(!pmap_lookup(&boot, va - 1, &e) && !pmap_lookup(&boot, va + at, &e));
}
END_TEST

START_TEST(boot_maps_what_is_not_congruent_by_small_pages)
{
  struct pmap_entry e;
  ck_assert_int_eq(pmap_map_early(boot.root, MIB(2), PAGE_SIZE, MIB(2), 0), 0);
  ck_assert(pmap_lookup(&boot, MIB(3), &e) && e.page_size == PAGE_SIZE && e.pa == MIB(1) + PAGE_SIZE);
  ck_assert_int_eq(pmap_map_early(boot.root, MIB(4) + 1, 0, PAGE_SIZE, 0), -EINVAL);
  while (bootmem_alloc_page()) continue;
  ck_assert_int_eq(pmap_map_early(boot.root, GIB(1), 0, PAGE_SIZE, 0), -ENOMEM);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("pmap");
  TCase *tc = suite_case(suite, "pmap", setup, NULL);
  tcase_add_test(tc, agrees_with_a_dictionary);
  tcase_add_test(tc, unmapping_a_range_frees_its_tables);
  tcase_add_test(tc, destroy_frees_the_tables);
  tcase_add_test(tc, no_memory_changes_nothing);
  tcase_add_test(tc, bad_arguments_are_refused);
  tcase_add_test(tc, kernel_slots_are_shared);
  tcase_add_loop_test(tc, a_walk_is_forgotten_with_its_table, 0, 2);
  tc = suite_case(suite, "boot", boot_setup, NULL);
  tcase_add_loop_test(tc, boot_maps_by_the_largest_pages, 0, 2);
  tcase_add_test(tc, boot_maps_what_is_not_congruent_by_small_pages);
  return suite_run(suite);
}
