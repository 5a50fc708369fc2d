/* Memory objects without memory: a failed call changes nothing and counts nothing. */
#include "mm_rig.h"

#include <kern/alloc_fault.h>
#include <kern/trap.h>

/* A page that finds no memory, or no table to be mapped by, is not counted. */
START_TEST(quotas_count_no_page_that_failed)
{
  struct vmo_quota q = {.limit = 10};
  struct aspace *as = space();
  struct vmo *v = object(4);
  uint8_t byte = 1;
  vmo_set_quota(v, &q);
  ck_assert_int_eq(map(as, v, 0, AT, 4, RW), 0);
  for (uint64_t n = 1, failures = 1; failures > 0; n++) {
    alloc_fault_arm(n, true);
    int err = _i == 0 ? vmo_write(v, 0, &byte, 1) : aspace_fault(as, AT, ACCESS_WRITE);
    failures = alloc_fault_failures();
    alloc_fault_arm(0, false);
    ck_assert_int_eq(err, failures ? -ENOMEM : 0);
    ck_assert_uint_eq(q.used, failures ? 0 : 1);
  }
  vmo_unref(v);
  aspace_unref(as);
  everything_is_back();
}
END_TEST

#define OPERATIONS 15

static struct vmo *made;

/* The original has pages 0-69 and is mapped in `as`; the clone shares them. */
static int operate(unsigned operation, struct vmo *v, struct vmo *c, struct aspace *as)
{
  uint8_t byte = 0xAB;
  vaddr_t at;
  switch (operation) {
  case 0: return vmo_create(PAGE_SIZE, &made);
  case 1: return vmo_clone(v, 0, 100 * PAGE_SIZE, &made);
  case 2: return vmo_clone(v, 0, 35 * PAGE_SIZE, &made);
  case 3: return vmo_clone(v, 33 * PAGE_SIZE, 2000 * PAGE_SIZE, &made);
  case 4: return vmo_write(v, 40 * PAGE_SIZE, &byte, 1);   /* a copy of a shared page */
  case 5: return vmo_write(c, 1050 * PAGE_SIZE, &byte, 1); /* a page of its own, below shared nodes */
  case 6: return vmo_resize(c, 50 * PAGE_SIZE);            /* in the middle of a shared node */
  case 7: return vmo_resize(c, 40000 * PAGE_SIZE);         /* a level more */
  case 8: return aspace_map(as, v, 0, AT + MIB(16), PAGE_SIZE, RW, true, &at);
  case 9: return vmo_resize(c, 50 * PAGE_SIZE + 1);                              /* a copy of the last page, too */
  case 10: return vmo_resize(v, 40 * PAGE_SIZE + 1);                             /* the same of what is mapped */
  case 11: return vmo_resize(v, 40 * PAGE_SIZE);                                 /* what is mapped, from a page on */
  case 12: return aspace_fault(as, AT + 1050 * PAGE_SIZE, ACCESS_WRITE);         /* a fresh page, and a table for it */
  case 13: return aspace_fault(as, AT + MIB(32), ACCESS_WRITE);                  /* a copy, and a table for it */
  default: return aspace_fault(as, AT + MIB(32) + 40 * PAGE_SIZE, ACCESS_WRITE); /* the same in a shared node */
  }
}

static void check_contents(struct vmo *v, uint64_t pages)
{
  ck_assert_uint_eq(vmo_size(v), pages * PAGE_SIZE);
  ck_assert_uint_eq(vmo_committed_pages(v), 70);
  for (unsigned i = 0; i < 70; i++) ck_assert_uint_eq(get(v, i), i + 1);
}

START_TEST(failing_allocations_change_nothing)
{
  struct aspace *as = space();
  struct vmo *v = object(2000), *c;
  for (unsigned i = 0; i < 70; i++) put(v, i, (uint8_t)(i + 1));
  ck_assert_int_eq(map(as, v, 0, AT, 2000, RW), 0);
  for (unsigned i = 0; i < 70; i++) poke(as, AT + i * PAGE_SIZE, 0);
  c = clone_of(v, 0, 2000);
  ck_assert_int_eq(map(as, c, 0, AT + MIB(32), 2000, RW), 0);
  for (uint64_t n = 1;; n++) {
    uint64_t objects, pages, now_objects, now_pages;
    usage(&objects, &pages);
    alloc_fault_arm(n, true);
    int err = operate((unsigned)_i, v, c, as);
    uint64_t failures = alloc_fault_failures();
    alloc_fault_arm(0, false);
    if (failures == 0) {
      ck_assert_int_eq(err, 0);
      ck_assert_uint_gt(n, 1); /* at least one allocation was there to fail */
      break;
    }
    ck_assert_int_eq(err, -ENOMEM);
    usage(&now_objects, &now_pages);
    ck_assert_uint_eq(now_objects, objects);
    ck_assert_uint_eq(now_pages, pages);
    ck_assert_uint_eq(as->mapped_pages, 4000);
    ck_assert_uint_eq(aspace_resident_pages(as), 70);
    check_contents(v, 2000);
    check_contents(c, 2000);
  }
  if (made) vmo_unref(made);
  vmo_unref(v);
  vmo_unref(c);
  aspace_unref(as);
  everything_is_back();
}
END_TEST

/* A write at the end that finds no memory leaves the object as small as it was. */
START_TEST(failing_growth_changes_nothing)
{
  static const uint64_t pages[] = {0, 1, 32, 40, 1024};
  struct vmo *v = object(pages[_i]);
  if (pages[_i]) put(v, 0, 1);
  for (uint64_t n = 1;; n++) {
    uint64_t objects, free, now_objects, now_free;
    uint8_t byte = 3;
    struct uio uio = uio_kernel(&byte, 1);
    usage(&objects, &free);
    alloc_fault_arm(n, true);
    int err = vmo_append_uio(v, pages[_i] * PAGE_SIZE + 77, &uio);
    uint64_t failures = alloc_fault_failures();
    alloc_fault_arm(0, false);
    if (failures == 0) {
      ck_assert_int_eq(err, 0);
      break;
    }
    usage(&now_objects, &now_free);
    ck_assert_int_eq(err, -ENOMEM);
    ck_assert_uint_eq(uio.left, 1);
    ck_assert_uint_eq(vmo_size(v), pages[_i] * PAGE_SIZE);
    ck_assert_uint_eq(now_objects, objects);
    ck_assert_uint_eq(now_free, free);
  }
  ck_assert_uint_eq(vmo_size(v), (pages[_i] + 1) * PAGE_SIZE);
  vmo_unref(v);
  everything_is_back();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("vmo without memory");
  TCase *tc = suite_case(suite, "failing allocations", mm_setup, NULL);
  tcase_add_loop_test(tc, quotas_count_no_page_that_failed, 0, 2);
  tcase_add_loop_test(tc, failing_allocations_change_nothing, 0, OPERATIONS);
  tcase_add_loop_test(tc, failing_growth_changes_nothing, 0, 5);
  return suite_run(suite);
}
