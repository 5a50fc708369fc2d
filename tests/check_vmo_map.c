/* Memory objects and their mappings: what clones, sizes and rights do to them; who may write and who may execute. */
#include "mm_rig.h"

#include <kern/mm/aspace_impl.h>
#include <kern/mm/vmo_impl.h>
#include <kern/trap.h>

static bool writable(struct aspace *as, vaddr_t at)
{
  struct pmap_entry e;
  return pmap_lookup(&as->pmap, at, &e) && (e.attrs & PMAP_WRITE);
}

START_TEST(a_clone_takes_write_away_and_a_fault_gives_it_back)
{
  struct aspace *a = space(), *b = space();
  struct vmo *v = object(4), *c;
  ck_assert_int_eq(map(a, v, 0, AT, 4, RW), 0);
  ck_assert_int_eq(map(b, v, 1, AT, 3, RW), 0);
  poke(a, AT + PAGE_SIZE, 1);
  poke(b, AT, 2); /* the same byte */
  ck_assert_uint_eq(peek(a, AT + PAGE_SIZE), 2);
  ck_assert(writable(a, AT + PAGE_SIZE) && writable(b, AT));
  c = clone_of(v, 0, 4);
  ck_assert(!writable(a, AT + PAGE_SIZE) && !writable(b, AT));
  poke(b, AT, 3); /* both mappings move on to the copy, the clone does not */
  ck_assert_uint_eq(peek(a, AT + PAGE_SIZE), 3);
  uint8_t byte;
  ck_assert_int_eq(vmo_read(c, PAGE_SIZE, &byte, 1), 0);
  ck_assert_uint_eq(byte, 2);
  ck_assert(writable(b, AT) && !writable(a, AT + PAGE_SIZE)); /* until somebody writes there */
  poke(a, AT + PAGE_SIZE, 3);
  ck_assert(writable(a, AT + PAGE_SIZE));
  vmo_unref(c);
  c = clone_of(v, 0, 4);
  vmo_unref(c); /* nobody shares any more: the page itself becomes writable again */
  struct pmap_entry before, after;
  ck_assert(pmap_lookup(&b->pmap, AT, &before) && !writable(b, AT));
  poke(b, AT, 4);
  ck_assert(pmap_lookup(&b->pmap, AT, &after) && writable(b, AT));
  ck_assert_uint_eq(after.pa, before.pa);
  ck_assert_uint_eq(peek(a, AT + PAGE_SIZE), 4);
  vmo_unref(v);
  aspace_unref(a);
  aspace_unref(b);
  everything_is_back();
}
END_TEST

START_TEST(a_smaller_object_leaves_its_mappings)
{
  struct aspace *a = space(), *b = space();
  struct vmo *v = object(100);
  ck_assert_int_eq(map(a, v, 0, AT, 100, RW), 0);
  ck_assert_int_eq(map(b, v, 50, AT, 50, PROT_READ), 0);
  for (unsigned i = 0; i < 100; i++) poke(a, AT + i * PAGE_SIZE, 1);
  for (unsigned i = 0; i < 50; i++) ck_assert_uint_eq(peek(b, AT + i * PAGE_SIZE), 1);
  ck_assert_int_eq(vmo_resize(v, 60 * PAGE_SIZE), 0);
  ck_assert_uint_eq(aspace_resident_pages(a), 60);
  ck_assert_uint_eq(aspace_resident_pages(b), 10);
  ck_assert_uint_eq(vmo_committed_pages(v), 60);
  ck_assert_int_eq(aspace_fault(a, AT + 60 * PAGE_SIZE, ACCESS_READ), -ERANGE);
  ck_assert_int_eq(aspace_fault(b, AT + 10 * PAGE_SIZE, ACCESS_READ), -ERANGE);
  ck_assert_int_eq(aspace_fault(b, AT + 9 * PAGE_SIZE, ACCESS_READ), 0);
  ck_assert_int_eq(vmo_resize(v, 100 * PAGE_SIZE), 0);
  ck_assert_uint_eq(peek(b, AT + 10 * PAGE_SIZE), 0);
  ck_assert_uint_eq(peek(a, AT + 59 * PAGE_SIZE), 1);
  vmo_unref(v);
  aspace_unref(a);
  aspace_unref(b);
  everything_is_back();
}
END_TEST

START_TEST(a_page_is_never_writable_and_executable)
{
  struct aspace *a = space(), *b = space();
  struct vmo *v = object(8), *c;
  uint8_t byte = 1;
  ck_assert_int_eq(map(a, v, 0, AT, 4, RW), 0);
  ck_assert_int_eq(map(b, v, 3, AT, 4, RX), -EACCES); /* one page in common */
  ck_assert_int_eq(map(a, v, 0, AT + MIB(1), 1, PROT_EXEC), -EACCES);
  ck_assert_int_eq(map(b, v, 4, AT, 4, RX), 0);                  /* other pages of the object */
  ck_assert_int_eq(aspace_protect(b, AT, 2 * PAGE_SIZE, RW), 0); /* 4 and 5: written now, not executed */
  ck_assert_int_eq(map(a, v, 5, AT + MIB(1), 2, RX), -EACCES);
  ck_assert_int_eq(map(a, v, 6, AT + MIB(1), 2, RX), 0);
  ck_assert_int_eq(aspace_protect(b, AT, 4 * PAGE_SIZE, RW), -EACCES);
  ck_assert_int_eq(aspace_protect(b, AT + PAGE_SIZE, PAGE_SIZE, RX), 0);
  ck_assert_int_eq(vmo_write(v, 4 * PAGE_SIZE, &byte, 1), 0);
  ck_assert_int_eq(vmo_write(v, 5 * PAGE_SIZE, &byte, 1), -ETXTBSY);
  ck_assert_int_eq(vmo_zero(v, 4 * PAGE_SIZE, 5 * PAGE_SIZE), 0);
  ck_assert_uint_eq(peek(b, AT + PAGE_SIZE), 0); /* page 5 is present */
  ck_assert_int_eq(vmo_zero(v, 5 * PAGE_SIZE, 6 * PAGE_SIZE), -ETXTBSY);
  ck_assert_int_eq(vmo_resize(v, 7 * PAGE_SIZE), -ETXTBSY);
  ck_assert_uint_eq(vmo_size(v), 8 * PAGE_SIZE);
  c = clone_of(v, 0, 8); /* pages of its own as soon as they are written */
  ck_assert_int_eq(map(b, c, 0, AT + MIB(1), 8, RW), 0);
  poke(b, AT + MIB(1) + 6 * PAGE_SIZE, 9);
  ck_assert_uint_eq(peek(a, AT + MIB(1)), 0);
  ck_assert_int_eq(aspace_unmap(b, AT, 4 * PAGE_SIZE), 0);
  ck_assert_int_eq(aspace_protect(a, AT + MIB(1), 2 * PAGE_SIZE, RW), 0); /* the last claim to execute is gone */
  ck_assert_int_eq(map(b, v, 0, AT, 4, RX), -EACCES);
  aspace_unref(a);
  ck_assert_int_eq(map(b, v, 0, AT, 8, RX), 0);
  vmo_unref(v);
  vmo_unref(c);
  aspace_unref(b);
  everything_is_back();
}
END_TEST

/* The same addresses of two spaces; a piece that is executed at the new end; what is counted when all is gone. */
START_TEST(a_claim_is_one_regions)
{
  struct aspace *a = space(), *b = space();
  struct vmo *v = object(8), *w = object(4);
  ck_assert_int_eq(map(a, v, 0, AT, 4, PROT_READ), 0);
  ck_assert_int_eq(map(b, v, 0, AT, 4, RX), 0);
  ck_assert_int_eq(aspace_protect(a, AT, 4 * PAGE_SIZE, RW), -EACCES);
  ck_assert_int_eq(aspace_unmap(b, AT, 4 * PAGE_SIZE), 0);
  ck_assert_uint_eq(v->nexecutable, 0);
  put(v, 6, 1);
  ck_assert_int_eq(map(b, v, 6, AT, 1, RX), 0);
  ck_assert_int_eq(vmo_resize(v, 6 * PAGE_SIZE + 100), -ETXTBSY); /* which would zero the rest of it */
  ck_assert_int_eq(vmo_resize(v, 7 * PAGE_SIZE), 0);
  ck_assert_int_eq(map(a, w, 0, AT + 4 * PAGE_SIZE, 4, RX), 0);
  ck_assert_int_eq(map(b, w, 0, AT + MIB(1), 4, RX), 0);
  ck_assert_int_eq(aspace_protect(a, AT, 8 * PAGE_SIZE, RW), -EACCES); /* v would do, w does not: v's claim goes */
  ck_assert_uint_eq(v->nwritable, 0);
  ck_assert_int_eq(map(b, v, 0, AT + MIB(2), 4, RX), 0);
  aspace_unref(a);
  aspace_unref(b);
  ck_assert(v->nwritable == 0 && v->nexecutable == 0 && w->nwritable == 0 && w->nexecutable == 0);
  vmo_unref(v);
  vmo_unref(w);
  everything_is_back();
}
END_TEST

/* While rights change, both the old and the new ones are claimed. */
START_TEST(rights_in_change_are_claimed_both)
{
  struct aspace *a = space(), *b = space();
  struct vmo *v = object(1);
  ck_assert_int_eq(map(a, v, 0, AT, 1, RX), 0);
  struct region *r = region_at_or_after(a, AT);
  ck_assert_int_eq(vmo_claim(r, PROT_READ, AT, AT + PAGE_SIZE), 0);
  ck_assert_int_eq(map(b, v, 0, AT, 1, RW), -EACCES);
  vmo_settle(r, PROT_READ);
  ck_assert_int_eq(map(b, v, 0, AT, 1, RW), 0);
  vmo_unref(v);
  aspace_unref(a);
  aspace_unref(b);
  everything_is_back();
}
END_TEST

/* From RX to RW: the entries lost EXEC, the region has not settled for its new rights. */
START_TEST(a_clone_gives_no_right_back_that_is_being_taken)
{
  struct aspace *a = space();
  struct vmo *v = object(1), *c;
  struct pmap_entry e;
  ck_assert_int_eq(map(a, v, 0, AT, 1, RX), 0);
  ck_assert_int_eq(aspace_fault(a, AT, ACCESS_EXEC), 0);
  struct region *r = region_at_or_after(a, AT);
  ck_assert_int_eq(vmo_claim(r, RW, AT, AT + PAGE_SIZE), 0);
  ck_assert_int_eq(pmap_protect_range(&a->pmap, AT, AT + PAGE_SIZE, PMAP_USER), 0);
  c = clone_of(v, 0, 1);
  ck_assert(pmap_lookup(&a->pmap, AT, &e) && !(e.attrs & (PMAP_EXEC | PMAP_WRITE)));
  vmo_settle(r, RW);
  vmo_unref(v);
  vmo_unref(c);
  aspace_unref(a);
  everything_is_back();
}
END_TEST

START_TEST(a_refused_change_of_rights_changes_nothing)
{
  struct aspace *a = space(), *b = space();
  struct vmo *v = object(3), *w = object(3);
  ck_assert_int_eq(map(a, v, 0, AT, 3, RX), 0);
  ck_assert_int_eq(map(a, w, 0, AT + 3 * PAGE_SIZE, 3, RX), 0);
  ck_assert_int_eq(map(b, w, 0, AT, 1, RX), 0);
  ck_assert_int_eq(aspace_protect(a, AT + PAGE_SIZE, 4 * PAGE_SIZE, RW),
                   -EACCES); /* w stands in the way, v was asked first */
  ck_assert_int_eq(aspace_fault(a, AT + PAGE_SIZE, ACCESS_EXEC), 0);
  ck_assert_int_eq(aspace_fault(a, AT + PAGE_SIZE, ACCESS_WRITE), -EACCES);
  ck_assert_int_eq(map(b, v, 0, AT + MIB(1), 3, RX), 0); /* v's claim to write was taken back */
  vaddr_t at;
  ck_assert_int_eq(aspace_map_limited(a, w, 0, AT + MIB(1), PAGE_SIZE, PROT_READ, PROT_READ, true, &at), 0);
  ck_assert_int_eq(aspace_protect(a, at, PAGE_SIZE, RX), -EACCES); /* more than its limit */
  ck_assert_int_eq(aspace_protect(a, at, PAGE_SIZE, PROT_NONE), 0);
  ck_assert_int_eq(aspace_protect(a, at, PAGE_SIZE, PROT_READ), 0);
  vmo_unref(v);
  vmo_unref(w);
  aspace_unref(a);
  aspace_unref(b);
  everything_is_back();
}
END_TEST

static unsigned count_regions(struct aspace *as)
{
  unsigned n = 0;
  for (struct avl_node *node = avl_first(&as->regions); node; node = avl_next(node)) n++;
  return n;
}

START_TEST(neighbours_are_joined)
{
  struct aspace *a = space();
  struct vmo *v = object(30), *w = object(30);
  ck_assert_int_eq(map(a, v, 0, AT, 10, RW), 0);
  ck_assert_int_eq(map(a, v, 20, AT + 20 * PAGE_SIZE, 10, RW), 0);
  ck_assert_int_eq(map(a, v, 10, AT + 10 * PAGE_SIZE, 10, RW), 0); /* fills the gap between them */
  ck_assert_uint_eq(count_regions(a), 1);
  ck_assert_uint_eq(v->nregions, 1);
  ck_assert_int_eq(aspace_protect(a, AT + 5 * PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
  ck_assert_uint_eq(count_regions(a), 3);
  ck_assert_int_eq(aspace_protect(a, AT + 5 * PAGE_SIZE, PAGE_SIZE, RW), 0);
  ck_assert_uint_eq(count_regions(a), 1);
  ck_assert_int_eq(map(a, v, 0, AT + 30 * PAGE_SIZE, 1, RW), 0);        /* not what follows in the object */
  ck_assert_int_eq(map(a, w, 1, AT + 31 * PAGE_SIZE, 1, RW), 0);        /* not the same object */
  ck_assert_int_eq(map(a, w, 2, AT + 32 * PAGE_SIZE, 1, PROT_READ), 0); /* not the same rights */
  ck_assert_uint_eq(count_regions(a), 4);
  vaddr_t at; /* not what may become of them */
  ck_assert_int_eq(aspace_map_limited(a, w, 3 * PAGE_SIZE, AT + 33 * PAGE_SIZE, 1, PROT_READ, PROT_READ, true, &at), 0);
  ck_assert_uint_eq(count_regions(a), 5);
  vmo_unref(v);
  vmo_unref(w);
  aspace_unref(a);
  everything_is_back();
}
END_TEST

START_TEST(ten_thousand_lives_leak_nothing)
{
  uint64_t objects, pages, now_objects, now_pages;
  usage(&objects, &pages);
  for (unsigned i = 0, n = stress(10000); i < n; i++) {
    struct aspace *a = space();
    struct vmo *v = object(40), *c;
    ck_assert_int_eq(aspace_map_stack(a), 0);
    ck_assert_int_eq(map(a, v, 0, AT, 40, RW), 0);
    poke(a, AT, 1);
    poke(a, AT + 39 * PAGE_SIZE, 1);
    poke(a, USER_STACK_TOP - 1, 1);
    c = clone_of(v, 0, 40);
    ck_assert_int_eq(map(a, c, 0, AT + MIB(1), 40, RW), 0);
    poke(a, AT + MIB(1), 2);
    vmo_unref(c);
    vmo_unref(v);
    aspace_unref(a);
  }
  usage(&now_objects, &now_pages);
  ck_assert_uint_eq(now_objects, objects);
  ck_assert_uint_eq(now_pages, pages);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("vmo mappings");
  TCase *tc = suite_case(suite, "mappings", mm_setup, NULL);
  tcase_add_test(tc, a_clone_takes_write_away_and_a_fault_gives_it_back);
  tcase_add_test(tc, a_smaller_object_leaves_its_mappings);
  tcase_add_test(tc, a_page_is_never_writable_and_executable);
  tcase_add_test(tc, a_claim_is_one_regions);
  tcase_add_test(tc, rights_in_change_are_claimed_both);
  tcase_add_test(tc, a_clone_gives_no_right_back_that_is_being_taken);
  tcase_add_test(tc, a_refused_change_of_rights_changes_nothing);
  tcase_add_test(tc, neighbours_are_joined);
  tcase_add_test(tc, ten_thousand_lives_leak_nothing);
  return suite_run(suite);
}
