/* dup, handle_info, what a right allows, and handles that are no longer. */
#include "usertests.h"

static void test_dup(void)
{
  char c;
  int h = scratch_file("abc");
  int reader = (int)OK(dup(h, RIGHT_READ | RIGHT_GRANT));
  CHECK_EQ(read(reader, &c, 1), 1);
  FAILS(EACCES, write(reader, "x", 1));
  FAILS(EACCES, dup(reader, RIGHT_READ | RIGHT_WRITE));
  int last = (int)OK(dup(reader, RIGHT_READ));
  FAILS(EACCES, dup(last, RIGHT_READ)); /* no GRANT */
  OK(close(h));
  CHECK_EQ(read(last, &c, 1), 1); /* lives on without its source */
  FAILS(EBADF, dup(h, RIGHT_READ));
  FAILS(EBADF, dup(-1, RIGHT_READ));
  FAILS(EINVAL, dup(reader, 0x40));
  FAILS(EINVAL, dup(reader, 0x80000001));
}

static void test_info(void)
{
  struct handle_info info;
  struct stat st;
  int h = scratch_file("");
  OK(handle_info(h, &info));
  OK(fstat(h, &st));
  CHECK_EQ(info.type, OBJECT_FILE);
  CHECK_EQ(info.rights & (RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT), RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT);
  CHECK_EQ(info.id, st.st_ino);
  int ends[2];
  OK(pipe(ends));
  OK(handle_info(ends[0], &info));
  CHECK_EQ(info.type, OBJECT_PIPE);
  CHECK_EQ(info.rights, RIGHT_READ | RIGHT_GRANT);
  OK(handle_info(ends[1], &info));
  CHECK_EQ(info.rights, RIGHT_WRITE | RIGHT_GRANT);
  OK(handle_info((int)OK(process_open(getpid(), RIGHT_READ)), &info));
  CHECK_EQ(info.type, OBJECT_PROCESS);
  CHECK_EQ(info.rights, RIGHT_READ);
  CHECK_EQ(info.id, getpid());
  FAILS(EBADF, handle_info(-1, &info));
  FAILS(EFAULT, handle_info(h, NULL));
}

static void test_open_rights(void)
{
  struct handle_info info;
  OK(close(scratch_file("")));
  OK(handle_info((int)OK(open(SCRATCH, O_RDONLY, 0)), &info));
  CHECK_EQ(info.rights, RIGHT_READ | RIGHT_GRANT);
  OK(handle_info((int)OK(open(SCRATCH, O_WRONLY, 0)), &info));
  CHECK_EQ(info.rights, RIGHT_WRITE | RIGHT_GRANT);
  OK(handle_info((int)OK(open("/bin/hello", O_RDONLY, 0)), &info));
  CHECK_EQ(info.rights, RIGHT_READ | RIGHT_EXECUTE | RIGHT_GRANT);
}

/* A handle that was closed is not the next one to have its slot. */
static void test_stale(void)
{
  char c;
  int h = scratch_file("abc");
  for (int i = 0; i < 100; i++) {
    OK(close(h));
    int next = (int)OK(open(SCRATCH, O_RDONLY, 0));
    CHECK(next != h);
    FAILS(EBADF, read(h, &c, 1));
    FAILS(EBADF, close(h));
    h = next;
  }
}

/* A call that fails has used up none of the table's slots. */
static void test_failed_calls(void)
{
  int reader = (int)OK(dup(scratch_file(""), RIGHT_READ));
  int *page = (int *)read_only_page();
  for (int i = 0; i < 1100; i++) {
    FAILS(ENOENT, open("/missing", O_RDONLY, 0));
    FAILS(EISDIR, open("/tmp", O_WRONLY, 0));
    FAILS(EFAULT, pipe(page));
    FAILS(ENOENT, spawn("/missing", NULL, NULL, NULL));
    FAILS(EACCES, spawn("/tmp", NULL, NULL, NULL));
    FAILS(ESRCH, process_open(0x7FFFFFFF, RIGHT_READ));
    FAILS(EPERM, process_open(1, RIGHT_DELETE));
    FAILS(EACCES, dup(reader, RIGHT_READ));
  }
  OK(open("/dev/null", O_RDONLY, 0));
}

static void test_hostile_handles(void)
{
  static const int wrong[] = {-1, -2, 3, 1023, 1024, 0x7FFFFFFF, (int)0x80000000, (int)0xFFFFFC00, 0x400, 0x10000};
  struct stat st;
  char c;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    FAILS(EBADF, read(wrong[i], &c, 1));
    FAILS(EBADF, write(wrong[i], &c, 1));
    FAILS(EBADF, fstat(wrong[i], &st));
    FAILS(EBADF, seek(wrong[i], 0, SEEK_SET));
    FAILS(EBADF, dup(wrong[i], 1));
    FAILS(EBADF, kill(wrong[i], 9));
    FAILS(EBADF, close(wrong[i]));
    if (wrong[i] != WAIT_ANY) FAILS(EBADF, wait(wrong[i], NULL, 0));
  }
}

const struct test handle_tests[] = {
  {"handle_dup", test_dup, 0},
  {"handle_info", test_info, 0},
  {"handle_open_rights", test_open_rights, 0},
  {"handle_stale", test_stale, 0},
  {"handle_failed_calls", test_failed_calls, 0},
  {"handle_hostile", test_hostile_handles, 0},
  {0},
};
