/* tmpfs: files against a plain array, directories against a list of names, and every allocation failing once. */
#include "fs_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/kern/fs/tmpfs.h"

static struct vnode *root;

static void setup(void)
{
  fs_rig_reset();
  ck_assert_int_eq(tmpfs_create(&root), 0);
}

/* Every test ends with nothing left. */
static void teardown(void)
{
  vnode_unref(root);
  ck_assert_int_eq(fs_rig.allocations, 0);
  ck_assert_int_eq(fs_rig.pages, 0);
}

static struct vnode *make_file(const char *name)
{
  struct vnode *v;
  ck_assert_int_eq(root->ops->create(root, name, 0644, &v), 0);
  return v;
}

static struct vnode *make_directory(struct vnode *dir, const char *name)
{
  struct vnode *v;
  ck_assert_int_eq(dir->ops->mkdir(dir, name, 0755), 0);
  ck_assert_int_eq(dir->ops->lookup(dir, name, &v), 0);
  return v;
}

static uint64_t size_of(struct vnode *v)
{
  struct stat st;
  ck_assert_int_eq(vnode_stat(v, &st), 0);
  return st.st_size;
}

/* ---- files ---- */

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

/* ---- directories ---- */

START_TEST(names)
{
  struct vnode *d = make_directory(root, "d"), *v;
  ck_assert_int_eq(root->ops->mkdir(root, "d", 0755), -EEXIST);
  ck_assert_int_eq(root->ops->create(root, "d", 0644, &v), -EEXIST);
  ck_assert_int_eq(d->ops->create(d, "f", 0644, &v), 0);
  vnode_unref(v);
  ck_assert_int_eq(root->ops->unlink(root, "d"), -ENOTEMPTY);
  ck_assert_int_eq(root->ops->unlink(root, "e"), -ENOENT);
  ck_assert_int_eq(d->ops->unlink(d, "f"), 0);
  ck_assert_int_eq(root->ops->unlink(root, "d"), 0);
  ck_assert_int_eq(d->ops->create(d, "late", 0644, &v), -ENOENT); /* it is nowhere any more */
  ck_assert_int_eq(d->ops->mkdir(d, "late", 0755), -ENOENT);
  vnode_unref(d);
}
END_TEST

START_TEST(modified_times)
{
  struct stat st;
  fs_rig.seconds = 5000;
  struct vnode *f = make_file("f");
  ck_assert_int_eq(vnode_stat(root, &st), 0);
  ck_assert_uint_eq(st.st_mtime, 5000);
  fs_rig.seconds = 6000;
  ck_assert_int_eq(rig_write(f, "x", 1, 0), 1);
  ck_assert_int_eq(vnode_stat(f, &st), 0);
  ck_assert_uint_eq(st.st_mtime, 6000);
  vnode_unref(f);
}
END_TEST

START_TEST(many_names)
{
  enum { COUNT = 5000 };
  char name[NAME_MAX + 1];
  struct stat st;
  struct vnode *v;
  for (int i = 0; i < COUNT; i++) {
    snprintf(name, sizeof(name), "file%d", i);
    vnode_unref(make_file(name));
  }
  for (int i = 0; i < COUNT; i += 7) {
    snprintf(name, sizeof(name), "file%d", i);
    if (root->ops->lookup(root, name, &v)) ck_abort_msg("%s is gone", name);
    vnode_unref(v);
  }
  for (int turn = 0; turn < 2; turn++) { /* from the beginning again */
    uint64_t cursor = 0;
    int listed = 0;
    while (root->ops->readdir(root, &cursor, name, &st) == 0) {
      char expected[20];
      snprintf(expected, sizeof(expected), "file%d", listed++);
      if (strcmp(name, expected) != 0) ck_abort_msg("%s in the place of %s", name, expected);
    }
    ck_assert_int_eq(listed, COUNT);
  }
}
END_TEST

/* Reading a directory while it changes: what stays is seen exactly once, wherever the reader stands. */
START_TEST(cursors_are_stable)
{
  char name[NAME_MAX + 1];
  struct stat st;
  for (int i = 0; i < 100; i++) {
    snprintf(name, sizeof(name), "%d", i);
    vnode_unref(make_file(name));
  }
  unsigned seen[100] = {0};
  uint64_t cursor = 0, other = 0;
  for (int step = 0; root->ops->readdir(root, &cursor, name, &st) == 0; step++) {
    int n = atoi(name);
    if (n < 100) seen[n]++;
    if (n % 3 == 0) ck_assert_int_eq(root->ops->unlink(root, name), 0); /* the one just read */
    if (n < 100 && n % 2 == 0) { /* and one made behind the reader's back, removed again when it is even */
      snprintf(name, sizeof(name), "%d", 1000 + step);
      vnode_unref(make_file(name));
      if (step % 4 == 0) ck_assert_int_eq(root->ops->unlink(root, name), 0);
    }
    if (step % 5 == 0 && root->ops->readdir(root, &other, name, &st)) other = 0;
  }
  for (int i = 0; i < 100; i++) ck_assert_uint_eq(seen[i], 1);
}
END_TEST

START_TEST(removes_while_reading_ahead)
{
  char name[NAME_MAX + 1];
  struct stat st;
  vnode_unref(make_file("a"));
  vnode_unref(make_file("b"));
  vnode_unref(make_file("c"));
  uint64_t cursor = 0;
  ck_assert_int_eq(root->ops->readdir(root, &cursor, name, &st), 0);
  ck_assert_str_eq(name, "a");
  ck_assert_int_eq(root->ops->unlink(root, "a"), 0);
  ck_assert_int_eq(root->ops->unlink(root, "b"), 0);
  ck_assert_int_eq(root->ops->readdir(root, &cursor, name, &st), 0);
  ck_assert_str_eq(name, "c");
  ck_assert_int_eq(root->ops->readdir(root, &cursor, name, &st), -ENOENT);
  cursor = 0;
  ck_assert_int_eq(root->ops->readdir(root, &cursor, name, &st), 0);
  ck_assert_str_eq(name, "c");
}
END_TEST

START_TEST(mounted_directory_stays)
{
  struct vnode *d = make_directory(root, "d");
  d->mounted = root;
  ck_assert_int_eq(root->ops->unlink(root, "d"), -EBUSY);
  d->mounted = NULL;
  vnode_unref(d);
}
END_TEST

START_TEST(a_deep_tree_goes_without_recursion)
{
  struct vnode *at = root, *next;
  vnode_ref(at);
  for (int depth = 0; depth < 200000; depth++) {
    if (at->ops->mkdir(at, "d", 0755) || at->ops->lookup(at, "d", &next)) ck_abort_msg("no directory");
    vnode_unref(at);
    at = next;
  }
  vnode_unref(at);
}
END_TEST

/* ---- every allocation fails once ---- */

static int write_far(void)
{
  struct vnode *f;
  int r = root->ops->lookup(root, "f", &f);
  ck_assert_int_eq(r, 0);
  ssize_type n = rig_write(f, "x", 1, 70000000);
  vnode_unref(f);
  return n < 0 ? (int)n : 0;
}

static int create_one(void)
{
  struct vnode *v;
  int r = root->ops->create(root, "new", 0644, &v);
  if (!r) vnode_unref(v);
  return r;
}

static int make_one(void)
{
  return root->ops->mkdir(root, "newdir", 0755);
}

/* The first name of a directory brings its table. */
static int create_first(void)
{
  struct vnode *d, *v;
  ck_assert_int_eq(root->ops->lookup(root, "d", &d), 0);
  int r = d->ops->create(d, "first", 0644, &v);
  if (!r) vnode_unref(v);
  vnode_unref(d);
  return r;
}

static int (*const failing[])(void) = {write_far, create_one, make_one, create_first};

START_TEST(failed_allocation_changes_nothing)
{
  struct vnode *f = make_file("f");
  vnode_unref(make_directory(root, "d"));
  ck_assert_int_eq(rig_write(f, "0123456789", 10, 0), 10);
  for (long nth = 0;; nth++) {
    long allocations = fs_rig.allocations, pages = fs_rig.pages;
    fs_rig.fail_after = nth;
    fs_rig.failed = false;
    int r = failing[_i]();
    fs_rig.fail_after = -1;
    if (!fs_rig.failed) {
      ck_assert_int_eq(r, 0);
      ck_assert_int_gt(nth, 0); /* at least one could fail */
      break;
    }
    ck_assert(r == -ENOMEM || r == -ENOSPC);
    ck_assert_int_eq(fs_rig.allocations, allocations);
    ck_assert_int_eq(fs_rig.pages, pages);
    ck_assert_uint_eq(size_of(f), 10);
    char buf[11] = "";
    ck_assert_int_eq(rig_read(f, buf, 11, 0), 10);
    ck_assert_str_eq(buf, "0123456789");
  }
  vnode_unref(f);
}
END_TEST

/* A table of names that cannot grow is no reason to refuse a name. */
START_TEST(names_without_memory_for_a_larger_table)
{
  char name[20];
  struct vnode *v;
  vnode_unref(make_file("first"));
  for (int i = 0; i < 100; i++) {
    snprintf(name, sizeof(name), "%d", i);
    fs_rig.fail_after = 3; /* the node, its content and the entry can be had */
    ck_assert_int_eq(root->ops->create(root, name, 0644, &v), 0);
    vnode_unref(v);
    fs_rig.fail_after = -1;
  }
  ck_assert(fs_rig.failed);
  ck_assert_int_eq(root->ops->lookup(root, "99", &v), 0);
  vnode_unref(v);
}
END_TEST

static TCase *suite_case(Suite *s, const char *name)
{
  TCase *t = tcase_create(name);
  tcase_add_checked_fixture(t, setup, teardown);
  suite_add_tcase(s, t);
  return t;
}

int main(void)
{
  Suite *s = suite_create("tmpfs");
  TCase *t = suite_case(s, "files");
  tcase_add_test(t, reads_what_was_written);
  tcase_add_test(t, appends);
  tcase_add_test(t, holes_are_zero_and_take_no_memory);
  tcase_add_test(t, sizes_have_a_limit);
  tcase_add_test(t, cutting_frees_and_growing_shows_zeros);
  tcase_add_test(t, archive_data_is_copied_when_written);
  tcase_add_test(t, cut_archive_data_does_not_come_back);
  tcase_add_loop_test(t, random_operations_agree_with_an_array, 0, 5);
  tcase_add_test(t, bad_buffers_change_nothing);
  tcase_add_test(t, files_take_half_of_memory_at_most);
  tcase_add_test(t, unlinked_file_lives_while_open);
  tcase_add_test(t, two_names_are_one_file);
  t = suite_case(s, "directories");
  tcase_add_test(t, names);
  tcase_add_test(t, modified_times);
  tcase_add_test(t, many_names);
  tcase_add_test(t, cursors_are_stable);
  tcase_add_test(t, removes_while_reading_ahead);
  tcase_add_test(t, mounted_directory_stays);
  tcase_add_test(t, a_deep_tree_goes_without_recursion);
  t = suite_case(s, "memory");
  tcase_add_test(t, names_without_memory_for_a_larger_table);
  tcase_add_loop_test(t, failed_allocation_changes_nothing, 0, ARRAY_SIZE(failing));
  return suite_run(s);
}
