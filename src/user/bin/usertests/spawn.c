/* spawn: arguments, environment, handles, jobs, and the programs it refuses. */
#include "usertests.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a program prints. */
static void run(const char *path, const char *const *argv, const char *const *envp, char *out, size_t size, int *code)
{
  int ends[2];
  OK(pipe(ends));
  struct spawn_options options = {.nhandles = 3, .handles = {0, ends[1], 2}};
  int child = (int)OK(spawn(path, argv, envp, &options));
  OK(close(ends[1]));
  size_t used = 0;
  ssize_t n;
  while ((n = OK(read(ends[0], out + used, size - 1 - used))) > 0) used += (size_t)n;
  out[used] = '\0';
  *code = finish(child).code;
}

static void test_arguments(void)
{
  char out[256];
  int code;
  run("/bin/echo", (const char *const[]){"echo", "a b", "", "c", NULL}, NULL, out, sizeof out, &code);
  CHECK(strcmp(out, "a b  c\n") == 0);
  run("/bin/env", (const char *const[]){"env", NULL}, (const char *const[]){"X=1", "Y=2 3", NULL}, out, sizeof out,
      &code);
  CHECK(strcmp(out, "X=1\nY=2 3\n") == 0);
  run("/bin/hello", NULL, NULL, out, sizeof out, &code);
  CHECK(strcmp(out, "Hello from userspace!\n") == 0);
  CHECK_EQ(code, 0);
  run("/bin/hello", (const char *const[]){NULL}, NULL, out, sizeof out, &code);
  CHECK_EQ(code, 0);
}

static void test_pie(void)
{
  char out[256];
  int code;
  run("/bin/hello-pie", NULL, NULL, out, sizeof out, &code);
  CHECK(strcmp(out, "Hello from userspace!\n") == 0);
  CHECK_EQ(code, 0);
}

static void test_relative_path(void)
{
  OK(chdir("/bin"));
  CHECK_EQ(finish((int)OK(spawn("true", NULL, NULL, NULL))).code, 0);
  CHECK_EQ(finish((int)OK(spawn("../bin/./false", NULL, NULL, NULL))).code, 1);
}

static void test_large_arguments(void)
{
  static char text[ARG_MAX];
  static const char *argv[8192];
  memset(text, 'x', 60000);
  CHECK_EQ(finish((int)OK(spawn("/bin/true", (const char *const[]){"true", text, NULL}, NULL, NULL))).code, 0);
  memset(text, 'x', ARG_MAX - 1);
  FAILS(E2BIG, spawn("/bin/true", (const char *const[]){"true", text, NULL}, NULL, NULL));
  FAILS(E2BIG, spawn("/bin/true", NULL, (const char *const[]){text, NULL}, NULL));
  for (size_t i = 0; i < 8191; i++) argv[i] = "x"; /* few bytes, many pointers */
  FAILS(E2BIG, spawn("/bin/true", argv, argv, NULL));
}

static void test_errors(void)
{
  char path[PATH_MAX + 8];
  struct spawn_options o = {.flags = 0x80};
  OK(close(scratch_file("not a program")));
  FAILS(ENOENT, spawn("/missing", NULL, NULL, NULL));
  FAILS(ENOENT, spawn("", NULL, NULL, NULL));
  FAILS(ENOTDIR, spawn("/bin/true/x", NULL, NULL, NULL));
  FAILS(EACCES, spawn(SCRATCH, NULL, NULL, NULL));
  FAILS(EACCES, spawn("/tmp", NULL, NULL, NULL));
  FAILS(EACCES, spawn("/dev/null", NULL, NULL, NULL));
  FAILS(EINVAL, spawn("/bin/true", NULL, NULL, &o));
  o = (struct spawn_options){.nhandles = SPAWN_MAX_HANDLES + 1};
  FAILS(EINVAL, spawn("/bin/true", NULL, NULL, &o));
  o = (struct spawn_options){.nhandles = 0xFFFFFFFF};
  FAILS(EINVAL, spawn("/bin/true", NULL, NULL, &o));
  o = (struct spawn_options){.nhandles = 1, .handles = {97}};
  FAILS(EBADF, spawn("/bin/true", NULL, NULL, &o));
  o = (struct spawn_options){.nhandles = 1, .handles = {(int)OK(dup(scratch_file(""), RIGHT_READ))}};
  FAILS(EACCES, spawn("/bin/true", NULL, NULL, &o)); /* no GRANT */
  o = (struct spawn_options){.job = 0x7FFFFFFF};
  FAILS(ESRCH, spawn("/bin/true", NULL, NULL, &o));
  memset(path, 'p', sizeof path);
  path[0] = '/';
  path[PATH_MAX] = '\0';
  FAILS(ENAMETOOLONG, spawn(path, NULL, NULL, NULL));
  FAILS(EFAULT, spawn(NULL, NULL, NULL, NULL));
  FAILS(EFAULT, spawn("/bin/true", (const char *const[]){"true", (char *)1, NULL}, NULL, NULL));
  FAILS(EFAULT, spawn("/bin/true", NULL, (const char *const[]){(char *)1, NULL}, NULL));
  FAILS(ECHILD, wait(WAIT_ANY, NULL, WAIT_NOHANG)); /* none of them left a child */
}

static void test_handles(void)
{
  char buf[16] = "";
  int h = scratch_file("input"), ends[2];
  OK(pipe(ends));
  int child = start_helper("copy", "", h, ends[1]);
  CHECK_EQ(finish(child).code, 0);
  CHECK_EQ(read(ends[0], buf, sizeof buf), 5);
  CHECK(strcmp(buf, "input") == 0);
  CHECK_EQ(finish(start_helper("no-input", "", -1, 1)).code, 0);
}

static void test_jobs(void)
{
  struct spawn_options o = {.flags = SPAWN_NEW_JOB, .nhandles = 3, .handles = {0, 1, 2}};
  const char *const argv[] = {"usertests", "--help-with", "sleep", "100000", NULL};
  struct process_info list[64];
  int leader = (int)OK(spawn(SELF, argv, NULL, &o)), pid = pid_of(leader);
  o.flags = 0;
  o.job = pid;
  int member = (int)OK(spawn(SELF, argv, NULL, &o)), member_pid = pid_of(member);
  ssize_t n = OK(process_list(list, 64));
  int seen = 0, own_job = 0;
  for (ssize_t i = 0; i < n && i < 64; i++) {
    if (list[i].pid == pid || list[i].pid == member_pid) seen += list[i].job == pid;
    if (list[i].pid == getpid()) own_job = list[i].job;
  }
  CHECK_EQ(seen, 2);
  CHECK(own_job != pid);
  OK(kill(leader, 9));
  OK(kill(member, 9));
  finish(leader);
  finish(member);
}

/* A copy of a program with `len` bytes at `offset` replaced, or cut to `offset` when len is 0. */
static void check_refused(size_t offset, const void *bytes, size_t len)
{
  static char image[32768];
  int from = (int)OK(open("/bin/true", O_RDONLY, 0)), to;
  ssize_t size = OK(read(from, image, sizeof image));
  CHECK(size > 1000 && (size_t)size < sizeof image);
  OK(close(from));
  memcpy(image + offset, bytes, len);
  to = (int)OK(open(SCRATCH, O_WRONLY | O_CREAT | O_TRUNC, 0755));
  CHECK_EQ(write(to, image, len == 0 ? offset : (size_t)size), len == 0 ? (ssize_t)offset : size);
  OK(close(to));
  FAILS(ENOEXEC, spawn(SCRATCH, NULL, NULL, NULL));
  OK(unlink(SCRATCH));
}

static void test_not_executable(void)
{
  check_refused(0, "", 0); /* empty */
  check_refused(1, "", 0);
  check_refused(63, "", 0);                                 /* a header cut short */
  check_refused(100, "", 0);                                /* program headers cut short */
  check_refused(0, "text", 4);                              /* no magic */
  check_refused(4, "\1", 1);                                /* 32 bits */
  check_refused(5, "\2", 1);                                /* big endian */
  check_refused(18, "\x28\0", 2);                           /* another machine */
  check_refused(24, "\0\0\0\0\0\0\0\x80", 8);               /* entry in the kernel's half */
  check_refused(32, "\xF0\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8); /* headers past the end, wrapping */
  check_refused(54, "\7\0", 2);                             /* header size */
  check_refused(56, "\0\0", 2);                             /* no headers */
  check_refused(56, "\xFF\xFF", 2);                         /* too many */
}

/* Well-formed but without the mark of a native program. */
static void test_foreign(void)
{
  static char image[32768];
  int from = (int)OK(open("/bin/true", O_RDONLY, 0));
  ssize_t size = OK(read(from, image, sizeof image));
  char *note = NULL;
  for (ssize_t i = 0; i + 8 < size && note == NULL; i++)
    if (memcmp(image + i, ABI_NOTE_NAME, sizeof ABI_NOTE_NAME) == 0) note = image + i;
  CHECK(note != NULL);
  memcpy(note, "Meridian", 8);
  int to = (int)OK(open(SCRATCH, O_WRONLY | O_CREAT | O_TRUNC, 0755));
  CHECK_EQ(write(to, image, (size_t)size), size);
  FAILS(ENOEXEC, spawn(SCRATCH, NULL, NULL, NULL));
}

const struct test spawn_tests[] = {
  {"spawn_arguments", test_arguments, 0},
  {"spawn_pie", test_pie, 0},
  {"spawn_relative_path", test_relative_path, 0},
  {"spawn_large_arguments", test_large_arguments, 0},
  {"spawn_errors", test_errors, 0},
  {"spawn_handles", test_handles, 0},
  {"spawn_jobs", test_jobs, 0},
  {"spawn_not_executable", test_not_executable, 0},
  {"spawn_foreign", test_foreign, 0},
  {0},
};
