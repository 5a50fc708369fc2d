/*
 * usertests: every system call, every documented error, hostile arguments, from a program's side. Each test runs in a child
 * of its own (`usertests --test NAME`), so it may die; a test that must die says so in its table entry. The runner
 * prints `name...\t[ok]` for each, then `N passed, M failed`.
 *
 * The helpers below end the child with a message when something is not as it must be.
 */
#ifndef USERTESTS_H
#define USERTESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <veridian.h>

struct test {
  const char *name;
  void (*function)(void);
  int dies; /* 0: it must return; a fault_code: that fault must end it */
};

/* One table a file of tests, ended by a null name. */
extern const struct test file_tests[], directory_tests[], handle_tests[], memory_tests[], process_tests[],
  spawn_tests[], pipe_tests[], system_tests[], hostile_tests[], fault_tests[], vmo_tests[];

#define SELF "/bin/usertests"

/* So many children, one after the other, map memory, touch it and exit, in rounds until one loses no page or there were
 * enough; answers how many the last lost. */
int64_t run_cycles(unsigned count);

_Noreturn void fail(const char *file, int line, const char *format, ...) __attribute__((__format__(__printf__, 3, 4)));

#define CHECK(condition)                                                   \
  do {                                                                     \
    if (!(condition)) fail(__FILE__, __LINE__, "%s is false", #condition); \
  } while (0)

#define CHECK_EQ(a, b)                                                                                     \
  do {                                                                                                     \
    int64_t check_a = (int64_t)(a), check_b = (int64_t)(b);                                                \
    if (check_a != check_b) fail(__FILE__, __LINE__, "%s is %ld, not %ld (%s)", #a, check_a, check_b, #b); \
  } while (0)

/* The call fails with exactly this error. */
#define FAILS(error, call)                                                                                            \
  do {                                                                                                                \
    errno = 0;                                                                                                        \
    int64_t fails_r = (int64_t)(call);                                                                                \
    if (fails_r != -1) fail(__FILE__, __LINE__, "%s answers %ld instead of failing with %s", #call, fails_r, #error); \
    if (errno != (error)) fail(__FILE__, __LINE__, "%s fails with %d instead of %s", #call, errno, #error);           \
  } while (0)

/* The call succeeds; its result. */
#define OK(call) check_succeeded((int64_t)(call), __FILE__, __LINE__, #call)

static inline int64_t check_succeeded(int64_t result, const char *file, int line, const char *call)
{
  if (result == -1) fail(file, line, "%s fails with error %d", call, errno);
  return result;
}

/* Addresses no program may use. */
#define HOSTILE_COUNT 8
extern uint64_t hostile_addresses[HOSTILE_COUNT];
/* The last `len` bytes before an unmapped page. */
char *end_of_mapping(size_t len);
/* A page that can be read but not written. */
char *read_only_page(void);

/* Starts `usertests --help-with NAME ARGUMENT` (helpers.c) with these handles as its 0-2. Answers the process handle. */
int start_helper(const char *name, const char *argument, int in, int out);
struct wait_status finish(int process);
int pid_of(int process);
int run_helper(int argc, char **argv);

/* A file with this content at a path of its own; removed by the next call of the like, or by the runner. */
#define SCRATCH "/tmp/usertests.file"
int scratch_file(const char *content);

bool process_exists(int pid);
uint64_t now_ns(void);

#endif
