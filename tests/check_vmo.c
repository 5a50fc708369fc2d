/* Memory objects: pages, sizes, clones, sources, quotas. */
#include "mm_rig.h"

#include <kern/alloc_fault.h>
#include <kern/mm/vmo_impl.h>
#include <string.h>

/* ---- pages ---- */

START_TEST(objects_read_zero_and_keep_what_is_written)
{
  struct vmo *v = object(3000);
  static uint8_t buf[3 * PAGE_SIZE], back[3 * PAGE_SIZE];
  ck_assert_uint_eq(vmo_size(v), 3000 * PAGE_SIZE);
  uint64_t objects, pages, now_objects, now_pages;
  usage(&objects, &pages);
  for (unsigned round = 0; round < 50; round++) {
    uint64_t at = test_random(2990) * PAGE_SIZE + test_random(PAGE_SIZE);
    size_t len = test_random(sizeof buf);
    for (size_t i = 0; i < len; i++) buf[i] = (uint8_t)test_random(256);
    ck_assert_int_eq(vmo_write(v, at, buf, len), 0);
    ck_assert_int_eq(vmo_read(v, at, back, len), 0);
    ck_assert_int_eq(memcmp(buf, back, len), 0);
  }
  uint64_t committed = vmo_committed_pages(v);
  ck_assert_uint_le(committed, 50 * 4);
  paddr_t pa, again;
  vmo_decommit(v, 0, 3000);
  ck_assert_uint_eq(vmo_committed_pages(v), 0);
  usage(&now_objects, &now_pages);
  ck_assert_uint_eq(now_objects, objects); /* no node without a page */
  ck_assert_uint_eq(now_pages, pages);
  ck_assert_int_eq(vmo_get_page(v, 2999, false, &pa), -ENOENT);
  ck_assert_int_eq(vmo_read(v, 2999 * PAGE_SIZE, back, PAGE_SIZE), 0);
  ck_assert_uint_eq(back[77], 0);
  ck_assert_int_eq(vmo_get_page(v, 2999, true, &pa), 0);
  ck_assert_int_eq(vmo_get_page(v, 2999, false, &again), 0);
  ck_assert_uint_eq(pa, again);
  ck_assert_int_eq(vmo_get_page(v, 3000, true, &pa), -ERANGE);
  ck_assert_int_eq(vmo_read(v, 3000 * PAGE_SIZE - 1, back, 2), -ERANGE);
  ck_assert_int_eq(vmo_write(v, UINT64_MAX, back, 2), -ERANGE);
  vmo_unref(v);
  everything_is_back();
}
END_TEST

START_TEST(zeroing_a_part_of_a_page_leaves_the_rest)
{
  static uint8_t bytes[PAGE_SIZE];
  struct vmo *v = object(3);
  memset(bytes, 0xAA, sizeof bytes);
  ck_assert_int_eq(vmo_write(v, PAGE_SIZE, bytes, PAGE_SIZE), 0);
  struct vmo *c = clone_of(v, 0, 3);
  alloc_fault_arm(1, false); /* the clone's page is shared still */
  ck_assert_int_eq(vmo_zero(v, PAGE_SIZE + 100, PAGE_SIZE + 200), -ENOMEM);
  alloc_fault_arm(0, false);
  ck_assert_int_eq(vmo_read(v, PAGE_SIZE, bytes, PAGE_SIZE), 0);
  ck_assert(rig_all_bytes(bytes, 0xAA, PAGE_SIZE));
  ck_assert_int_eq(vmo_zero(v, PAGE_SIZE + 100, PAGE_SIZE + 200), 0);
  ck_assert_int_eq(vmo_read(v, PAGE_SIZE, bytes, PAGE_SIZE), 0);
  ck_assert(rig_all_bytes(bytes, 0xAA, 100));
  ck_assert(rig_all_bytes(bytes + 100, 0, 100));
  ck_assert(rig_all_bytes(bytes + 200, 0xAA, PAGE_SIZE - 200));
  ck_assert_int_eq(vmo_read(c, PAGE_SIZE, bytes, PAGE_SIZE), 0);
  ck_assert(rig_all_bytes(bytes, 0xAA, PAGE_SIZE));
  ck_assert_int_eq(vmo_zero(v, 2 * PAGE_SIZE + 1, 3 * PAGE_SIZE), 0); /* which is absent, and stays so */
  ck_assert_uint_eq(vmo_committed_pages(v), 1);
  vmo_unref(c);
  vmo_unref(v);
  everything_is_back();
}
END_TEST

START_TEST(decommit_frees_exactly_the_range)
{
  static bool present[1100];
  struct vmo *v = object(ARRAY_SIZE(present));
  uint64_t n = 0;
  for (unsigned round = 0, rounds = stress(2000); round < rounds; round++) {
    paddr_t pa;
    unsigned first = (unsigned)test_random(ARRAY_SIZE(present)), count = (unsigned)test_random(70);
    count = MIN(count, (unsigned)ARRAY_SIZE(present) - first);
    for (unsigned i = first; i < first + count && round % 2; i++) {
      ck_assert_int_eq(vmo_get_page(v, i, true, &pa), 0);
      n += !present[i];
      present[i] = true;
    }
    if (round % 2 == 0) vmo_decommit(v, first, count);
    for (unsigned i = first; i < first + count && round % 2 == 0; i++) {
      n -= present[i];
      present[i] = false;
    }
    unsigned i = (unsigned)test_random(ARRAY_SIZE(present));
    ck_assert_int_eq(vmo_get_page(v, i, false, &pa), present[i] ? 0 : -ENOENT);
    ck_assert_uint_eq(vmo_committed_pages(v), n);
  }
  vmo_unref(v);
  everything_is_back();
}
END_TEST

START_TEST(object_sizes_are_checked)
{
  struct vmo *v;
  ck_assert_int_eq(vmo_create(VMO_SIZE_MAX + 1, &v), -EINVAL);
  ck_assert_int_eq(vmo_create(UINT64_MAX, &v), -EINVAL);
  ck_assert_int_eq(vmo_create(VMO_SIZE_MAX, &v), 0);
  ck_assert_uint_eq(vmo_size(v), VMO_SIZE_MAX);
  ck_assert_int_eq(vmo_create(0, &v), 0);
  ck_assert_uint_eq(vmo_size(v), 0);
  ck_assert_int_eq(vmo_create(1, &v), 0);
  ck_assert_uint_eq(vmo_size(v), PAGE_SIZE);
}
END_TEST

/* ---- clones, sources, quotas ---- */

START_TEST(a_clone_costs_what_is_written)
{
  uint64_t objects, pages, now_objects, now_pages;
  struct vmo *v = object(2000), *c[100];
  for (unsigned i = 0; i < 2000; i++) put(v, i, (uint8_t)i);
  usage(&objects, &pages);
  for (unsigned i = 0; i < 100; i++) c[i] = clone_of(i ? c[i - 1] : v, 0, 2000);
  usage(&now_objects, &now_pages);
  ck_assert_uint_eq(now_objects, objects + 100); /* no node, and no chain to walk */
  ck_assert_uint_ge(now_pages + 8, pages);       /* the heap's, no object's */
  put(c[99], 1999, 1);
  usage(&now_objects, &now_pages);
  ck_assert_uint_eq(now_objects, objects + 100 + 3); /* the nodes on the way */
  vmo_unref(v);
  for (unsigned i = 0; i < 99; i++) vmo_unref(c[i]);
  for (unsigned i = 0; i < 1999; i++) ck_assert_uint_eq(get(c[99], i), (uint8_t)i);
  ck_assert_uint_eq(get(c[99], 1999), 1);
  vmo_unref(c[99]);
  everything_is_back();
}
END_TEST

/* The second segment of the founders' program began at 0x1000 and had 0x62 bytes; their third object was gone when the
 * container of the objects moved. */
START_TEST(three_segments_keep_their_identity)
{
  static const struct {
    uint64_t offset, size;
  } segment[3] = {{0, 0x1000}, {0x1000, 0x62}, {0x2000, 0x1234}};
  struct vmo *file = object(4), *v[3], *c[3], *others[500];
  uint8_t byte;
  uint64_t id[3];
  for (unsigned i = 0; i < 4; i++) put(file, i, (uint8_t)(0x40 + i));
  for (unsigned i = 0; i < 3; i++) {
    ck_assert_int_eq(vmo_clone(file, segment[i].offset, segment[i].size, &v[i]), 0);
    id[i] = vmo_id(v[i]);
  }
  for (unsigned i = 0; i < 500; i++) others[i] = i % 2 ? object(i) : clone_of(v[i % 3], 0, 1);
  for (unsigned i = 0; i < 3; i++) c[i] = clone_of(v[i], 0, vmo_size(v[i]) / PAGE_SIZE);
  for (unsigned i = 0; i < 3; i++) put(v[i], 0, 0xEE);
  for (unsigned i = 0; i < 500; i++) vmo_unref(others[i]);
  for (unsigned i = 0; i < 3; i++) {
    ck_assert_uint_eq(vmo_id(v[i]), id[i]);
    ck_assert_uint_eq(vmo_size(v[i]), ALIGN_UP(segment[i].size, (uint64_t)PAGE_SIZE));
    ck_assert_uint_eq(get(v[i], 0), 0xEE);
    ck_assert_uint_eq(get(c[i], 0), 0x40 + i);
    ck_assert_uint_eq(get(file, i), 0x40 + i);
    ck_assert_int_eq(vmo_read(v[i], vmo_size(v[i]), &byte, 1), -ERANGE);
  }
  ck_assert_uint_eq(get(c[2], 1), 0x43);
  for (unsigned i = 0; i < 3; i++) {
    vmo_unref(v[i]);
    vmo_unref(c[i]);
  }
  vmo_unref(file);
  everything_is_back();
}
END_TEST

START_TEST(clones_beyond_the_end_read_zero)
{
  struct vmo *v = object(2), *c;
  put(v, 1, 7);
  c = clone_of(v, 1, 100);
  ck_assert_uint_eq(get(c, 0), 7);
  ck_assert_uint_eq(get(c, 99), 0);
  vmo_unref(c);
  c = clone_of(v, 0, 100); /* of a greater height than the original */
  ck_assert_uint_eq(get(c, 1), 7);
  put(c, 99, 8);
  ck_assert_uint_eq(vmo_size(v), 2 * PAGE_SIZE);
  vmo_unref(c);
  c = clone_of(v, 77, 1);
  ck_assert_uint_eq(get(c, 0), 0);
  vmo_unref(c);
  ck_assert_int_eq(vmo_clone(v, 1, PAGE_SIZE, &c), -EINVAL);
  ck_assert_int_eq(vmo_clone(v, VMO_SIZE_MAX, PAGE_SIZE, &c), -EINVAL);
  ck_assert_int_eq(vmo_clone(v, PAGE_SIZE, UINT64_MAX, &c), -EINVAL);
  vmo_unref(v);
  everything_is_back();
}
END_TEST

START_TEST(sources_fill_pages_when_they_are_needed)
{
  static uint8_t source[2 * PAGE_SIZE + 100];
  for (size_t i = 0; i < sizeof source; i++) source[i] = (uint8_t)(i / PAGE_SIZE + 1);
  static uint8_t back[4 * PAGE_SIZE];
  struct vmo *v = object(0), *c;
  vmo_set_source(v, source, sizeof source);
  ck_assert_uint_eq(vmo_size(v), 3 * PAGE_SIZE);
  ck_assert_int_eq(vmo_resize(v, 4 * PAGE_SIZE), 0);
  ck_assert_int_eq(vmo_read(v, 0, back, sizeof back), 0);
  ck_assert_int_eq(memcmp(back, source, sizeof source), 0);
  ck_assert(rig_all_bytes(back + sizeof source, 0, sizeof back - sizeof source));
  ck_assert_uint_eq(vmo_committed_pages(v), 0);
  c = clone_of(v, 1, 2);
  put(v, 1, 99);
  ck_assert_uint_eq(vmo_committed_pages(v), 1);
  ck_assert_uint_eq(get(c, 0), 2);
  ck_assert_int_eq(vmo_resize(v, 2 * PAGE_SIZE + 50), 0);
  ck_assert_int_eq(vmo_resize(v, 4 * PAGE_SIZE), 0);
  ck_assert_int_eq(vmo_read(v, 2 * PAGE_SIZE, back, PAGE_SIZE), 0);
  ck_assert(rig_all_bytes(back, 3, 50) && rig_all_bytes(back + 50, 0, PAGE_SIZE - 50)); /* what was cut is gone */
  ck_assert_int_eq(vmo_read(c, PAGE_SIZE, back, PAGE_SIZE), 0);
  ck_assert(rig_all_bytes(back, 3, 100) && rig_all_bytes(back + 100, 0, PAGE_SIZE - 100));
  vmo_unref(v);
  vmo_unref(c);
  everything_is_back();
}
END_TEST

START_TEST(quotas_count_pages_of_all_their_objects)
{
  struct vmo_quota q = {.limit = 10};
  struct vmo *a = object(20), *b = object(20), *c;
  uint8_t byte = 1;
  vmo_set_quota(a, &q);
  vmo_set_quota(b, &q);
  for (unsigned i = 0; i < 6; i++) put(a, i, 1);
  for (unsigned i = 0; i < 4; i++) put(b, i, 1);
  ck_assert_int_eq(vmo_write(b, 4 * PAGE_SIZE, &byte, 1), -ENOMEM);
  c = clone_of(a, 0, 20);
  put(a, 0, 2); /* a page of its own in the place of one it had */
  put(c, 10, 3);
  ck_assert_uint_eq(q.used, 10);
  ck_assert_int_eq(vmo_resize(a, 3 * PAGE_SIZE), 0);
  ck_assert_uint_eq(q.used, 7);
  put(b, 5, 1);
  vmo_unref(a);
  ck_assert_uint_eq(q.used, 5);
  vmo_unref(b);
  vmo_unref(c);
  ck_assert_uint_eq(q.used, 0);
  everything_is_back();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("vmo");
  TCase *tc = suite_case(suite, "vmo", mm_setup, NULL);
  tcase_add_test(tc, objects_read_zero_and_keep_what_is_written);
  tcase_add_test(tc, zeroing_a_part_of_a_page_leaves_the_rest);
  tcase_add_test(tc, decommit_frees_exactly_the_range);
  tcase_add_test(tc, object_sizes_are_checked);
  tcase_add_test(tc, a_clone_costs_what_is_written);
  tcase_add_test(tc, three_segments_keep_their_identity);
  tcase_add_test(tc, clones_beyond_the_end_read_zero);
  tcase_add_test(tc, sources_fill_pages_when_they_are_needed);
  tcase_add_test(tc, quotas_count_pages_of_all_their_objects);
  return suite_run(suite);
}
