/* The processor's walk over page tables, as the simulator makes it: what it allows, what it notes, and how it fails. */
#include "rig.h"

#include <fmt/paging.h>
#include <fmt/trapframe.h>
#include <kern/pmap.h>

static struct pmap pm;

static void setup(void)
{
  rig_boot_default();
  ck_assert_int_eq(pmap_create(&pm), 0);
}

#define VA 0x10000u

static uint64_t *leaf(void)
{
  uint64_t *slot = NULL;
  paddr_t table = pm.root;
  for (unsigned level = PAGING_LEVELS; level > 0; level--) {
    slot = (uint64_t *)phys_to_virt(table) + paging_index(VA, level);
    table = *slot & PTE_ADDRESS;
  }
  return slot;
}

START_TEST(the_walk_checks_rights)
{
  static const unsigned rights[] = {0, PMAP_WRITE, PMAP_EXEC, PMAP_USER, PMAP_USER | PMAP_WRITE, PMAP_USER | PMAP_EXEC};
  static const uint64_t accesses[] = {0, PF_WRITE, PF_FETCH, PF_USER, PF_USER | PF_WRITE, PF_USER | PF_FETCH};
  ck_assert_int_eq(pmap_map(&pm, VA, 0x5000, 0), 0);
  for (unsigned r = 0; r < ARRAY_SIZE(rights); r++) {
    ck_assert_int_eq(pmap_protect(&pm, VA, rights[r]), 0);
    for (unsigned a = 0; a < ARRAY_SIZE(accesses); a++) {
      struct x86_walk w;
      bool same_mode = !(rights[r] & PMAP_USER) == !(accesses[a] & PF_USER);
      bool right = accesses[a] & PF_WRITE   ? rights[r] & PMAP_WRITE
                   : accesses[a] & PF_FETCH ? rights[r] & PMAP_EXEC
                                            : true;
      ck_assert_int_eq(x86_mmu_walk(pm.root, VA + 7, accesses[a], &w), same_mode && right);
      if (same_mode && right)
        ck_assert_uint_eq(w.pa, 0x5007);
      else
        ck_assert_uint_eq(w.error, accesses[a] | PF_PRESENT);
    }
  }
}
END_TEST

START_TEST(the_walk_tells_what_is_not_present)
{
  struct x86_walk w;
  ck_assert(!x86_mmu_walk(pm.root, VA, PF_USER | PF_WRITE, &w));
  ck_assert_uint_eq(w.error, PF_USER | PF_WRITE);
  ck_assert(!x86_mmu_peek(pm.root, VA, &w));
}
END_TEST

START_TEST(the_walk_sets_accessed_and_dirty)
{
  struct x86_walk w;
  struct pmap_entry e;
  ck_assert_int_eq(pmap_map(&pm, VA, 0x5000, PMAP_USER | PMAP_WRITE), 0);
  ck_assert(x86_mmu_peek(pm.root, VA, &w) && !w.accessed && !w.dirty);
  ck_assert(!x86_mmu_walk(pm.root, VA, PF_USER | PF_FETCH, &w));
  ck_assert(pmap_lookup(&pm, VA, &e) && !e.accessed); /* a refused access leaves no trace on the page */
  ck_assert(x86_mmu_walk(pm.root, VA, PF_USER, &w) && w.accessed && !w.dirty);
  ck_assert(pmap_lookup(&pm, VA, &e) && e.accessed && !e.dirty);
  ck_assert(x86_mmu_walk(pm.root, VA, PF_USER | PF_WRITE, &w) && w.dirty);
  ck_assert(pmap_lookup(&pm, VA, &e) && e.accessed && e.dirty);
  ck_assert(*(uint64_t *)phys_to_virt(pm.root) & PTE_ACCESSED); /* tables, too */
  ck_assert_int_eq(pmap_protect(&pm, VA, PMAP_USER), 0);
  ck_assert(pmap_lookup(&pm, VA, &e) && e.accessed && e.dirty); /* what the processor noted stays */
}
END_TEST

START_TEST(reserved_bits_fault)
{
  struct x86_walk w;
  uint64_t *root = phys_to_virt(pm.root);
  ck_assert_int_eq(pmap_map(&pm, VA, 0x5000, PMAP_USER), 0);
  *root |= PTE_LARGE;
  ck_assert(!x86_mmu_walk(pm.root, VA, PF_USER, &w));
  ck_assert_uint_eq(w.error, PF_PRESENT | PF_RESERVED | PF_USER);
  *root &= ~PTE_LARGE;
  uint64_t *level3 = phys_to_virt(*root & PTE_ADDRESS), *level2 = phys_to_virt(*level3 & PTE_ADDRESS);
  uint64_t table2 = *level2, table3 = *level3;
  *level2 = 0x200000 | PTE_PRESENT | PTE_USER | PTE_LARGE | PTE_PAT_LARGE;
  ck_assert(x86_mmu_walk(pm.root, VA, PF_USER, &w) && w.page_size == MIB(2) && w.pa == 0x200000 + VA);
  *level2 |= 1 << 13;
  ck_assert(!x86_mmu_walk(pm.root, VA, PF_USER, &w) && (w.error & PF_RESERVED));
  *level2 = table2;
  *level3 = GIB(3) | PTE_PRESENT | PTE_USER | PTE_LARGE;
  ck_assert(x86_mmu_walk(pm.root, VA, PF_USER, &w) && w.page_size == GIB(1) && w.pa == GIB(3) + VA);
  *level3 |= 1 << 29;
  ck_assert(!x86_mmu_walk(pm.root, VA, PF_USER, &w) && (w.error & PF_RESERVED));
  *level3 = table3;
  ck_assert(x86_mmu_walk(pm.root, VA, PF_USER, &w));
}
END_TEST

START_TEST(rights_of_all_levels_count_together)
{
  struct x86_walk w;
  ck_assert_int_eq(pmap_map(&pm, VA, 0x5000, PMAP_USER | PMAP_WRITE), 0);
  uint64_t *root = phys_to_virt(pm.root);
  *root &= ~PTE_WRITE;
  ck_assert(!x86_mmu_walk(pm.root, VA, PF_USER | PF_WRITE, &w));
  ck_assert(x86_mmu_walk(pm.root, VA, PF_USER, &w) && !w.write);
  *root &= ~PTE_USER;
  ck_assert(!x86_mmu_walk(pm.root, VA, PF_USER, &w));
  ck_assert(x86_mmu_walk(pm.root, VA, 0, &w) && !w.user);
  *root |= PTE_NX | PTE_USER;
  *leaf() &= ~PTE_NX;
  ck_assert(!x86_mmu_walk(pm.root, VA, PF_USER | PF_FETCH, &w));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("pmap walk");
  TCase *tc = suite_case(suite, "walk", setup, NULL);
  tcase_add_test(tc, the_walk_checks_rights);
  tcase_add_test(tc, the_walk_tells_what_is_not_present);
  tcase_add_test(tc, the_walk_sets_accessed_and_dirty);
  tcase_add_test(tc, reserved_bits_fault);
  tcase_add_test(tc, rights_of_all_levels_count_together);
  return suite_run(suite);
}
