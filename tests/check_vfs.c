/* The tree of names: paths, opening and creating, devices. */
#include "vfs_rig.h"

#include <string.h>

START_TEST(lookups)
{
  struct vnode *v;
  ck_assert_int_eq(vfs_lookup("/nobody", &v), -ENOENT);
  ck_assert_int_eq(vfs_lookup("/bin/nobody", &v), -ENOENT);
  ck_assert_int_eq(vfs_lookup("/nobody/sh", &v), -ENOENT);
  ck_assert_int_eq(vfs_lookup("/bin/sh/x", &v), -ENOTDIR);
  ck_assert_int_eq(vfs_lookup("/bin/sh/", &v), -ENOTDIR);
  ck_assert_int_eq(vfs_lookup("bin", &v), -EINVAL);
  ck_assert_int_eq(vfs_lookup("", &v), -EINVAL);
  ck_assert_int_eq(vfs_lookup("/bin/..", &v), -EINVAL);
  ck_assert_int_eq(vfs_lookup("/./bin", &v), -EINVAL);
  ck_assert_int_eq(vfs_lookup("/bin/", &v), 0);
  vnode_unref(v);
  ck_assert_int_eq(vfs_lookup("///bin//sh", &v), 0);
  vnode_unref(v);
  char name[NAME_MAX + 3] = "/";
  memset(name + 1, 'n', NAME_MAX);
  ck_assert_int_eq(vfs_lookup(name, &v), -ENOENT);
  name[NAME_MAX + 1] = 'n';
  ck_assert_int_eq(vfs_lookup(name, &v), -ENAMETOOLONG);
}
END_TEST

START_TEST(makes_and_removes)
{
  ck_assert_int_eq(vfs_mkdir("/tmp/d", 0700), 0);
  ck_assert_int_eq(vfs_mkdir("/tmp/d", 0700), -EEXIST);
  ck_assert_int_eq(vfs_mkdir("/tmp/e/", 0700), 0);
  ck_assert_int_eq(vfs_mkdir("/", 0700), -EEXIST);
  ck_assert_int_eq(vfs_mkdir("/no/d", 0700), -ENOENT);
  ck_assert_int_eq(vfs_mkdir("/bin/sh/d", 0700), -ENOTDIR);
  ck_assert_int_eq(vfs_mkdir("/dev/d", 0700), -EROFS);
  ck_assert_int_eq(vfs_mkdir("/tmp/..", 0700), -EINVAL);
  ck_assert_int_eq(vfs_unlink("/tmp/d"), 0);
  ck_assert_int_eq(vfs_unlink("/tmp/d"), -ENOENT);
  ck_assert_int_eq(vfs_unlink("/tmp/e/"), 0);
  ck_assert_int_eq(vfs_unlink("/etc"), -ENOTEMPTY);
  ck_assert_int_eq(vfs_unlink("/etc/motd/"), -ENOTDIR);
  ck_assert_int_eq(vfs_unlink("/"), -EBUSY);
  ck_assert_int_eq(vfs_unlink("/dev"), -EBUSY);
  ck_assert_int_eq(vfs_unlink("/dev/null"), -EROFS);
  ck_assert_int_eq(vfs_unlink("/etc/motd"), 0);
  ck_assert_uint_eq(type_of("/etc/motd"), 0);
}
END_TEST

static void expect_open(const char *path, int flags, int error)
{
  struct file *f = NULL;
  long allocations = fs_rig.allocations;
  int r = vfs_open(path, flags, 0640, &f);
  ck_assert_msg(r == error, "%s %#x: %d", path, flags, r);
  if (f) close_file(f);
  if (error) ck_assert_int_eq(fs_rig.allocations, allocations);
}

START_TEST(open_refuses)
{
  expect_open("/nobody", O_RDONLY, -ENOENT);
  expect_open("/bin", O_WRONLY, -EISDIR);
  expect_open("/bin", O_RDWR, -EISDIR);
  expect_open("/bin", O_RDONLY | O_CREAT, -EISDIR);
  expect_open("/bin/new/", O_WRONLY | O_CREAT, -EISDIR);
  expect_open("/bin/sh", O_RDONLY | O_DIRECTORY, -ENOTDIR);
  expect_open("/bin/sh/", O_RDONLY, -ENOTDIR);
  expect_open("/bin/sh", O_WRONLY | O_CREAT | O_EXCL, -EEXIST);
  expect_open("/bin/sh", O_RDONLY | O_TRUNC, -EINVAL);
  expect_open("/bin/sh", O_ACCMODE, -EINVAL);
  expect_open("/bin/sh", 0x8000000, -EINVAL);
  expect_open("/new", O_RDWR | O_CREAT | O_DIRECTORY, -EINVAL);
  expect_open("/dev/new", O_WRONLY | O_CREAT, -EROFS);
  expect_open("/no/new", O_WRONLY | O_CREAT, -ENOENT);
  expect_open("/bin/sh", O_RDONLY, 0);
  expect_open("/bin", O_RDONLY | O_DIRECTORY, 0);
  expect_open("/", O_RDONLY, 0);
  expect_file("/bin/sh", "shell");
  ck_assert_uint_eq(type_of("/new"), 0);
}
END_TEST

START_TEST(creates_and_truncates)
{
  struct file *f = open_file("/tmp/new", O_RDWR | O_CREAT | O_EXCL);
  struct stat st;
  ck_assert_int_eq(vfs_stat("/tmp/new", &st), 0);
  ck_assert_uint_eq(st.st_mode, 0640);
  ck_assert_int_eq(write_text(f, "contents"), 8);
  expect_read(f, 10, "");
  ck_assert_int_eq(file_seek(f, 3, SEEK_SET), 3);
  expect_read(f, 3, "ten");
  expect_read(f, 10, "ts");
  close_file(f);
  close_file(open_file("/tmp/new", O_WRONLY | O_CREAT));
  expect_file("/tmp/new", "contents");
  close_file(open_file("/tmp/new", O_WRONLY | O_TRUNC));
  expect_file("/tmp/new", "");
  f = open_file("/bin/sh", O_WRONLY | O_TRUNC); /* from the archive */
  ck_assert_int_eq(write_text(f, "x"), 1);
  close_file(f);
  expect_file("/bin/sh", "x");
}
END_TEST

START_TEST(reads_exactly_for_loaders)
{
  struct vnode *v;
  char buf[10] = "";
  ck_assert_int_eq(vfs_lookup("/bin/sh", &v), 0);
  ck_assert_int_eq(vnode_read_exact(v, 1, buf, 4), 0);
  ck_assert_str_eq(buf, "hell");
  ck_assert_int_eq(vnode_read_exact(v, 1, buf, 5), -EIO);
  ck_assert_int_eq(vnode_read_exact(v, UINT64_MAX, buf, 1), -EIO);
  ck_assert_int_eq(vnode_read_exact(v, 9, buf, 0), 0);
  vnode_unref(v);
  ck_assert_int_eq(vfs_lookup("/bin", &v), 0);
  ck_assert_int_eq(vnode_read_exact(v, 0, buf, 1), -EISDIR);
  vnode_unref(v);
  ck_assert_int_eq(vfs_lookup("/dev/zero", &v), 0);
  ck_assert_int_eq(vnode_read_exact(v, 0, buf, 1), -EACCES);
  vnode_unref(v);
}
END_TEST

START_TEST(devices)
{
  struct file *f = open_file("/dev/null", O_RDWR);
  expect_read(f, 10, "");
  ck_assert_int_eq(write_text(f, "gone"), 4);
  close_file(f);

  f = open_file("/dev/zero", O_RDWR | O_TRUNC);
  static uint8_t buf[100000];
  memset(buf, 1, sizeof(buf));
  struct uio uio = uio_kernel(buf, sizeof(buf));
  ck_assert_int_eq(file_read(f, &uio), sizeof(buf));
  for (size_t i = 0; i < sizeof(buf); i++)
    if (buf[i]) ck_abort_msg("byte %zu", i);
  fs_rig.faults_after = 1;
  uio = uio_kernel(buf, sizeof(buf));
  ck_assert_int_eq(file_read(f, &uio), 65536);
  ck_assert_int_eq(write_text(f, "gone"), 4);
  ck_assert_ptr_null(f->vnode->ops->control);
  close_file(f);

  f = open_file("/dev/console", O_RDWR);
  expect_read(f, 1, "c");
  ck_assert_int_eq(write_text(f, "text"), 4);
  ck_assert_int_eq(f->vnode->ops->control(f->vnode, 3, 4), 3004);
  close_file(f);
}
END_TEST

/* With each allocation failing once, until none does. */
static void open_without_memory(const char *path, int flags, void (*unchanged)(const char *path))
{
  for (long nth = 0;; nth++) {
    long allocations = fs_rig.allocations;
    fs_rig.fail_after = nth;
    fs_rig.failed = false;
    struct file *f;
    int r = vfs_open(path, flags, 0, &f);
    fs_rig.fail_after = -1;
    if (!fs_rig.failed) {
      ck_assert_int_eq(r, 0);
      close_file(f);
      break;
    }
    ck_assert_int_eq(r, -ENOMEM);
    ck_assert_int_eq(fs_rig.allocations, allocations);
    unchanged(path);
  }
}

static void still_says_hello(const char *path)
{
  expect_file(path, "hello\n");
}

static void is_not_there(const char *path)
{
  ck_assert_uint_eq(type_of(path), 0);
}

START_TEST(opening_without_memory_changes_nothing)
{
  open_without_memory("/etc/motd", O_WRONLY | O_TRUNC, still_says_hello);
  open_without_memory("/tmp/made", O_WRONLY | O_CREAT, is_not_there);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("vfs");
  TCase *tc = suite_case(suite, "tree", vfs_setup_tree, NULL);
  tcase_add_test(tc, lookups);
  tcase_add_test(tc, makes_and_removes);
  tcase_add_test(tc, open_refuses);
  tcase_add_test(tc, creates_and_truncates);
  tcase_add_test(tc, reads_exactly_for_loaders);
  tcase_add_test(tc, devices);
  tcase_add_test(tc, opening_without_memory_changes_nothing);
  return suite_run(suite);
}
