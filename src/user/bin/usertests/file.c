/* open, close, read, write, seek, stat, fstat. */
#include "usertests.h"
#include <stdlib.h>
#include <string.h>

static void test_open_write_read(void)
{
  int h = (int)OK(open(SCRATCH, O_RDWR | O_CREAT | O_TRUNC, 0644));
  CHECK(h > 2);
  CHECK_EQ(write(h, "hello world", 11), 11);
  CHECK_EQ(seek(h, 6, SEEK_SET), 6);
  char buf[16] = "";
  CHECK_EQ(read(h, buf, sizeof buf), 5);
  CHECK(memcmp(buf, "world", 5) == 0);
  CHECK_EQ(read(h, buf, sizeof buf), 0);
  CHECK_EQ(read(h, buf, 0), 0);
  OK(close(h));
  h = (int)OK(open(SCRATCH, O_RDONLY, 0));
  CHECK_EQ(read(h, buf, 5), 5);
  CHECK(memcmp(buf, "hello", 5) == 0);
}

static void test_open_flags(void)
{
  char buf[16];
  OK(close(scratch_file("12345")));
  FAILS(EEXIST, open(SCRATCH, O_RDWR | O_CREAT | O_EXCL, 0644));
  int h = (int)OK(open(SCRATCH, O_WRONLY | O_APPEND, 0));
  CHECK_EQ(write(h, "678", 3), 3);
  OK(seek(h, 0, SEEK_SET));
  CHECK_EQ(write(h, "9", 1), 1);
  OK(close(h));
  h = (int)OK(open(SCRATCH, O_RDWR, 0));
  CHECK_EQ(read(h, buf, sizeof buf), 9);
  CHECK(memcmp(buf, "123456789", 9) == 0);
  OK(close((int)OK(open(SCRATCH, O_WRONLY | O_TRUNC, 0))));
  CHECK_EQ(seek(h, 0, SEEK_END), 0);
  OK(close(h));
  OK(unlink(SCRATCH));
  OK(close((int)OK(open(SCRATCH, O_WRONLY | O_CREAT | O_EXCL, 0600))));
  struct stat st;
  OK(stat(SCRATCH, &st));
  CHECK_EQ(st.st_mode & 0777, 0600);
}

static void test_open_errors(void)
{
  char name[NAME_MAX + 8], path[PATH_MAX + 8];
  OK(close(scratch_file("")));
  FAILS(ENOENT, open("/missing", O_RDONLY, 0));
  FAILS(ENOENT, open("/missing/x", O_RDWR | O_CREAT, 0644));
  FAILS(ENOENT, open("", O_RDONLY, 0));
  FAILS(ENOTDIR, open(SCRATCH "/x", O_RDONLY, 0));
  FAILS(ENOTDIR, open(SCRATCH, O_RDONLY | O_DIRECTORY, 0));
  FAILS(EISDIR, open("/tmp", O_WRONLY, 0));
  FAILS(EISDIR, open("/tmp", O_RDWR, 0));
  FAILS(EROFS, open("/dev/new", O_WRONLY | O_CREAT, 0644));
  FAILS(EINVAL, open(SCRATCH, O_ACCMODE, 0));
  FAILS(EINVAL, open(SCRATCH, 0x40000000, 0));
  FAILS(EINVAL, open(SCRATCH, O_RDWR | O_CREAT, 01000));
  memset(name, 'n', sizeof name);
  memcpy(name, "/tmp/", 5);
  name[5 + NAME_MAX + 1] = '\0';
  FAILS(ENAMETOOLONG, open(name, O_RDONLY, 0));
  for (size_t i = 0; i < sizeof path; i++) path[i] = i % 2 == 0 ? '/' : 'p';
  path[PATH_MAX] = '\0';
  FAILS(ENAMETOOLONG, open(path, O_RDONLY, 0));
}

static void test_open_longest_name(void)
{
  char path[5 + NAME_MAX + 1];
  memset(path, 'n', sizeof path);
  memcpy(path, "/tmp/", 5);
  path[5 + NAME_MAX] = '\0';
  OK(close((int)OK(open(path, O_WRONLY | O_CREAT, 0644))));
  struct stat st;
  OK(stat(path, &st));
  OK(unlink(path));
}

static void test_open_too_many(void)
{
  int first = (int)OK(open("/dev/null", O_RDONLY, 0)), h, count = 0;
  while ((h = open("/dev/null", O_RDONLY, 0)) >= 0) count++;
  CHECK_EQ(errno, EMFILE);
  CHECK(count > 500);
  FAILS(EMFILE, dup(first, RIGHT_READ));
  int ends[2];
  FAILS(EMFILE, pipe(ends));
  OK(close(first));
  OK(open("/dev/null", O_RDONLY, 0));
}

static void test_close_errors(void)
{
  int h = scratch_file("");
  OK(close(h));
  FAILS(EBADF, close(h));
  FAILS(EBADF, close(-1));
  FAILS(EBADF, close(0x7FFFFFFF));
}

static void test_read_errors(void)
{
  char buf[4];
  int h = (int)OK(open(SCRATCH, O_WRONLY | O_CREAT, 0644));
  FAILS(EACCES, read(h, buf, 1));
  FAILS(EBADF, read(-1, buf, 1));
  FAILS(EBADF, read(900, buf, 1));
  int d = (int)OK(open("/tmp", O_RDONLY, 0));
  FAILS(EISDIR, read(d, buf, 1));
  int p = (int)OK(process_open(getpid(), RIGHT_READ));
  FAILS(EBADF, read(p, buf, 1));
  h = scratch_file("text");
  FAILS(EINVAL, read(h, buf, (size_t)1 << 63));
  FAILS(EFAULT, read(h, NULL, 4));
  FAILS(EFAULT, read(h, read_only_page(), 4));
}

static void test_write_errors(void)
{
  int h = scratch_file("text");
  OK(close(h));
  h = (int)OK(open(SCRATCH, O_RDONLY, 0));
  FAILS(EACCES, write(h, "x", 1));
  FAILS(EBADF, write(-1, "x", 1));
  FAILS(EBADF, write(900, "x", 1));
  int p = (int)OK(process_open(getpid(), RIGHT_READ));
  FAILS(EBADF, write(p, "x", 1));
  h = (int)OK(open(SCRATCH, O_WRONLY, 0));
  FAILS(EINVAL, write(h, "x", (size_t)1 << 63));
  FAILS(EFAULT, write(h, NULL, 4));
  CHECK_EQ(write(h, "", 0), 0);
  OK(seek(h, INT64_MAX, SEEK_SET));
  FAILS(EFBIG, write(h, "x", 1));
  struct stat st;
  OK(fstat(h, &st));
  CHECK_EQ(st.st_size, 4);
}

/* A buffer that ends in unmapped memory: what is there is written, and nothing is made up. */
static void test_write_partial_buffer(void)
{
  int h = scratch_file("");
  char *p = end_of_mapping(100);
  memset(p, 'p', 100);
  ssize_t n = write(h, p, 5000);
  CHECK(n == -1 ? errno == EFAULT : n <= 100);
  CHECK(seek(h, 0, SEEK_END) <= 100);
}

static void test_file_large(void)
{
  static char block[4096];
  int h = scratch_file("");
  for (int i = 0; i < 50; i++) {
    memset(block, i, sizeof block);
    CHECK_EQ(write(h, block, sizeof block - 7), sizeof block - 7);
  }
  OK(seek(h, 0, SEEK_SET));
  for (int i = 0; i < 50; i++) {
    CHECK_EQ(read(h, block, sizeof block - 7), sizeof block - 7);
    for (size_t k = 0; k < sizeof block - 7; k++) CHECK(block[k] == i);
  }
}

static void test_file_hole(void)
{
  char buf[8192];
  int h = scratch_file("ab");
  CHECK_EQ(seek(h, 8000, SEEK_SET), 8000);
  struct stat st;
  OK(fstat(h, &st));
  CHECK_EQ(st.st_size, 2); /* seeking alone changes nothing */
  CHECK_EQ(write(h, "z", 1), 1);
  OK(seek(h, 0, SEEK_SET));
  CHECK_EQ(read(h, buf, sizeof buf), 8001);
  CHECK(buf[0] == 'a' && buf[2] == 0 && buf[7999] == 0 && buf[8000] == 'z');
}

static void test_seek(void)
{
  int h = scratch_file("0123456789");
  CHECK_EQ(seek(h, -3, SEEK_END), 7);
  CHECK_EQ(seek(h, 2, SEEK_CUR), 9);
  CHECK_EQ(seek(h, -9, SEEK_CUR), 0);
  FAILS(EINVAL, seek(h, -1, SEEK_SET));
  FAILS(EINVAL, seek(h, 0, 3));
  FAILS(EINVAL, seek(h, -11, SEEK_END));
  CHECK_EQ(seek(h, 0, SEEK_CUR), 0);
  OK(seek(h, 5, SEEK_SET));
  FAILS(EOVERFLOW, seek(h, INT64_MAX, SEEK_CUR));
  FAILS(EBADF, seek(-1, 0, SEEK_SET));
  int ends[2];
  OK(pipe(ends));
  FAILS(ESPIPE, seek(ends[0], 0, SEEK_SET));
  FAILS(ESPIPE, seek((int)OK(open("/dev/console", O_RDONLY, 0)), 0, SEEK_SET));
}

static void test_stat(void)
{
  struct stat st, same;
  int h = scratch_file("12345");
  OK(stat(SCRATCH, &st));
  CHECK_EQ(st.st_size, 5);
  CHECK_EQ(st.st_type, FILE_REGULAR);
  CHECK_EQ(st.st_mode & 0777, 0644);
  OK(fstat(h, &same));
  CHECK(memcmp(&st, &same, sizeof st) == 0);
  OK(stat("/tmp", &st));
  CHECK_EQ(st.st_type, FILE_DIRECTORY);
  OK(stat("/dev/console", &st));
  CHECK_EQ(st.st_type, FILE_DEVICE);
  int ends[2];
  OK(pipe(ends));
  OK(fstat(ends[0], &st));
  CHECK_EQ(st.st_type, FILE_PIPE);
  FAILS(ENOENT, stat("/missing", &st));
  FAILS(ENOENT, stat("", &st));
  FAILS(ENOTDIR, stat(SCRATCH "/x", &st));
  FAILS(EFAULT, stat(SCRATCH, NULL));
  FAILS(EFAULT, stat(NULL, &st));
  FAILS(EBADF, fstat(-1, &st));
  FAILS(EBADF, fstat((int)OK(process_open(getpid(), RIGHT_READ)), &st));
  FAILS(EFAULT, fstat(h, NULL));
  FAILS(EACCES, fstat((int)OK(dup(h, RIGHT_GRANT)), &st));
}

/* The position belongs to the open file, not to the handle; another open has its own. */
static void test_position_shared(void)
{
  char c;
  int h = scratch_file("abcdef"), same = (int)OK(dup(h, RIGHT_READ)), other = (int)OK(open(SCRATCH, O_RDONLY, 0));
  CHECK_EQ(read(h, &c, 1), 1);
  CHECK_EQ(read(same, &c, 1), 1);
  CHECK(c == 'b');
  CHECK_EQ(read(other, &c, 1), 1);
  CHECK(c == 'a');
}

static void test_devices(void)
{
  char buf[100];
  memset(buf, 1, sizeof buf);
  int h = (int)OK(open("/dev/null", O_RDWR, 0));
  CHECK_EQ(read(h, buf, sizeof buf), 0);
  CHECK_EQ(write(h, buf, sizeof buf), sizeof buf);
  h = (int)OK(open("/dev/zero", O_RDONLY, 0));
  CHECK_EQ(read(h, buf, sizeof buf), sizeof buf);
  CHECK(buf[0] == 0 && memchr(buf, 1, sizeof buf) == NULL);
}

const struct test file_tests[] = {
  {"file_open_write_read", test_open_write_read, 0},
  {"file_open_flags", test_open_flags, 0},
  {"file_open_errors", test_open_errors, 0},
  {"file_open_longest_name", test_open_longest_name, 0},
  {"file_open_too_many", test_open_too_many, 0},
  {"file_close_errors", test_close_errors, 0},
  {"file_read_errors", test_read_errors, 0},
  {"file_write_errors", test_write_errors, 0},
  {"file_write_partial_buffer", test_write_partial_buffer, 0},
  {"file_large", test_file_large, 0},
  {"file_hole", test_file_hole, 0},
  {"file_seek", test_seek, 0},
  {"file_stat", test_stat, 0},
  {"file_position_shared", test_position_shared, 0},
  {"file_devices", test_devices, 0},
  {0},
};
