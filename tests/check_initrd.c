/* What the initial RAM disk becomes. */
#include "vfs_rig.h"

#include <stdio.h>
#include <string.h>

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
  archive_add_directory(&disk, ".");
  archive_add_directory(&disk, "./bin");
  archive_add_text(&disk, "./bin/a", "a");
  archive_add_text(&disk, "/bin/b", "b");
  archive_add_text(&disk, "bin/./c", "c");
  archive_add_text(&disk, "//bin//d", "d");
  archive_add_directory(&disk, "lib/");
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
  archive_add_text(&disk, "a", "first");
  archive_add_text(&disk, "d/keep", "keep");
  archive_add_text(&disk, "a", "second");
  archive_add(&disk, (struct archive_entry){.name = "d", .mode = 0040700});
  archive_add_text(&disk, "x", "file first");
  archive_add_text(&disk, "x", "");
  archive_add_directory(&disk, "x");
  archive_add_text(&disk, "x/y", "y");
  archive_add_directory(&disk, "e");
  archive_add_text(&disk, "e", "an empty directory gives way");
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
  archive_add(&disk, (struct archive_entry){.name = "one", .ino = 9, .nlink = 3});
  archive_add(&disk, (struct archive_entry){.name = "b/two", .ino = 9, .nlink = 3});
  archive_add(&disk, (struct archive_entry){.name = "other", .ino = 8, .nlink = 2, .data = "other", .size = 5});
  archive_add(&disk, (struct archive_entry){.name = "three", .ino = 9, .nlink = 3, .data = "data", .size = 4});
  archive_add(&disk, (struct archive_entry){.name = "alone", .ino = 9, .nlink = 1, .data = "x", .size = 1});
  archive_add(&disk, (struct archive_entry){.name = "early", .ino = 7, .nlink = 2, .data = "early", .size = 5});
  archive_add(&disk, (struct archive_entry){.name = "late", .ino = 7, .nlink = 2});
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
  archive_add(&disk, (struct archive_entry){.name = "link", .mode = ARCHIVE_SYMLINK, .data = "target", .size = 6});
  archive_add(&disk, (struct archive_entry){.name = "dev/tty", .mode = ARCHIVE_DEVICE});
  archive_add_text(&disk, "file", "file");
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
  ck_assert_int_eq(vfs_init(disk.bytes, disk.size), error);
  ck_assert_str_eq(fs_rig.log, line);
  ck_assert_uint_eq(fs_rig.log_lines, 1);
  ck_assert_int_eq(fs_rig.allocations, 0);
  struct vnode *v;
  ck_assert_int_eq(vfs_lookup("/", &v), -ENODEV);
  archive_free(&disk);
}

START_TEST(malformed_archives_are_refused_with_a_reason)
{
  expect_failure(-EINVAL, "initial RAM disk: empty archive at offset 0x0");
  archive_add_text(&disk, "a", "x");
  expect_failure(-EINVAL, "initial RAM disk: no trailer at offset 0x74");
  archive_add_text(&disk, "a/b/c", "contents");
  archive_add_text(&disk, "z", "contents");
  disk.size -= 3;
  expect_failure(-EINVAL, "initial RAM disk: truncated data at offset 0x7c");
  archive_add_text(&disk, "a/b/c", "contents");
  archive_add_text(&disk, "z", "contents");
  disk.bytes[0x7c + 5] = '7'; /* the second entry's magic */
  expect_failure(-EINVAL, "initial RAM disk: not a newc header at offset 0x7c");
  archive_add_text(&disk, "a/../b", "contents");
  archive_finish(&disk);
  expect_failure(-EINVAL, "initial RAM disk: \"..\" in a name at offset 0x0");
  archive_add_text(&disk, "..", "contents");
  expect_failure(-EINVAL, "initial RAM disk: \"..\" in a name at offset 0x0");
  archive_add_text(&disk, "a", "file");
  archive_add_text(&disk, "a/b", "below it");
  expect_failure(-ENOTDIR, "initial RAM disk: a file is used as a directory at offset 0x74");
  archive_add_text(&disk, "a/b", "x");
  archive_add_text(&disk, "a", "file");
  expect_failure(-EISDIR, "initial RAM disk: a file takes the place of a directory with entries at offset 0x78");
  archive_add_text(&disk, ".", "file");
  expect_failure(-EINVAL, "initial RAM disk: file without a name at offset 0x0");
  archive_add_text(&disk, "dev", "file");
  archive_finish(&disk);
  expect_failure(-ENOTDIR, "initial RAM disk: /dev is not a directory");
  char name[NAME_MAX + 4] = "d/";
  memset(name + 2, 'n', NAME_MAX + 1);
  archive_add_text(&disk, name, "x");
  expect_failure(-ENAMETOOLONG, "initial RAM disk: name too long at offset 0x0");
}
END_TEST

START_TEST(unpacking_without_memory_leaves_nothing)
{
  archive_add_directory(&disk, "bin");
  archive_add(&disk, (struct archive_entry){.name = "bin/one", .ino = 9, .nlink = 2});
  archive_add(&disk, (struct archive_entry){.name = "lib/two", .ino = 9, .nlink = 2, .data = "data", .size = 4});
  archive_add_text(&disk, "bin/one", "replaced");
  archive_finish(&disk);
  for (long nth = 0;; nth++) {
    fs_rig.fail_after = nth;
    fs_rig.failed = false;
    fs_rig.log_lines = 0;
    int r = vfs_init(disk.bytes, disk.size);
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
  if (!archive_from_host(&disk,
                         "mkdir -p bin a/b; printf hi > bin/hi; ln bin/hi a/b/again; ln -s hi bin/link; "
                         "head -c 5000 /dev/zero | tr '\\0' z > big",
                         "newc")) {
    fprintf(stderr, "check_initrd: no cpio on this host\n");
    return;
  }
  ck_assert_int_eq(vfs_init(disk.bytes, disk.size), 0);
  expect_file("/bin/hi", "hi");
  expect_file("/a/b/again", "hi");
  char big[5001] = "";
  memset(big, 'z', 5000);
  expect_file("/big", big);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("initrd");
  TCase *tc = suite_case(suite, "RAM disk", vfs_setup, NULL);
  tcase_add_test(tc, names_may_begin_anyhow);
  tcase_add_test(tc, later_entries_win);
  tcase_add_test(tc, linked_entries_are_one_file);
  tcase_add_test(tc, useless_entries_are_skipped);
  tcase_add_test(tc, malformed_archives_are_refused_with_a_reason);
  tcase_add_test(tc, unpacking_without_memory_leaves_nothing);
  tcase_add_test(tc, reads_what_the_host_packed);
  tc = suite_case(suite, "tree", vfs_setup_tree, NULL);
  tcase_add_test(tc, archive_becomes_the_root);
  return suite_run(suite);
}
