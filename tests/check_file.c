/* Open files: appending, access modes, positions, the lists of directories. */
#include "vfs_rig.h"

#include <string.h>

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

int main(void)
{
  Suite *suite = suite_create("file");
  TCase *tc = suite_case(suite, "files", vfs_setup_tree, NULL);
  tcase_add_test(tc, appending_files);
  tcase_add_test(tc, access_modes_are_kept);
  tcase_add_test(tc, seeks);
  tcase_add_test(tc, lists_directories);
  tcase_add_test(tc, listing_errors_lose_nothing);
  tcase_add_test(tc, failed_read_keeps_the_position);
  return suite_run(suite);
}
