/* mkdir, unlink, readdir, chdir, getcwd. */
#include "usertests.h"
#include <stdio.h>
#include <string.h>

#define DIRECTORY "/tmp/usertests.dir"

static void make_directory(void)
{
  if (mkdir(DIRECTORY, 0755) < 0) CHECK_EQ(errno, EEXIST);
}

static void test_mkdir_unlink(void)
{
  struct stat st;
  make_directory();
  OK(stat(DIRECTORY, &st));
  CHECK_EQ(st.st_type, FILE_DIRECTORY);
  OK(mkdir(DIRECTORY "/sub", 0700));
  OK(stat(DIRECTORY "/sub", &st));
  CHECK_EQ(st.st_mode & 0777, 0700);
  FAILS(ENOTEMPTY, unlink(DIRECTORY));
  OK(unlink(DIRECTORY "/sub"));
  OK(unlink(DIRECTORY));
  FAILS(ENOENT, stat(DIRECTORY, &st));
}

static void test_mkdir_errors(void)
{
  OK(close(scratch_file("")));
  FAILS(EEXIST, mkdir("/tmp", 0755));
  FAILS(EEXIST, mkdir(SCRATCH, 0755));
  FAILS(EEXIST, mkdir("/", 0755));
  FAILS(ENOENT, mkdir("/missing/x", 0755));
  FAILS(ENOENT, mkdir("", 0755));
  FAILS(ENOTDIR, mkdir(SCRATCH "/x", 0755));
  FAILS(EROFS, mkdir("/dev/x", 0755));
  FAILS(EINVAL, mkdir("/tmp/x", 01000));
  FAILS(EFAULT, mkdir(NULL, 0755));
}

static void test_unlink_errors(void)
{
  OK(close(scratch_file("")));
  FAILS(ENOENT, unlink("/tmp/missing"));
  FAILS(ENOENT, unlink(""));
  FAILS(ENOTDIR, unlink(SCRATCH "/x"));
  FAILS(EBUSY, unlink("/"));
  FAILS(EBUSY, unlink("/dev"));
  FAILS(EROFS, unlink("/dev/null"));
  FAILS(EFAULT, unlink(NULL));
}

/* A removed file lives on as long as it is open. */
static void test_unlink_open(void)
{
  char c;
  int h = scratch_file("still");
  OK(unlink(SCRATCH));
  FAILS(ENOENT, open(SCRATCH, O_RDONLY, 0));
  CHECK_EQ(read(h, &c, 1), 1);
  CHECK(c == 's');
}

/* Reads a directory through a buffer of `size`; answers the number of names, and whether all file0...file9 are there once. */
static int count_names(int h, size_t size, unsigned *seen)
{
  union {
    struct dirent entry;
    char bytes[1024];
  } buf;
  int count = 0;
  ssize_t n;
  *seen = 0;
  while ((n = OK(readdir(h, &buf.entry, size))) > 0) {
    CHECK((size_t)n <= size);
    for (ssize_t at = 0; at < n;) {
      const struct dirent *d = (const struct dirent *)(buf.bytes + at);
      CHECK(d->d_reclen % 8 == 0 && at + d->d_reclen <= n);
      CHECK(strlen(d->d_name) + 1 + offsetof(struct dirent, d_name) <= d->d_reclen);
      if (strncmp(d->d_name, "file", 4) == 0) {
        CHECK_EQ(d->d_type, FILE_REGULAR);
        *seen ^= 1u << (d->d_name[4] - '0');
      }
      at += d->d_reclen;
      count++;
    }
  }
  return count;
}

static void test_readdir(void)
{
  char path[64];
  unsigned seen;
  make_directory();
  for (int i = 0; i < 10; i++) {
    snprintf(path, sizeof path, DIRECTORY "/file%d", i);
    OK(close((int)OK(open(path, O_WRONLY | O_CREAT, 0644))));
  }
  int h = (int)OK(open(DIRECTORY, O_RDONLY | O_DIRECTORY, 0));
  int count = count_names(h, 1024, &seen);
  CHECK_EQ(seen, 0x3FF);
  int again = (int)OK(open(DIRECTORY, O_RDONLY, 0));
  CHECK_EQ(count_names(again, 48, &seen), count);
  CHECK_EQ(seen, 0x3FF);
  struct dirent small;
  FAILS(EINVAL, readdir((int)OK(open(DIRECTORY, O_RDONLY, 0)), &small, 8));
  for (int i = 0; i < 10; i++) {
    snprintf(path, sizeof path, DIRECTORY "/file%d", i);
    OK(unlink(path));
  }
  OK(unlink(DIRECTORY));
}

static void test_readdir_errors(void)
{
  union {
    struct dirent entry;
    char bytes[512];
  } buf;
  int h = scratch_file("");
  FAILS(ENOTDIR, readdir(h, &buf.entry, sizeof buf));
  FAILS(EBADF, readdir(-1, &buf.entry, sizeof buf));
  int d = (int)OK(open("/", O_RDONLY, 0));
  FAILS(EFAULT, readdir(d, NULL, sizeof buf));
  CHECK(readdir(d, &buf.entry, sizeof buf) > 0); /* nothing was lost */
  FAILS(EACCES, readdir((int)OK(dup(d, RIGHT_GRANT)), &buf.entry, sizeof buf));
}

static void check_cwd(const char *wanted)
{
  char cwd[PATH_MAX];
  CHECK_EQ(getcwd(cwd, sizeof cwd), strlen(wanted) + 1);
  CHECK(strcmp(cwd, wanted) == 0);
}

static void test_chdir(void)
{
  struct stat st;
  make_directory();
  OK(chdir(DIRECTORY));
  check_cwd(DIRECTORY);
  OK(chdir(".."));
  check_cwd("/tmp");
  OK(chdir("./usertests.dir/../../tmp//."));
  check_cwd("/tmp");
  OK(stat("usertests.dir", &st));
  OK(unlink("usertests.dir"));
  OK(chdir("/../.."));
  check_cwd("/");
}

static void test_chdir_errors(void)
{
  char cwd[8];
  OK(close(scratch_file("")));
  OK(chdir("/tmp"));
  FAILS(ENOENT, chdir("/missing"));
  FAILS(ENOENT, chdir(""));
  FAILS(ENOTDIR, chdir(SCRATCH));
  FAILS(ENOTDIR, chdir(SCRATCH "/x"));
  FAILS(EFAULT, chdir(NULL));
  FAILS(ERANGE, getcwd(cwd, 4));
  FAILS(ERANGE, getcwd(cwd, 0));
  FAILS(EFAULT, getcwd(NULL, 8));
  check_cwd("/tmp");
}

const struct test directory_tests[] = {
  {"dir_mkdir_unlink", test_mkdir_unlink, 0},
  {"dir_mkdir_errors", test_mkdir_errors, 0},
  {"dir_unlink_errors", test_unlink_errors, 0},
  {"dir_unlink_open", test_unlink_open, 0},
  {"dir_readdir", test_readdir, 0},
  {"dir_readdir_errors", test_readdir_errors, 0},
  {"dir_chdir", test_chdir, 0},
  {"dir_chdir_errors", test_chdir_errors, 0},
  {0},
};
