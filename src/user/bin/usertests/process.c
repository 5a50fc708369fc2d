/* exit, wait, kill, process_open, process_list, getpid, yield: processes as their relatives see them. */
#include "usertests.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MILLISECOND 1000000u

static void test_exit_codes(void)
{
  static const struct {
    const char *argument;
    int code;
  } cases[] = {{"0", 0}, {"1", 1}, {"255", 255}, {"256", 0}, {"-1", 255}, {"1000", 232}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int child = start_helper("exit", cases[i].argument, 0, 1), pid = pid_of(child);
    struct wait_status status = finish(child);
    CHECK_EQ(status.reason, EXIT_NORMAL);
    CHECK_EQ(status.code, cases[i].code);
    CHECK_EQ(status.pid, pid);
  }
}

static void test_wait(void)
{
  struct wait_status status;
  int ends[2];
  OK(pipe(ends));
  int child = start_helper("copy", "", ends[0], 1), pid = pid_of(child);
  CHECK_EQ(wait(child, &status, WAIT_NOHANG), 0);
  OK(close(ends[1])); /* it reads the end, and ends */
  CHECK_EQ(wait(child, NULL, 0), pid);
  FAILS(ECHILD, wait(child, &status, 0)); /* reaped */
  FAILS(ECHILD, wait(child, &status, WAIT_NOHANG));
  FAILS(ECHILD, wait(WAIT_ANY, &status, 0));
  OK(close(child));
}

/* When wait answers, the kernel has freed all that the child was, also its thread. */
static void test_wait_frees_all(void)
{
  struct memory_info first, now;
  for (int i = 0; i < 100; i++) {
    finish(start_helper("exit", "0", 0, 1));
    OK(memory_info(&now));
    if (i == 0) first = now;
    CHECK_EQ(now.heap_bytes, first.heap_bytes);
  }
}

static void test_wait_any(void)
{
  int sum = 0;
  for (int i = 1; i <= 8; i++) {
    char code[8];
    snprintf(code, sizeof code, "%d", i);
    start_helper("exit", code, 0, 1);
  }
  for (int i = 1; i <= 8; i++) {
    struct wait_status status;
    CHECK_EQ(OK(wait(WAIT_ANY, &status, 0)), status.pid);
    sum += status.code;
  }
  CHECK_EQ(sum, 36);
  FAILS(ECHILD, wait(WAIT_ANY, NULL, WAIT_NOHANG));
}

static void test_wait_errors(void)
{
  struct wait_status status;
  int child = start_helper("exit", "5", 0, 1);
  FAILS(EINVAL, wait(child, &status, 0x80));
  FAILS(EBADF, wait(99, &status, 0));
  FAILS(EBADF, wait(scratch_file(""), &status, 0));
  FAILS(ECHILD, wait((int)OK(process_open(getpid(), RIGHT_READ)), &status, 0));
  FAILS(EACCES, wait((int)OK(process_open(pid_of(child), RIGHT_DELETE)), &status, 0));
  FAILS(EFAULT, wait(child, (struct wait_status *)read_only_page(), 0));
  status = finish(child); /* a failed wait has not reaped it */
  CHECK_EQ(status.code, 5);
}

static void test_kill(void)
{
  static const char *const victims[] = {"spin", "sleep", "copy"}; /* computing, sleeping, reading */
  int ends[2];
  OK(pipe(ends));
  for (size_t i = 0; i < 3; i++) {
    int child = start_helper(victims[i], "100000", ends[0], ends[1]);
    nanosleep(5 * MILLISECOND);
    OK(kill(child, 0));
    if (kill(child, 15) != 0) CHECK_EQ(errno, ESRCH); /* twice changes nothing, whether it is over yet or not */
    struct wait_status status;
    OK(wait(child, &status, 0));
    CHECK_EQ(status.reason, EXIT_KILLED);
    CHECK_EQ(status.code, FAULT_KILL);
    FAILS(ESRCH, kill(child, 0));
    OK(close(child));
  }
  int child = start_helper("spin", "", 0, 1);
  OK(kill(child, 77));
  CHECK_EQ(finish(child).code, 77);
}

static void test_kill_errors(void)
{
  int child = start_helper("sleep", "100000", 0, 1), pid = pid_of(child);
  FAILS(EINVAL, kill(child, -1));
  FAILS(EINVAL, kill(child, 256));
  FAILS(EBADF, kill(98, 9));
  FAILS(EBADF, kill(scratch_file(""), 9));
  FAILS(EACCES, kill((int)OK(process_open(pid, RIGHT_READ)), 9));
  FAILS(EPERM, process_open(1, RIGHT_DELETE));
  OK(close((int)OK(process_open(1, RIGHT_READ))));
  OK(kill((int)OK(process_open(pid, RIGHT_DELETE)), 9));
  CHECK_EQ(finish(child).code, 9);
}

static void test_process_open_errors(void)
{
  FAILS(ESRCH, process_open(0, RIGHT_READ));
  FAILS(ESRCH, process_open(-5, RIGHT_READ));
  FAILS(ESRCH, process_open(0x7FFFFFFF, RIGHT_READ));
  FAILS(EINVAL, process_open(getpid(), 0x40));
  FAILS(EACCES, process_open(getpid(), RIGHT_READ | RIGHT_EXECUTE));
  FAILS(EACCES, process_open(getpid(), RIGHT_WRITE));
}

/* A program that kills itself is over before the call returns. */
static void test_kill_self(void)
{
  struct wait_status status = finish(start_helper("kill-self", "5", 0, 1));
  CHECK_EQ(status.reason, EXIT_KILLED);
  CHECK_EQ(status.code, 5);
}

/* Ends without waiting: init has to take the rest. */
static void test_orphan(void)
{
  int input[2], ends[2], pid = 0;
  OK(pipe(input));
  OK(pipe(ends));
  int child = start_helper("orphan", "", input[0], ends[1]);
  CHECK_EQ(read(ends[0], &pid, sizeof pid), sizeof pid);
  CHECK_EQ(finish(child).code, 0);
  CHECK(process_exists(pid));
  OK(close(input[1]));
  for (int i = 0; process_exists(pid); i++) {
    CHECK(i < 500);
    nanosleep(10 * MILLISECOND);
  }
}

static void test_list(void)
{
  ssize_t total = OK(process_list(NULL, 0));
  CHECK(total >= 3);
  struct process_info *list = calloc((size_t)total + 8, sizeof *list);
  CHECK_EQ(process_list(list, (size_t)total + 8), total);
  CHECK_EQ(list[0].pid, 1);
  CHECK(strcmp(list[0].name, "init") == 0);
  const struct process_info *self = NULL;
  for (ssize_t i = 0; i < total; i++) {
    CHECK(i == 0 || list[i].pid > list[i - 1].pid);
    if (list[i].pid == getpid()) self = &list[i];
  }
  CHECK(self != NULL);
  CHECK(strcmp(self->name, "usertests") == 0);
  CHECK_EQ(self->state, PROCESS_RUNNING);
  CHECK_EQ(self->threads, 1);
  CHECK(self->user_pages > 0);
  memset(list, 0xEE, 2 * sizeof *list);
  CHECK_EQ(process_list(list, 1), total); /* more than fit: no more written */
  CHECK_EQ(list[1].pid, (int)0xEEEEEEEE);
  FAILS(EFAULT, process_list(NULL, 1));
  FAILS(EFAULT, process_list((struct process_info *)read_only_page(), 1));
}

static void test_zombie_listed(void)
{
  int child = start_helper("exit", "0", 0, 1), pid = pid_of(child);
  nanosleep(30 * MILLISECOND);
  CHECK(process_exists(pid));
  finish(child);
  CHECK(!process_exists(pid));
}

/* A program that never calls does not keep the others from running. */
static void test_preemption(void)
{
  int spinner = start_helper("spin", "", 0, 1);
  for (int i = 0; i < 2; i++) CHECK_EQ(finish(start_helper("exit", "7", 0, 1)).code, 7);
  CHECK_EQ(wait(spinner, NULL, WAIT_NOHANG), 0);
  OK(kill(spinner, 9));
  finish(spinner);
}

static void test_yield(void)
{
  for (int i = 0; i < 1000; i++) CHECK_EQ(yield(), 0);
}

static void test_many(void)
{
  int children[20];
  for (size_t i = 0; i < 20; i++) children[i] = start_helper("sleep", "20", 0, 1);
  for (size_t i = 0; i < 20; i++) CHECK_EQ(finish(children[i]).code, 0);
}

const struct test process_tests[] = {
  {"proc_exit_codes", test_exit_codes, 0},
  {"proc_wait", test_wait, 0},
  {"proc_wait_frees_all", test_wait_frees_all, 0},
  {"proc_wait_any", test_wait_any, 0},
  {"proc_wait_errors", test_wait_errors, 0},
  {"proc_kill", test_kill, 0},
  {"proc_kill_errors", test_kill_errors, 0},
  {"proc_kill_self", test_kill_self, 0},
  {"proc_open_errors", test_process_open_errors, 0},
  {"proc_orphan", test_orphan, 0},
  {"proc_list", test_list, 0},
  {"proc_zombie_listed", test_zombie_listed, 0},
  {"proc_preemption", test_preemption, 0},
  {"proc_yield", test_yield, 0},
  {"proc_many", test_many, 0},
  {0},
};
