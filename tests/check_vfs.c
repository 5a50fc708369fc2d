/* The tree of names: what the initial RAM disk becomes, paths, open files, devices. */
#include "fs_rig.h"

#include <stdio.h>
#include <string.h>

#include <kern/console.h>

#include "../src/kern/fs/tmpfs.h"
#include "archive.h"

static struct archive a;

static int mount_archive(void)
{
  archive_finish(&a);
  return vfs_init(a.bytes, a.size);
}

static void setup(void)
{
  fs_rig_reset();
  a = (struct archive){0};
}

/* /bin/sh, /etc/motd, /etc/empty */
static void setup_tree(void)
{
  setup();
  archive_add_directory(&a, "bin");
  archive_add(&a, (struct archive_entry){.name = "bin/sh", .mode = 0100755, .mtime = 42, .data = "shell", .size = 5});
  archive_add_text(&a, "etc/motd", "hello\n");
  archive_add_text(&a, "etc/empty", "");
  ck_assert_int_eq(mount_archive(), 0);
  ck_assert_uint_eq(fs_rig.log_lines, 0);
}

static void expect_file(const char *path, const char *text)
{
  char buf[9000] = "";
  struct vnode *v;
  ck_assert_msg(vfs_lookup(path, &v) == 0, "%s is missing", path);
  ck_assert_int_eq(rig_read(v, buf, sizeof(buf) - 1, 0), (int64_t)strlen(text));
  ck_assert_str_eq(buf, text);
  vnode_unref(v);
}

static uint32_t type_of(const char *path)
{
  struct stat st;
  return vfs_stat(path, &st) == 0 ? st.st_type : 0;
}

/* ---- the initial RAM disk ---- */

START_TEST(archive_becomes_the_root)
{
  struct stat st;
  expect_file("/bin/sh", "shell");
  expect_file("/etc/motd", "hello\n");
  expect_file("/etc/empty", "");
  ck_assert_int_eq(vfs_stat("/bin/sh", &st), 0);
  ck_assert_uint_eq(st.st_mode, 0755);
  ck_assert_uint_eq(st.st_mtime, 42);
  ck_assert_uint_eq(st.st_size, 5);
  ck_assert_uint_eq(type_of("/"), FILE_DIRECTORY);
  ck_assert_uint_eq(type_of("/etc"), FILE_DIRECTORY); /* nobody made it, a file needed it */
  ck_assert_uint_eq(type_of("/tmp"), FILE_DIRECTORY);
  ck_assert_uint_eq(type_of("/dev/console"), FILE_DEVICE);
  ck_assert_int_eq(fs_rig.pages, 0);
}
END_TEST

START_TEST(names_may_begin_anyhow)
{
  archive_add_directory(&a, ".");
  archive_add_directory(&a, "./bin");
  archive_add_text(&a, "./bin/a", "a");
  archive_add_text(&a, "/bin/b", "b");
  archive_add_text(&a, "bin/./c", "c");
  archive_add_text(&a, "//bin//d", "d");
  archive_add_directory(&a, "lib/");
  ck_assert_int_eq(mount_archive(), 0);
  expect_file("/bin/a", "a");
  expect_file("/bin/b", "b");
  expect_file("/bin/c", "c");
  expect_file("/bin/d", "d");
  ck_assert_uint_eq(type_of("/lib"), FILE_DIRECTORY);
}
END_TEST

START_TEST(later_entries_win)
{
  archive_add_text(&a, "a", "first");
  archive_add_text(&a, "d/keep", "keep");
  archive_add_text(&a, "a", "second");
  archive_add(&a, (struct archive_entry){.name = "d", .mode = 0040700});
  archive_add_text(&a, "x", "file first");
  archive_add_text(&a, "x", "");
  archive_add_directory(&a, "x");
  archive_add_text(&a, "x/y", "y");
  archive_add_directory(&a, "e");
  archive_add_text(&a, "e", "an empty directory gives way");
  ck_assert_int_eq(mount_archive(), 0);
  expect_file("/a", "second");
  expect_file("/d/keep", "keep");
  expect_file("/x/y", "y");
  expect_file("/e", "an empty directory gives way");
  struct stat st;
  ck_assert_int_eq(vfs_stat("/d", &st), 0);
  ck_assert_uint_eq(st.st_mode, 0700);
}
END_TEST

START_TEST(linked_entries_are_one_file)
{
  archive_add(&a, (struct archive_entry){.name = "one", .ino = 9, .nlink = 3});
  archive_add(&a, (struct archive_entry){.name = "b/two", .ino = 9, .nlink = 3});
  archive_add(&a, (struct archive_entry){.name = "other", .ino = 8, .nlink = 2, .data = "other", .size = 5});
  archive_add(&a, (struct archive_entry){.name = "three", .ino = 9, .nlink = 3, .data = "data", .size = 4});
  archive_add(&a, (struct archive_entry){.name = "alone", .ino = 9, .nlink = 1, .data = "x", .size = 1});
  archive_add(&a, (struct archive_entry){.name = "early", .ino = 7, .nlink = 2, .data = "early", .size = 5});
  archive_add(&a, (struct archive_entry){.name = "late", .ino = 7, .nlink = 2});
  ck_assert_int_eq(mount_archive(), 0);
  expect_file("/early", "early");
  expect_file("/late", "early");
  expect_file("/one", "data");
  expect_file("/b/two", "data");
  expect_file("/three", "data");
  expect_file("/other", "other");
  expect_file("/alone", "x");
  struct stat one, two;
  ck_assert_int_eq(vfs_stat("/one", &one), 0);
  ck_assert_int_eq(vfs_stat("/b/two", &two), 0);
  ck_assert_uint_eq(one.st_ino, two.st_ino);
  ck_assert_int_eq(vfs_unlink("/one"), 0);
  expect_file("/three", "data");
}
END_TEST

START_TEST(useless_entries_are_skipped)
{
  archive_add(&a, (struct archive_entry){.name = "link", .mode = ARCHIVE_SYMLINK, .data = "target", .size = 6});
  archive_add(&a, (struct archive_entry){.name = "dev/tty", .mode = ARCHIVE_DEVICE});
  archive_add_text(&a, "file", "file");
  ck_assert_int_eq(mount_archive(), 0);
  ck_assert_uint_eq(fs_rig.log_lines, 2);
  ck_assert_str_eq(fs_rig.log, "initial RAM disk: dev/tty: special file skipped");
  ck_assert_uint_eq(type_of("/link"), 0);
  expect_file("/file", "file");
}
END_TEST

static void expect_failure(int error, const char *line)
{
  fs_rig.log_lines = 0;
  ck_assert_int_eq(vfs_init(a.bytes, a.size), error);
  ck_assert_str_eq(fs_rig.log, line);
  ck_assert_uint_eq(fs_rig.log_lines, 1);
  ck_assert_int_eq(fs_rig.allocations, 0);
  struct vnode *v;
  ck_assert_int_eq(vfs_lookup("/", &v), -ENODEV);
  archive_free(&a);
}

START_TEST(malformed_archives_are_refused_with_a_reason)
{
  expect_failure(-EINVAL, "initial RAM disk: empty archive at offset 0x0");
  archive_add_text(&a, "a", "x");
  expect_failure(-EINVAL, "initial RAM disk: no trailer at offset 0x74");
  archive_add_text(&a, "a/b/c", "contents");
  archive_add_text(&a, "z", "contents");
  a.size -= 3;
  expect_failure(-EINVAL, "initial RAM disk: truncated data at offset 0x7c");
  archive_add_text(&a, "a/b/c", "contents");
  archive_add_text(&a, "z", "contents");
  a.bytes[0x7c + 5] = '7'; /* the second entry's magic */
  expect_failure(-EINVAL, "initial RAM disk: not a newc header at offset 0x7c");
  archive_add_text(&a, "a/../b", "contents");
  archive_finish(&a);
  expect_failure(-EINVAL, "initial RAM disk: \"..\" in a name at offset 0x0");
  archive_add_text(&a, "..", "contents");
  expect_failure(-EINVAL, "initial RAM disk: \"..\" in a name at offset 0x0");
  archive_add_text(&a, "a", "file");
  archive_add_text(&a, "a/b", "below it");
  expect_failure(-ENOTDIR, "initial RAM disk: a file is used as a directory at offset 0x74");
  archive_add_text(&a, "a/b", "x");
  archive_add_text(&a, "a", "file");
  expect_failure(-EISDIR, "initial RAM disk: a file takes the place of a directory with entries at offset 0x78");
  archive_add_text(&a, ".", "file");
  expect_failure(-EINVAL, "initial RAM disk: file without a name at offset 0x0");
  archive_add_text(&a, "dev", "file");
  archive_finish(&a);
  expect_failure(-ENOTDIR, "initial RAM disk: /dev is not a directory");
  char name[NAME_MAX + 4] = "d/";
  memset(name + 2, 'n', NAME_MAX + 1);
  archive_add_text(&a, name, "x");
  expect_failure(-ENAMETOOLONG, "initial RAM disk: name too long at offset 0x0");
}
END_TEST

START_TEST(unpacking_without_memory_leaves_nothing)
{
  archive_add_directory(&a, "bin");
  archive_add(&a, (struct archive_entry){.name = "bin/one", .ino = 9, .nlink = 2});
  archive_add(&a, (struct archive_entry){.name = "lib/two", .ino = 9, .nlink = 2, .data = "data", .size = 4});
  archive_add_text(&a, "bin/one", "replaced");
  archive_finish(&a);
  for (long nth = 0;; nth++) {
    fs_rig.fail_after = nth;
    fs_rig.failed = false;
    fs_rig.log_lines = 0;
    int r = vfs_init(a.bytes, a.size);
    if (!fs_rig.failed) {
      ck_assert_int_eq(r, 0);
      ck_assert_int_gt(nth, 10);
      break;
    }
    ck_assert_int_eq(r, -ENOMEM);
    ck_assert_msg(fs_rig.log_lines == 1 && strstr(fs_rig.log, "out of memory"), "allocation %ld: %s", nth, fs_rig.log);
    ck_assert_int_eq(fs_rig.allocations, 0);
  }
}
END_TEST

START_TEST(reads_what_the_host_packed)
{
  if (!archive_from_host(&a,
                         "mkdir -p bin a/b; printf hi > bin/hi; ln bin/hi a/b/again; ln -s hi bin/link; "
                         "head -c 5000 /dev/zero | tr '\\0' z > big",
                         "newc")) {
    fprintf(stderr, "check_vfs: no cpio on this host\n");
    return;
  }
  ck_assert_int_eq(vfs_init(a.bytes, a.size), 0);
  expect_file("/bin/hi", "hi");
  expect_file("/a/b/again", "hi");
  char big[5001] = "";
  memset(big, 'z', 5000);
  expect_file("/big", big);
}
END_TEST

/* ---- paths ---- */

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

/* ---- open files ---- */

static struct file *open_file(const char *path, int flags)
{
  struct file *f;
  int r = vfs_open(path, flags, 0640, &f);
  ck_assert_msg(r == 0, "%s: %d", path, r);
  return f;
}

static void close_file(struct file *f)
{
  object_unref(&f->object);
}

static void expect_open(const char *path, int flags, int error)
{
  struct file *f = NULL;
  long allocations = fs_rig.allocations;
  int r = vfs_open(path, flags, 0640, &f);
  ck_assert_msg(r == error, "%s %#x: %d", path, flags, r);
  if (f) close_file(f);
  if (error) ck_assert_int_eq(fs_rig.allocations, allocations);
}

static ssize_type write_text(struct file *f, const char *text)
{
  struct uio uio = uio_kernel((void *)(uintptr_t)text, strlen(text));
  return file_write(f, &uio);
}

static void expect_read(struct file *f, size_t size, const char *text)
{
  char buf[100] = "";
  struct uio uio = uio_kernel(buf, size);
  ck_assert_int_eq(file_read(f, &uio), (int64_t)strlen(text));
  ck_assert_str_eq(buf, text);
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

START_TEST(appending_files)
{
  struct file *f = open_file("/etc/motd", O_RDWR | O_APPEND), *g = open_file("/etc/motd", O_WRONLY | O_APPEND);
  ck_assert_int_eq(write_text(f, "f1"), 2);
  ck_assert_int_eq(write_text(g, "g1"), 2);
  ck_assert_int_eq(file_seek(f, 0, SEEK_SET), 0);
  ck_assert_int_eq(write_text(f, "f2"), 2);
  ck_assert_int_eq(file_seek(f, 0, SEEK_CUR), 12); /* behind what was appended */
  expect_file("/etc/motd", "hello\nf1g1f2");
  close_file(f);
  close_file(g);
}
END_TEST

START_TEST(access_modes_are_kept)
{
  struct file *r = open_file("/etc/motd", O_RDONLY), *w = open_file("/etc/motd", O_WRONLY),
              *d = open_file("/bin", O_RDONLY);
  char buf[10];
  struct uio uio = uio_kernel(buf, sizeof(buf));
  ck_assert_int_eq(write_text(r, "x"), -EBADF);
  ck_assert_int_eq(file_read(w, &uio), -EBADF);
  ck_assert_int_eq(file_read(d, &uio), -EISDIR);
  ck_assert_int_eq(write_text(d, "x"), -EBADF);
  ck_assert_int_eq(file_readdir(r, &uio), -ENOTDIR);
  close_file(r);
  close_file(w);
  close_file(d);
}
END_TEST

START_TEST(seeks)
{
  struct file *f = open_file("/etc/motd", O_RDWR);
  ck_assert_int_eq(file_seek(f, -2, SEEK_END), 4);
  expect_read(f, 10, "o\n");
  ck_assert_int_eq(file_seek(f, -3, SEEK_CUR), 3);
  ck_assert_int_eq(file_seek(f, -4, SEEK_CUR), -EINVAL);
  ck_assert_int_eq(file_seek(f, INT64_MAX, SEEK_CUR), -EOVERFLOW);
  ck_assert_int_eq(file_seek(f, -1, SEEK_SET), -EINVAL);
  ck_assert_int_eq(file_seek(f, 0, 3), -EINVAL);
  ck_assert_int_eq(file_seek(f, 0, SEEK_CUR), 3); /* what failed moved nothing */
  ck_assert_int_eq(file_seek(f, INT64_MAX, SEEK_SET), INT64_MAX);
  expect_read(f, 10, "");
  ck_assert_int_eq(write_text(f, "x"), -EFBIG);
  ck_assert_int_eq(file_seek(f, 8, SEEK_SET), 8);
  ck_assert_int_eq(write_text(f, "x"), 1);
  ck_assert_int_eq(file_seek(f, 0, SEEK_END), 9);
  close_file(f);
  f = open_file("/dev/null", O_RDWR);
  ck_assert_int_eq(file_seek(f, 0, SEEK_SET), -ESPIPE);
  close_file(f);
}
END_TEST

/* Lists a directory with buffers of `size` bytes; names separated by blanks. */
static void expect_listing(const char *path, size_t size, const char *expected)
{
  struct file *f = open_file(path, O_RDONLY | O_DIRECTORY);
  char names[500] = "";
  uint8_t buf[500];
  for (;;) {
    struct uio uio = uio_kernel(buf, size);
    ssize_type n = file_readdir(f, &uio);
    ck_assert_int_ge(n, 0);
    ck_assert_uint_eq(size - uio.left, (uint64_t)n);
    if (n == 0) break;
    for (ssize_type at = 0; at < n;) {
      struct dirent d;
      memcpy(&d, buf + at, offsetof(struct dirent, d_name));
      ck_assert_uint_eq(d.d_reclen % 8, 0);
      ck_assert_uint_ne(d.d_ino, 0);
      strcat(strcat(names, (char *)buf + at + offsetof(struct dirent, d_name)),
             d.d_type == FILE_DIRECTORY ? "/ " : " ");
      at += d.d_reclen;
    }
  }
  ck_assert_str_eq(names, expected);
  close_file(f);
}

START_TEST(lists_directories)
{
  expect_listing("/", 500, "bin/ etc/ tmp/ dev/ ");
  expect_listing("/", 16, "bin/ etc/ tmp/ dev/ ");
  expect_listing("/etc", 24, "motd empty ");
  expect_listing("/tmp", 100, "");
  expect_listing("/dev", 100, "console null zero ");
}
END_TEST

START_TEST(listing_errors_lose_nothing)
{
  struct file *f = open_file("/etc", O_RDONLY);
  uint8_t buf[64];
  struct uio uio = uio_kernel(buf, 15);
  ck_assert_int_eq(file_readdir(f, &uio), -EINVAL);
  uio = uio_kernel(buf, 64);
  fs_rig.faults_after = 0;
  ck_assert_int_eq(file_readdir(f, &uio), -EFAULT);
  fs_rig.faults_after = 1;
  ck_assert_int_eq(file_readdir(f, &uio), 16);
  ck_assert_str_eq((char *)buf + 11, "motd");
  uio = uio_kernel(buf, 64);
  ck_assert_int_eq(file_readdir(f, &uio), 24);
  ck_assert_str_eq((char *)buf + 11, "empty");
  close_file(f);
}
END_TEST

START_TEST(failed_read_keeps_the_position)
{
  struct file *f = open_file("/etc/motd", O_RDONLY);
  char buf[10];
  struct uio uio = uio_kernel(buf, 10);
  fs_rig.faults_after = 0;
  ck_assert_int_eq(file_read(f, &uio), -EFAULT);
  fs_rig.faults_after = -1;
  expect_read(f, 10, "hello\n");
  close_file(f);
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

START_TEST(opening_without_memory_changes_nothing)
{
  for (long nth = 0;; nth++) {
    long allocations = fs_rig.allocations;
    fs_rig.fail_after = nth;
    fs_rig.failed = false;
    struct file *f;
    int r = vfs_open("/etc/motd", O_WRONLY | O_TRUNC, 0, &f);
    fs_rig.fail_after = -1;
    if (!fs_rig.failed) {
      ck_assert_int_eq(r, 0);
      close_file(f);
      break;
    }
    ck_assert_int_eq(r, -ENOMEM);
    ck_assert_int_eq(fs_rig.allocations, allocations);
    expect_file("/etc/motd", "hello\n");
  }
  for (long nth = 0;; nth++) {
    long allocations = fs_rig.allocations;
    fs_rig.fail_after = nth;
    fs_rig.failed = false;
    struct file *f;
    int r = vfs_open("/tmp/made", O_WRONLY | O_CREAT, 0, &f);
    fs_rig.fail_after = -1;
    if (!fs_rig.failed) {
      ck_assert_int_eq(r, 0);
      close_file(f);
      break;
    }
    ck_assert_int_eq(r, -ENOMEM);
    ck_assert_int_eq(fs_rig.allocations, allocations);
    ck_assert_uint_eq(type_of("/tmp/made"), 0);
  }
}
END_TEST

static TCase *suite_case(Suite *s, const char *name, void (*before)(void))
{
  TCase *t = tcase_create(name);
  tcase_add_checked_fixture(t, before, NULL);
  suite_add_tcase(s, t);
  return t;
}

int main(void)
{
  Suite *s = suite_create("vfs");
  TCase *t = suite_case(s, "RAM disk", setup);
  tcase_add_test(t, names_may_begin_anyhow);
  tcase_add_test(t, later_entries_win);
  tcase_add_test(t, linked_entries_are_one_file);
  tcase_add_test(t, useless_entries_are_skipped);
  tcase_add_test(t, malformed_archives_are_refused_with_a_reason);
  tcase_add_test(t, unpacking_without_memory_leaves_nothing);
  tcase_add_test(t, reads_what_the_host_packed);
  t = suite_case(s, "tree", setup_tree);
  tcase_add_test(t, archive_becomes_the_root);
  tcase_add_test(t, lookups);
  tcase_add_test(t, makes_and_removes);
  t = suite_case(s, "files", setup_tree);
  tcase_add_test(t, open_refuses);
  tcase_add_test(t, creates_and_truncates);
  tcase_add_test(t, appending_files);
  tcase_add_test(t, access_modes_are_kept);
  tcase_add_test(t, seeks);
  tcase_add_test(t, lists_directories);
  tcase_add_test(t, listing_errors_lose_nothing);
  tcase_add_test(t, failed_read_keeps_the_position);
  tcase_add_test(t, reads_exactly_for_loaders);
  tcase_add_test(t, devices);
  tcase_add_test(t, opening_without_memory_changes_nothing);
  return suite_run(s);
}
