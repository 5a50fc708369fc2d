/* Address spaces: their rules, errors, what failing allocations leave. */
#include "mm_rig.h"

#include <kern/alloc_fault.h>
#include <kern/cpu.h>
#include <kern/kmem.h>
#include <kern/mm/pmm_ops.h>
#include <kern/mm/vmo_impl.h>
#include <kern/pmm.h>
#include <kern/trap.h>

static struct aspace *as;

static void setup(void)
{
  mm_setup();
  as = space();
}

/* Maps a fresh object there. */
static int map_at(vaddr_t addr, size_t pages, int prot)
{
  struct vmo *v = object(pages);
  int err = aspace_map(as, v, 0, addr, pages * PAGE_SIZE, prot, true, &addr);
  vmo_unref(v);
  return err;
}

START_TEST(arguments_of_map_are_checked)
{
  struct vmo *v = object(4);
  vaddr_t at;
  ck_assert_int_eq(aspace_map(as, v, 0, 0x20000, 0, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 0, 0x20001, 1, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 1, 0x20000, 1, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, VMO_SIZE_MAX, 0x20000, PAGE_SIZE, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, UINT64_MAX - PAGE_MASK, 0x20000, PAGE_SIZE, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 0, 0x20000, UINT64_MAX, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 0, 0, 1, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 0, USER_TOP, 1, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 0, USER_TOP - PAGE_SIZE, 2 * PAGE_SIZE, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 0, UINT64_MAX - PAGE_MASK, PAGE_SIZE, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 0, 0x20000, 1, 8, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 0, 0x20000, 1, PROT_WRITE | PROT_EXEC, true, &at), -EACCES);
  ck_assert_int_eq(aspace_map(as, v, 0, USER_TOP - PAGE_SIZE, 1, RW, true, &at), 0);
  ck_assert_int_eq(aspace_map(as, v, 0, USER_BASE, 1, RW, true, &at), 0);
  ck_assert_uint_eq(v->object.refs, 3);
  ck_assert_uint_eq(v->nregions, 2);
  vmo_unref(v);
  aspace_unref(as);
  everything_is_back();
}
END_TEST

START_TEST(arguments_of_changes_are_checked)
{
  ck_assert_int_eq(map_at(0x20000, 4, RW), 0);
  ck_assert_int_eq(aspace_unmap(as, 0x20001, PAGE_SIZE), -EINVAL);
  ck_assert_int_eq(aspace_unmap(as, 0x20000, 0), -EINVAL);
  ck_assert_int_eq(aspace_unmap(as, 0, PAGE_SIZE), -EINVAL);
  ck_assert_int_eq(aspace_unmap(as, USER_TOP - PAGE_SIZE, 2 * PAGE_SIZE), -EINVAL);
  ck_assert_int_eq(aspace_unmap(as, 0x20000, UINT64_MAX), -EINVAL);
  ck_assert_int_eq(aspace_protect(as, 0x20000, PAGE_SIZE, PROT_WRITE | PROT_EXEC), -EACCES);
  ck_assert_int_eq(aspace_protect(as, 0x20000, PAGE_SIZE, 16), -EINVAL);
  ck_assert_int_eq(aspace_protect(as, 0x1F000, 2 * PAGE_SIZE, PROT_READ), -ENOMEM);
  ck_assert_int_eq(aspace_protect(as, 0x23000, 2 * PAGE_SIZE, PROT_READ), -ENOMEM);
  ck_assert_int_eq(aspace_unmap(as, USER_BASE, USER_TOP - USER_BASE), 0); /* holes are fine */
  ck_assert_uint_eq(as->mapped_pages, 0);
}
END_TEST

START_TEST(the_lowest_gap_is_chosen)
{
  struct vmo *v = object(16);
  vaddr_t at;
  ck_assert_int_eq(aspace_map(as, v, 0, 0, 16 * PAGE_SIZE, RW, false, &at), 0);
  ck_assert_uint_eq(at, USER_MMAP_BASE);
  ck_assert_int_eq(aspace_map(as, v, 0, at, 2 * PAGE_SIZE, RW, false, &at), 0); /* the hint is taken already */
  ck_assert_uint_eq(at, USER_MMAP_BASE + 16 * PAGE_SIZE);
  ck_assert_int_eq(aspace_map(as, v, 0, 0x18000123, PAGE_SIZE, RW, false, &at), 0);
  ck_assert_uint_eq(at, 0x18000000);
  ck_assert_int_eq(aspace_unmap(as, USER_MMAP_BASE + 4 * PAGE_SIZE, 3 * PAGE_SIZE), 0);
  ck_assert_int_eq(aspace_map(as, v, 0, UINT64_MAX, 4 * PAGE_SIZE, RW, false, &at), 0);
  ck_assert_uint_eq(at, USER_MMAP_BASE + 18 * PAGE_SIZE);
  ck_assert_int_eq(aspace_map(as, v, 0, 0, 3 * PAGE_SIZE, RW, false, &at), 0);
  ck_assert_uint_eq(at, USER_MMAP_BASE + 4 * PAGE_SIZE);
}
END_TEST

START_TEST(a_full_window_is_no_memory)
{
  struct vmo *v;
  vaddr_t at;
  ck_assert_int_eq(vmo_create(0x60000000, &v),
                   0); /* larger than what lies between USER_MMAP_BASE and the stack's end */
  ck_assert_int_eq(aspace_map(as, v, 0, 0, 0x60000000, PROT_READ, false, &at), -ENOMEM);
  ck_assert_int_eq(aspace_map(as, v, 0, 0x10000, 0x60000000, PROT_READ, false, &at), 0);
  ck_assert_uint_eq(at, 0x10000);
}
END_TEST

START_TEST(the_stack_has_a_guard)
{
  vaddr_t base = USER_STACK_TOP - USER_STACK_SIZE, at;
  ck_assert_int_eq(aspace_map_stack(as), 0);
  ck_assert_int_eq(aspace_map_stack(as), -EEXIST);
  ck_assert_int_eq(aspace_fault(as, USER_STACK_TOP - 1, ACCESS_WRITE), 0);
  ck_assert_int_eq(aspace_fault(as, base, ACCESS_WRITE), 0);
  ck_assert_int_eq(aspace_fault(as, base, ACCESS_EXEC), -EACCES);
  ck_assert_int_eq(aspace_fault(as, base - 1, ACCESS_WRITE), -EFAULT);
  ck_assert_int_eq(aspace_fault(as, USER_STACK_TOP, ACCESS_WRITE), -EFAULT);
  ck_assert_uint_eq(aspace_resident_pages(as), 2);
  ck_assert_int_eq(map_at(base - PAGE_SIZE, 1, RW), -EEXIST);
  ck_assert_int_eq(map_at(base - 2 * PAGE_SIZE, 1, RW), 0);
  ck_assert_int_eq(aspace_unmap(as, base - 2 * PAGE_SIZE, PAGE_SIZE), 0);
  struct vmo *v = object((base - USER_MMAP_BASE) / PAGE_SIZE);
  ck_assert_int_eq(aspace_map(as, v, 0, 0, base - USER_MMAP_BASE, RW, false, &at), -ENOMEM);
  ck_assert_int_eq(aspace_map(as, v, 0, 0, base - USER_MMAP_BASE - PAGE_SIZE, RW, false, &at), 0);
  vmo_unref(v);
  aspace_unref(as);
  everything_is_back();
}
END_TEST

START_TEST(faults_outside_the_window_are_refused)
{
  static const vaddr_t at[] = {0, 0xFFFF, USER_TOP, 0x7FFFFFFFFFFF, 0x800000000000, UINTPTR_MAX, RIG_WINDOW};
  for (unsigned i = 0; i < ARRAY_SIZE(at); i++) ck_assert_int_eq(aspace_fault(as, at[i], ACCESS_READ), -EFAULT);
}
END_TEST

START_TEST(pages_in_memory_come_with_their_neighbours)
{
  struct vmo *v = object(40);
  vaddr_t at;
  static uint8_t text[20 * PAGE_SIZE];
  ck_assert_int_eq(vmo_write(v, 10 * PAGE_SIZE, text, sizeof text), 0);
  ck_assert_int_eq(aspace_map(as, v, PAGE_SIZE, 0x400000, 38 * PAGE_SIZE, PROT_READ | PROT_EXEC, true, &at), 0);
  ck_assert_int_eq(aspace_fault(as, 0x400000 + 20 * PAGE_SIZE, ACCESS_EXEC), 0);
  ck_assert_uint_eq(aspace_resident_pages(as), 13); /* pages 16-28 of the region: in memory, and in the block of 16 */
  ck_assert_int_eq(aspace_fault(as, 0x400000 + 32 * PAGE_SIZE, ACCESS_READ), 0);
  ck_assert_uint_eq(aspace_resident_pages(as), 14); /* a fresh page comes alone */
  ck_assert_uint_eq(vmo_committed_pages(v), 21);
}
END_TEST

START_TEST(unmapping_gives_memory_back)
{
  struct pmm_stats before, after;
  ck_assert_int_eq(map_at(0x200000, 512, RW), 0);
  pmm_get_stats(&before);
  for (unsigned i = 0; i < 512; i++) ck_assert_int_eq(aspace_fault(as, 0x200000 + i * PAGE_SIZE, ACCESS_WRITE), 0);
  ck_assert_int_eq(aspace_unmap(as, 0x200000 + 5 * PAGE_SIZE, 500 * PAGE_SIZE), 0);
  pmm_get_stats(&after);
  ck_assert_uint_eq(before.zone_free[PMM_USER] - after.zone_free[PMM_USER], 12);
}
END_TEST

START_TEST(shared_pages_outlive_one_of_their_mappings)
{
  struct vmo *v = object(4);
  vaddr_t at;
  uint8_t byte = 42, back = 0;
  ck_assert_int_eq(aspace_map(as, v, 0, 0x200000, 4 * PAGE_SIZE, RW, true, &at), 0);
  ck_assert_int_eq(aspace_map(as, v, PAGE_SIZE, 0x300000, PAGE_SIZE, PROT_READ, true, &at), 0);
  vmo_unref(v); /* only the two mappings hold it now */
  ck_assert_int_eq(aspace_copy_out(as, 0x201000, &byte, 1), 0);
  ck_assert_int_eq(aspace_unmap(as, 0x200000, 4 * PAGE_SIZE), 0);
  ck_assert_int_eq(aspace_copy_in(as, &back, 0x300000, 1), 0);
  ck_assert_uint_eq(back, 42);
}
END_TEST

START_TEST(failing_allocations_change_nothing)
{
  uint64_t objects, pages, now_objects, now_pages;
  ck_assert_int_eq(map_at(0x200000, 16, RW), 0);
  for (unsigned i = 0; i < 16; i++) ck_assert_int_eq(aspace_fault(as, 0x200000 + i * PAGE_SIZE, ACCESS_WRITE), 0);
  struct vmo *v = object(4);
  for (unsigned operation = 0; operation < 5; operation++) {
    for (uint64_t n = 1;; n++) {
      vaddr_t at;
      int err = 0;
      uint64_t mapped = as->mapped_pages;
      usage(&objects, &pages);
      alloc_fault_arm(n, true);
      switch (operation) {
      case 0: err = aspace_unmap(as, 0x202000, PAGE_SIZE); break;
      case 1: err = aspace_protect(as, 0x206000, PAGE_SIZE, PROT_READ); break;
      case 2: err = aspace_map(as, v, 0, 0x400000, PAGE_SIZE, RW, true, &at); break;
      case 3: err = aspace_map_stack(as); break;
      case 4: err = aspace_fault(as, 0x400000, ACCESS_WRITE); break;
      }
      uint64_t failures = alloc_fault_failures();
      alloc_fault_arm(0, false);
      if (failures == 0) {
        ck_assert_int_eq(err, 0);
        break;
      }
      ck_assert_int_eq(err, -ENOMEM);
      usage(&now_objects, &now_pages);
      ck_assert_uint_eq(now_objects, objects);
      ck_assert_uint_eq(now_pages, pages);
      ck_assert_uint_eq(as->mapped_pages, mapped);
    }
  }
  vmo_unref(v);
  aspace_unref(as);
  everything_is_back();
}
END_TEST

#ifndef NDEBUG
/* ---- zones: where a page of the kernel's would become a program's, or the reverse ---- */

START_TEST(a_page_of_the_kernels_enters_no_program)
{
  struct vmo *v = object(1);
  vaddr_t at;
  paddr_t pa;
  ck_assert_int_eq(aspace_map(as, v, 0, 0x200000, PAGE_SIZE, RW, true, &at), 0);
  ck_assert_int_eq(pmm_alloc_zeroed(PMM_KERNEL, &pa), 0);
  rig.halt_says = "pmm_in_zone(";
  if (_i == 0) {
    spin_lock(&v->lock);
    vmo_remap_locked(v, 0, pa);
  } else {
    v->tree.root = pa; /* its only page */
    ck_assert_int_eq(aspace_fault(as, 0x200000, ACCESS_READ), 0);
  }
}
END_TEST

/* Interrupts come after every VMO_CHANGE_STEP pages of a mapped object that is cloned, cut or protected, whatever its size. */
static unsigned interrupts_in_change(uint64_t pages, int what)
{
  struct vmo *v = object(pages), *clone = NULL;
  size_t bytes = pages * PAGE_SIZE;
  vaddr_t at;
  ck_assert_int_eq(aspace_map(as, v, 0, MIB(64), bytes, RW, true, &at), 0);
  ck_assert_int_eq(aspace_fault(as, MIB(64), ACCESS_WRITE), 0);
  rig.irq_times_on = 0;
  switch (what) {
  case 0: ck_assert_int_eq(vmo_clone(v, 0, bytes, &clone), 0); break;
  case 1: ck_assert_int_eq(vmo_resize(v, 0), 0); break;
  default: ck_assert_int_eq(aspace_protect(as, MIB(64), bytes, PROT_READ), 0);
  }
  unsigned times = rig.irq_times_on;
  if (clone) vmo_unref(clone);
  ck_assert_int_eq(aspace_unmap(as, MIB(64), bytes), 0);
  vmo_unref(v);
  return times;
}

/* Both as high a tree. */
START_TEST(interrupts_come_while_a_large_object_changes)
{
  unsigned four = interrupts_in_change(4 * VMO_CHANGE_STEP, _i), ten = interrupts_in_change(10 * VMO_CHANGE_STEP, _i);
  ck_assert_uint_eq(ten, four + 6);
}
END_TEST

/* And after every page that is freed. */
START_TEST(interrupts_come_while_pages_are_freed)
{
  struct vmo *v = object(200);
  paddr_t pa;
  for (unsigned i = 0; i < 200; i++) ck_assert_int_eq(vmo_get_page(v, i, true, &pa), 0);
  rig.irq_times_on = 0;
  ck_assert_int_eq(vmo_resize(v, 0), 0);
  ck_assert_uint_ge(rig.irq_times_on, 200);
  vmo_unref(v);
}
END_TEST

/* All memory is the programs' for whom asks now. */
START_TEST(a_page_of_programs_becomes_nothing_of_the_kernels)
{
  struct pmap other;
  void *stack;
  ck_assert_int_eq(pmap_map_range(&as->pmap, MIB(2), MIB(2), MIB(2), PMAP_USER), 0);
  ck_assert_int_eq(kva_alloc_guarded(1, &stack), 0);
  pmm_zones[PMM_KERNEL].frames = 0;
  rig.halt_says = "pmm_in_zone(";
  int err = 0;
  switch (_i) {
  case 0: err = pmap_create(&other); break;
  case 1: err = pmap_map(&as->pmap, GIB(1), MIB(2), PMAP_USER); break;
  case 2: err = pmap_unmap_range(&as->pmap, MIB(3), MIB(4)); break;
  default: err = kva_alloc_guarded(1, &stack);
  }
  ck_abort_msg("it is taken: %d", err);
}
END_TEST
#endif

START_TEST(destroying_the_active_space_leaves_the_kernels_tables)
{
  ck_assert_int_eq(map_at(0x200000, 1, RW), 0);
  bool enabled = arch_irq_disable();
  aspace_activate(as);
  ck_assert_uint_eq(rig.root, as->pmap.root);
  arch_irq_restore(enabled);
  aspace_ref(as);
  aspace_unref(as);
  ck_assert_ptr_eq(cpu_self()->active_aspace, as);
  aspace_unref(as);
  ck_assert_uint_eq(rig.root, kernel_pmap.root);
  ck_assert_ptr_null(cpu_self()->active_aspace);
  everything_is_back();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("aspace");
  TCase *tc = suite_case(suite, "aspace", setup, NULL);
  tcase_add_test(tc, arguments_of_map_are_checked);
  tcase_add_test(tc, arguments_of_changes_are_checked);
  tcase_add_test(tc, the_lowest_gap_is_chosen);
  tcase_add_test(tc, a_full_window_is_no_memory);
  tcase_add_test(tc, the_stack_has_a_guard);
  tcase_add_test(tc, faults_outside_the_window_are_refused);
  tcase_add_test(tc, pages_in_memory_come_with_their_neighbours);
  tcase_add_test(tc, unmapping_gives_memory_back);
  tcase_add_test(tc, shared_pages_outlive_one_of_their_mappings);
  tcase_add_test(tc, failing_allocations_change_nothing);
  tcase_add_test(tc, destroying_the_active_space_leaves_the_kernels_tables);
#ifndef NDEBUG
  tcase_add_loop_exit_test(tc, a_page_of_the_kernels_enters_no_program, RIG_HALTED, 0, 2);
  tcase_add_loop_exit_test(tc, a_page_of_programs_becomes_nothing_of_the_kernels, RIG_HALTED, 0, 4);
  tcase_add_loop_test(tc, interrupts_come_while_a_large_object_changes, 0, 3);
  tcase_add_test(tc, interrupts_come_while_pages_are_freed);
#endif
  return suite_run(suite);
}
