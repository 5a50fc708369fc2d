/* usertests [name]...: runs the tests named, or all; a name that ends in * stands for every test that begins so. */
#include "usertests.h"
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTLE_ROUNDS 12
#define MILLISECOND 1000000u

static const struct test *const tables[] = {file_tests,   directory_tests, handle_tests, memory_tests,
                                            vmo_tests,    process_tests,   spawn_tests,  pipe_tests,
                                            system_tests, hostile_tests,   fault_tests};
#define NTABLES (sizeof tables / sizeof *tables)

static unsigned passed, failed;

/* What a finished test must not have changed. */
struct account {
  uint64_t free_pages, heap_bytes;
  ssize_t processes;
};

static struct account take_account(void)
{
  struct memory_info m = {0};
  memory_info(&m);
  return (struct account){m.free_pages, m.heap_bytes, process_list(NULL, 0)};
}

static bool lost_something(const struct account *before, const struct account *after)
{
  return after->free_pages < before->free_pages || after->heap_bytes > before->heap_bytes ||
         after->processes > before->processes;
}

static struct wait_status run_child(const struct test *t)
{
  const char *const argv[] = {"usertests", "--test", t->name, NULL};
  struct wait_status status = {.reason = EXIT_NORMAL, .code = 255};
  int child = spawn(SELF, argv, NULL, NULL);
  if (child < 0) {
    warn("%s", SELF);
    return status;
  }
  if (wait(child, &status, 0) < 0) warn("wait");
  close(child);
  unlink(SCRATCH);
  return status;
}

static bool ended_as_wanted(const struct test *t, const struct wait_status *status)
{
  if (t->dies == 0) return status->reason == EXIT_NORMAL && status->code == 0;
  return status->reason == EXIT_FAULT && status->code == t->dies;
}

/*
 * Memory may stay behind once (a cache grows) and what ended may be cleared away a little later, but not every time: a test
 * after which less is left is run again, and leaks when that happens in each round.
 */
static bool leaks(const struct test *t, struct account before, struct account *lost)
{
  for (int round = 0; round < SETTLE_ROUNDS; round++) {
    struct account after = take_account();
    for (int i = 0; lost_something(&before, &after) && i < 20; i++) {
      nanosleep(MILLISECOND);
      after = take_account();
    }
    if (!lost_something(&before, &after)) return false;
    *lost = (struct account){before.free_pages - after.free_pages, after.heap_bytes - before.heap_bytes,
                             after.processes - before.processes};
    before = after;
    run_child(t);
  }
  return true;
}

static void run_test(const struct test *t)
{
  struct account before = take_account(), lost;
  struct wait_status status = run_child(t);
  const char *verdict = "[ok]";
  char text[96];
  if (!ended_as_wanted(t, &status)) {
    snprintf(text, sizeof text, "[failed] %s %d", status.reason == EXIT_NORMAL ? "exit" : "ended by fault or kill",
             status.code);
    verdict = text;
  } else if (leaks(t, before, &lost)) {
    snprintf(text, sizeof text, "[failed] leaks %ld pages, %ld bytes of kernel heap, %zd processes",
             (long)lost.free_pages, (long)lost.heap_bytes, lost.processes);
    verdict = text;
  }
  printf("%s...\t%s\n", t->name, verdict);
  if (strcmp(verdict, "[ok]") == 0)
    passed++;
  else
    failed++;
}

static bool wanted(const struct test *t, const char *pattern)
{
  size_t len = strlen(pattern);
  if (len > 0 && pattern[len - 1] == '*') return strncmp(t->name, pattern, len - 1) == 0;
  return strcmp(t->name, pattern) == 0;
}

static void run_matching(const char *pattern)
{
  unsigned before = passed + failed;
  for (size_t i = 0; i < NTABLES; i++)
    for (const struct test *t = tables[i]; t->name != NULL; t++)
      if (wanted(t, pattern)) run_test(t);
  if (passed + failed == before) {
    warnx("%s: no such test", pattern);
    failed++;
  }
}

static _Noreturn void be_child(const char *name)
{
  for (size_t i = 0; i < NTABLES; i++) {
    for (const struct test *t = tables[i]; t->name != NULL; t++) {
      if (strcmp(t->name, name) == 0) {
        t->function();
        exit(0);
      }
    }
  }
  errx(3, "%s: no such test", name);
}

int main(int argc, char **argv)
{
  if (argc == 3 && strcmp(argv[1], "--test") == 0) be_child(argv[2]);
  if (argc > 1 && strcmp(argv[1], "--help-with") == 0) return run_helper(argc - 2, argv + 2);
  if (argc == 3 && strcmp(argv[1], "--cycles") == 0) {
    int64_t lost = run_cycles((unsigned)atoi(argv[2]));
    printf("%s cycles, %ld pages lost\n", argv[2], (long)lost);
    return lost != 0;
  }
  if (argc > 1 && argv[1][0] == '-') {
    fputs("usage: usertests [name | prefix*]... | --cycles N\n", stderr);
    return 2;
  }
  if (argc == 1) run_matching("*");
  for (int i = 1; i < argc; i++) run_matching(argv[i]);
  printf("%u passed, %u failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
