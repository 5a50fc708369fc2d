/* Directories of tmpfs against a list of names, and every allocation failing once. */
#include "tmpfs_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
  Suite *suite = suite_create("tmpfs directories");
  TCase *tc = suite_case(suite, "directories", tmpfs_setup, tmpfs_teardown);
  tcase_add_test(tc, names);
  tcase_add_test(tc, modified_times);
  tcase_add_test(tc, many_names);
  tcase_add_test(tc, cursors_are_stable);
  tcase_add_test(tc, removes_while_reading_ahead);
  tcase_add_test(tc, mounted_directory_stays);
  tcase_add_test(tc, a_deep_tree_goes_without_recursion);
  tc = suite_case(suite, "memory", tmpfs_setup, tmpfs_teardown);
  tcase_add_test(tc, names_without_memory_for_a_larger_table);
  tcase_add_loop_test(tc, failed_allocation_changes_nothing, 0, ARRAY_SIZE(failing));
  return suite_run(suite);
}
