/* Page tables and what the processor remembers of them: whatever it may have cached is flushed, and no more than that. */
#include "rig.h"

#include <fmt/trapframe.h>
#include <kern/alloc_fault.h>
#include <kern/aspace.h>
#include <kern/cpu.h>
#include <kern/pmap.h>

static struct aspace active;

static struct pmap *active_pmap(void)
{
  ck_assert_int_eq(pmap_create(&active.pmap), 0);
  cpu_self()->active_aspace = &active;
  arch_aspace_activate(active.pmap.root);
  return &active.pmap;
}

START_TEST(only_what_may_be_cached_is_flushed)
{
  struct pmap idle, *p = active_pmap();
  paddr_t pa;
  uint64_t before = rig.flushes;
  ck_assert_int_eq(pmap_create(&idle), 0);
  ck_assert_int_eq(pmap_map(&idle, 0x10000, 0x5000, PMAP_USER), 0);
  ck_assert_int_eq(pmap_protect(&idle, 0x10000, PMAP_USER | PMAP_WRITE), 0);
  ck_assert_int_eq(pmap_unmap(&idle, 0x10000, &pa), 0);
  ck_assert_uint_eq(rig.flushes, before);
  ck_assert_int_eq(pmap_map(p, 0x10000, 0x5000, PMAP_USER), 0);
  ck_assert_uint_eq(rig.flushes, before); /* was absent */
  ck_assert_int_eq(pmap_protect(p, 0x10000, PMAP_USER | PMAP_WRITE), 0);
  ck_assert_uint_eq(rig.flushes, before + 1);
  ck_assert_int_eq(pmap_unmap(p, 0x10000, &pa), 0);
  ck_assert_uint_gt(rig.flushes, before + 1);
  before = rig.flushes;
  alloc_fault_arm(2, false); /* a table that was in place for a moment is forgotten */
  ck_assert_int_eq(pmap_map(p, 0x10000, 0x5000, PMAP_USER), -ENOMEM);
  alloc_fault_arm(0, false);
  ck_assert_uint_eq(rig.flushes, before + 1);
}
END_TEST

/* After a merge the pages are one for the processor, too: flushing it once later is enough. */
START_TEST(merging_flushes_every_page)
{
  struct pmap *p = active_pmap();
  struct pmap_entry e;
  for (vaddr_t at = 0; at < MIB(2); at += PAGE_SIZE)
    ck_assert_int_eq(pmap_map(p, MIB(4) + at, MIB(8) + at, PMAP_USER), 0);
  ck_assert(rig_access(MIB(4), PF_USER) && rig_access(MIB(5), PF_USER));
  uint64_t tables = p->table_pages;
  pmap_merge(p, MIB(4), MIB(6) - PAGE_SIZE); /* not all of the table */
  ck_assert(pmap_lookup(p, MIB(5), &e) && e.page_size == PAGE_SIZE);
  pmap_merge(p, 0, GIB(1));
  ck_assert(pmap_lookup(p, MIB(5) + 5, &e) && e.page_size == MIB(2) && e.pa == MIB(9) + 5 && e.accessed && !e.dirty);
  ck_assert_uint_eq(p->table_pages, tables - 1);
  ck_assert_int_eq(pmap_unmap_range(p, MIB(4), MIB(6)), 0);
  ck_assert(rig_tlb_is_right());
  ck_assert_uint_eq(p->table_pages, 0);
}
END_TEST

START_TEST(single_pages_are_flushed)
{
  struct pmap *p = active_pmap();
  paddr_t pa;
  for (vaddr_t at = 0; at < MIB(1); at += PAGE_SIZE)
    ck_assert_int_eq(pmap_map(p, MIB(4) + at, MIB(8) + at, PMAP_USER), 0);
  ck_assert(rig_access(MIB(4), PF_USER));
  ck_assert_int_eq(pmap_unmap(p, MIB(4), &pa), 0);
  ck_assert(rig_tlb_is_right());
  ck_assert(rig_access(MIB(4) + PAGE_SIZE, PF_USER));
  ck_assert_int_eq(pmap_protect(p, MIB(4) + PAGE_SIZE, PMAP_USER | PMAP_WRITE), 0);
  ck_assert(rig_tlb_is_right());
  ck_assert(rig_access(MIB(4) + 2 * PAGE_SIZE, PF_USER));
  pmap_remap(p, MIB(4) + 2 * PAGE_SIZE, MIB(16));
  ck_assert(rig_tlb_is_right());
}
END_TEST

/* A page is flushed alone, many all at once, and none twice. */
START_TEST(a_range_is_flushed_in_one_way)
{
  static const unsigned sizes[] = {1, 2, 31, 32, 33, 34, 512, 1000};
  const uint64_t pages = sizes[_i], size = pages * PAGE_SIZE;
  struct pmap *p = active_pmap();
  ck_assert_int_eq(pmap_map_range(p, MIB(4), MIB(8) + PAGE_SIZE, size, PMAP_USER), 0);
  for (uint64_t i = 0; i < pages; i++) ck_assert(rig_access(MIB(4) + i * PAGE_SIZE, PF_USER));
  uint64_t single = rig.flushes, all = rig.activations + rig.full_flushes;
  ck_assert_int_eq(pmap_protect_range(p, MIB(4), MIB(4) + size, PMAP_USER | PMAP_WRITE), 0);
  single = rig.flushes - single;
  all = rig.activations + rig.full_flushes - all;
  ck_assert((single == pages && all == 0 && pages < 512) || (single == 0 && all == 1 && pages > 1));
  ck_assert(rig_tlb_is_right());
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("pmap flush");
  TCase *tc = suite_case(suite, "flush", rig_boot_default, NULL);
  tcase_add_test(tc, only_what_may_be_cached_is_flushed);
  tcase_add_test(tc, merging_flushes_every_page);
  tcase_add_test(tc, single_pages_are_flushed);
  tcase_add_loop_test(tc, a_range_is_flushed_in_one_way, 0, 8);
  return suite_run(suite);
}
