/* Files of tmpfs against a plain array. */
#include "tmpfs_rig.h"

#include <stdlib.h>
#include <string.h>

START_TEST(reads_what_was_written)
{
  struct vnode *f = make_file("f");
  char buf[20] = "";
  ck_assert_int_eq(rig_read(f, buf, 20, 0), 0);
  ck_assert_int_eq(rig_write(f, "hello, world", 12, 0), 12);
  ck_assert_int_eq(rig_read(f, buf, 20, 7), 5);
  ck_assert_str_eq(buf, "world");
  ck_assert_int_eq(rig_read(f, buf, 20, 12), 0);
  ck_assert_int_eq(rig_read(f, buf, 20, UINT64_MAX - 5), 0);
  ck_assert_int_eq(rig_write(f, "J", 1, 0), 1);
  ck_assert_int_eq(rig_read(f, buf, 5, 0), 5);
  ck_assert_str_eq(buf, "Jello");
  ck_assert_int_eq(rig_write(f, "", 0, 100), 0); /* nothing written: no longer file */
  ck_assert_uint_eq(size_of(f), 12);
  vnode_unref(f);
}
END_TEST

START_TEST(appends)
{
  struct vnode *f = make_file("f");
  for (int i = 0; i < 3; i++) {
    struct uio uio = uio_kernel("abc", 3);
    uint64_t offset = VNODE_APPEND;
    ck_assert_int_eq(f->ops->write(f, &uio, &offset), 3);
    ck_assert_uint_eq(offset, (uint64_t)(3 * (i + 1)));
  }
  char buf[10] = "";
  ck_assert_int_eq(rig_read(f, buf, 10, 0), 9);
  ck_assert_str_eq(buf, "abcabcabc");
  vnode_unref(f);
}
END_TEST

START_TEST(holes_are_zero_and_take_no_memory)
{
  struct vnode *f = make_file("f");
  uint64_t far = (60ull << 30) + 5;
  ck_assert_int_eq(rig_write(f, "x", 1, far), 1);
  ck_assert_int_eq(fs_rig.pages, 1);
  ck_assert_uint_eq(size_of(f), far + 1);
  unsigned char buf[9000];
  memset(buf, 0xEE, sizeof(buf));
  ck_assert_int_eq(rig_read(f, buf, sizeof(buf), 12345), sizeof(buf));
  for (size_t i = 0; i < sizeof(buf); i++)
    if (buf[i]) ck_abort_msg("byte %zu of a hole is %u", i, buf[i]);
  ck_assert_int_eq(rig_read(f, buf, 10, far), 1);
  ck_assert_int_eq(buf[0], 'x');
  vnode_unref(f);
}
END_TEST

START_TEST(sizes_have_a_limit)
{
  struct vnode *f = make_file("f");
  uint64_t limit = 64ull << 30;
  ck_assert_int_eq(rig_write(f, "x", 1, limit), -EFBIG);
  ck_assert_int_eq(rig_write(f, "xy", 2, limit - 1), -EFBIG);
  ck_assert_int_eq(rig_write(f, "xy", 2, UINT64_MAX - 1), -EFBIG);
  ck_assert_int_eq(f->ops->truncate(f, limit + 1), -EFBIG);
  ck_assert_uint_eq(size_of(f), 0);
  ck_assert_int_eq(rig_write(f, "x", 1, limit - 1), 1);
  vnode_unref(f);
}
END_TEST

START_TEST(cutting_frees_and_growing_shows_zeros)
{
  struct vnode *f = make_file("f");
  char bytes[20000], buf[20000];
  memset(bytes, 'b', sizeof(bytes));
  ck_assert_int_eq(rig_write(f, bytes, sizeof(bytes), 0), sizeof(bytes));
  ck_assert_int_eq(fs_rig.pages, 5);
  ck_assert_int_eq(f->ops->truncate(f, 5000), 0);
  ck_assert_int_eq(fs_rig.pages, 2);
  ck_assert_int_eq(f->ops->truncate(f, 20000), 0);
  ck_assert_int_eq(rig_read(f, buf, sizeof(buf), 0), sizeof(buf));
  memset(bytes + 5000, 0, sizeof(bytes) - 5000);
  ck_assert_mem_eq(buf, bytes, sizeof(buf));
  ck_assert_int_eq(f->ops->truncate(f, 0), 0);
  ck_assert_int_eq(fs_rig.pages, 0);
  vnode_unref(f);
}
END_TEST

START_TEST(archive_data_is_copied_when_written)
{
  static uint8_t archive[10000];
  static uint8_t original[10000];
  for (size_t i = 0; i < sizeof(archive); i++) archive[i] = (uint8_t)(i * 13 + 1);
  memcpy(original, archive, sizeof(archive));
  struct vnode *f;
  ck_assert_int_eq(tmpfs_add_file(root, "f", 0755, 77, archive, sizeof(archive), &f), 0);
  struct stat st;
  ck_assert_int_eq(vnode_stat(f, &st), 0);
  ck_assert_uint_eq(st.st_mtime, 77);
  ck_assert_uint_eq(st.st_mode, 0755);
  ck_assert_uint_eq(st.st_size, 10000);

  uint8_t buf[12000];
  ck_assert_int_eq(rig_read(f, buf, sizeof(buf), 0), 10000);
  ck_assert_mem_eq(buf, archive, 10000);
  ck_assert_int_eq(fs_rig.pages, 0); /* reading takes no memory */

  ck_assert_int_eq(rig_write(f, "!!", 2, 4095), 2);
  ck_assert_int_eq(fs_rig.pages, 2);
  ck_assert_int_eq(rig_write(f, "end", 3, 9999), 3);
  ck_assert_int_eq(rig_read(f, buf, sizeof(buf), 0), 10002);
  ck_assert_mem_eq(archive, original, sizeof(archive));
  original[4095] = original[4096] = '!';
  ck_assert_mem_eq(buf, original, 9999);
  ck_assert_mem_eq(buf + 9999, "end", 3);
  vnode_unref(f);
}
END_TEST

START_TEST(cut_archive_data_does_not_come_back)
{
  static uint8_t archive[5000];
  memset(archive, 'a', sizeof(archive));
  struct vnode *f;
  ck_assert_int_eq(tmpfs_add_file(root, "f", 0644, 0, archive, sizeof(archive), &f), 0);
  ck_assert_int_eq(f->ops->truncate(f, 10), 0);
  ck_assert_int_eq(f->ops->truncate(f, 5000), 0);
  uint8_t buf[5000], expected[5000] = {0};
  memset(expected, 'a', 10);
  ck_assert_int_eq(rig_read(f, buf, 5000, 0), 5000);
  ck_assert_mem_eq(buf, expected, 5000);
  ck_assert_int_eq(rig_write(f, "z", 1, 20), 1); /* makes a page of the rest */
  expected[20] = 'z';
  ck_assert_int_eq(rig_read(f, buf, 5000, 0), 5000);
  ck_assert_mem_eq(buf, expected, 5000);
  vnode_unref(f);
}
END_TEST

#define MODEL_SIZE 70000u
static uint8_t model[MODEL_SIZE], scratch[MODEL_SIZE], archive_bytes[30000];
static uint64_t model_size;

static void model_write(struct vnode *f)
{
  uint64_t at = (uint64_t)rand() % MODEL_SIZE;
  size_t n = (size_t)rand() % 9000;
  if (n > MODEL_SIZE - at) n = (size_t)(MODEL_SIZE - at);
  for (size_t i = 0; i < n; i++) scratch[i] = (uint8_t)rand();
  fs_rig.faults_after = rand() % 8 == 0 ? rand() % 12 : -1;
  ssize_type wrote = rig_write(f, scratch, n, at);
  fs_rig.faults_after = -1;
  if (wrote <= 0) {
    ck_assert(n == 0 || wrote == -EFAULT);
    return;
  }
  memcpy(model + at, scratch, (size_t)wrote);
  if (at + (uint64_t)wrote > model_size) model_size = at + (uint64_t)wrote;
}

static void model_truncate(struct vnode *f)
{
  uint64_t size = (uint64_t)rand() % MODEL_SIZE;
  ck_assert_int_eq(f->ops->truncate(f, size), 0);
  if (size < model_size) memset(model + size, 0, (size_t)(model_size - size));
  model_size = size;
}

START_TEST(random_operations_agree_with_an_array)
{
  srand((unsigned)_i + 1);
  for (size_t i = 0; i < sizeof(archive_bytes); i++) model[i] = archive_bytes[i] = (uint8_t)rand();
  model_size = sizeof(archive_bytes);
  struct vnode *f;
  ck_assert_int_eq(tmpfs_add_file(root, "f", 0644, 0, archive_bytes, sizeof(archive_bytes), &f), 0);
  for (int step = 0; step < 400; step++) {
    if (rand() % 4)
      model_write(f);
    else
      model_truncate(f);
    uint64_t at = (uint64_t)rand() % MODEL_SIZE;
    ssize_type n = rig_read(f, scratch, MODEL_SIZE, at);
    ck_assert_int_eq(n, at < model_size ? (int64_t)(model_size - at) : 0);
    ck_assert_msg(n == 0 || memcmp(scratch, model + at, (size_t)n) == 0, "seed %d, step %d", _i + 1, step);
  }
  ck_assert_uint_eq(size_of(f), model_size);
  vnode_unref(f);
}
END_TEST

START_TEST(bad_buffers_change_nothing)
{
  struct vnode *f = make_file("f");
  ck_assert_int_eq(rig_write(f, "0123456789", 10, 0), 10);
  fs_rig.faults_after = 0;
  ck_assert_int_eq(rig_write(f, "xxxxxxxxxxxxxxxxxxxx", 20, 2), -EFAULT);
  char buf[30] = "";
  ck_assert_int_eq(rig_read(f, buf, 30, 0), 10);
  ck_assert_str_eq(buf, "0123456789");
  fs_rig.faults_after = 0;
  ck_assert_int_eq(rig_read(f, buf, 30, 0), -EFAULT);
  vnode_unref(f);
}
END_TEST

START_TEST(files_take_half_of_memory_at_most)
{
  fs_rig.zone_pages = 20;
  struct vnode *f = make_file("f");
  static char bytes[16 * 4096];
  ck_assert_int_eq(rig_write(f, bytes, sizeof(bytes), 0), 10 * 4096);
  ck_assert_int_eq(rig_write(f, bytes, 1, 10 * 4096), -ENOSPC);
  ck_assert_uint_eq(size_of(f), 10 * 4096);
  ck_assert_int_eq(rig_write(f, bytes, 1, 5), 1); /* over a page that is there */
  ck_assert_int_eq(f->ops->truncate(f, 4096), 0);
  ck_assert_int_eq(rig_write(f, bytes, 4096, 8 * 4096), 4096);
  vnode_unref(f);
}
END_TEST

START_TEST(unlinked_file_lives_while_open)
{
  struct vnode *f = make_file("f"), *again;
  ck_assert_int_eq(rig_write(f, "still", 5, 0), 5);
  ck_assert_int_eq(root->ops->unlink(root, "f"), 0);
  ck_assert_int_eq(root->ops->lookup(root, "f", &again), -ENOENT);
  char buf[6] = "";
  ck_assert_int_eq(rig_read(f, buf, 5, 0), 5);
  ck_assert_str_eq(buf, "still");
  ck_assert_int_eq(fs_rig.pages, 1);
  vnode_unref(f);
  ck_assert_int_eq(fs_rig.pages, 0);
}
END_TEST

START_TEST(two_names_are_one_file)
{
  struct vnode *f = make_file("one"), *g;
  ck_assert_int_eq(tmpfs_link(root, "two", f), 0);
  ck_assert_int_eq(tmpfs_link(root, "two", f), -EEXIST);
  ck_assert_int_eq(root->ops->lookup(root, "two", &g), 0);
  ck_assert_ptr_eq(f, g);
  vnode_unref(g);
  ck_assert_int_eq(root->ops->unlink(root, "one"), 0);
  ck_assert_int_eq(rig_write(f, "x", 1, 0), 1);
  vnode_unref(f);
  ck_assert_int_eq(fs_rig.pages, 1);
  ck_assert_int_eq(root->ops->unlink(root, "two"), 0);
  ck_assert_int_eq(fs_rig.pages, 0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("tmpfs");
  TCase *tc = suite_case(suite, "files", tmpfs_setup, tmpfs_teardown);
  tcase_add_test(tc, reads_what_was_written);
  tcase_add_test(tc, appends);
  tcase_add_test(tc, holes_are_zero_and_take_no_memory);
  tcase_add_test(tc, sizes_have_a_limit);
  tcase_add_test(tc, cutting_frees_and_growing_shows_zeros);
  tcase_add_test(tc, archive_data_is_copied_when_written);
  tcase_add_test(tc, cut_archive_data_does_not_come_back);
  tcase_add_loop_test(tc, random_operations_agree_with_an_array, 0, 5);
  tcase_add_test(tc, bad_buffers_change_nothing);
  tcase_add_test(tc, files_take_half_of_memory_at_most);
  tcase_add_test(tc, unlinked_file_lives_while_open);
  tcase_add_test(tc, two_names_are_one_file);
  return suite_run(suite);
}
