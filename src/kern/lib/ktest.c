/*
 * The runner of in-kernel tests. Both machines collect the tests in the section "ktests", in whatever order their
 * linkers like; sorted by name here, they run in the same order on both.
 */
#include <kern/arch.h>
#include <kern/kmem.h>
#include <kern/ktest.h>
#include <kern/log.h>
#include <kern/panic.h>
#include <kern/print.h>
#include <kern/string.h>
#include <kern/thread.h>
#include <kern/waitq.h>

/* By the linker; absent when no test is linked in. */
extern const struct ktest *const __start_ktests[] __attribute__((weak));
extern const struct ktest *const __stop_ktests[] __attribute__((weak));

/* The first failed check of the running test. */
static struct {
  const char *expr; /* null: none failed */
  const char *file;
  int line;
} failure;

/* The fault a test waits for. Only ktest_expect_trap and the thread it started touch it. */
static struct expectation {
  struct spinlock lock;
  struct waitq finished_queue; /* lock */
  bool finished;               /* lock */
  bool trapped;                /* lock */
  struct thread *thread;       /* lock; whose traps are expected, null: nobody's */
  void (*fn)(void *);
  void *arg;
  struct trap_info info; /* lock */
} expected = {.lock = SPINLOCK_INIT("ktest"), .finished_queue = WAITQ_INIT(expected.finished_queue)};

/* The traps a test wants resumed. They may come on any stack, so nothing is locked; kind 0 is none's. */
static struct {
  enum trap_kind kind;
  unsigned count;
  struct trap_info last;
} resumed;

static PRINTF_LIKE(1, 2) void print(const char *fmt, ...)
{
  char text[512];
  va_list ap;

  va_start(ap, fmt);
  int len = format_text_v(text, sizeof text, fmt, ap);
  va_end(ap);
  log_sink_write(text, MIN((size_t)len, sizeof text - 1));
}

void ktest_fail(const char *expr, const char *file, int line)
{
  if (failure.expr) return;
  failure.expr = expr;
  failure.file = file;
  failure.line = line;
}

static bool begins_with(const char *text, const char *start)
{
  return strncmp(text, start, strlen(start)) == 0;
}

/* Measurements, and tests that end the machine, run only when asked for by name. */
static bool is_wanted(const struct ktest *test, const char *prefix)
{
  static const char *const on_request[] = {"bench", "panic", "power", "rate", "screen"};

  for (size_t i = 0; i < ARRAY_SIZE(on_request); i++) {
    if (begins_with(test->name, on_request[i]) && !begins_with(prefix, on_request[i])) return false;
  }
  return begins_with(test->name, prefix);
}

/* The tests wanted, sorted by name; null without memory. */
static const struct ktest **collect(const char *prefix, size_t *count)
{
  size_t total = (size_t)(__stop_ktests - __start_ktests), n = 0;
  const struct ktest **tests = kcalloc(total + 1, sizeof *tests);

  for (size_t i = 0; tests && i < total; i++) {
    const struct ktest *test = __start_ktests[i];
    size_t at = n;
    if (!is_wanted(test, prefix)) continue;
    for (; at > 0 && strcmp(tests[at - 1]->name, test->name) > 0; at--) tests[at] = tests[at - 1];
    tests[at] = test;
    n++;
  }
  *count = n;
  return tests;
}

static bool run_one(const struct ktest *test)
{
  failure.expr = NULL;
  print("%s...", test->name);
  test->run();
  if (failure.expr)
    print("\t[failed] %s, %s:%d\n", failure.expr, failure.file, failure.line);
  else
    print("\t[ok]\n");
  return !failure.expr;
}

void ktest_main(const char *prefix)
{
  size_t count, failed = 0;
  const struct ktest **tests = collect(prefix, &count);

  if (!tests) panic("no memory for the list of tests");
  print("Running %zu tests\n", count);
  for (size_t i = 0; i < count; i++) failed += !run_one(tests[i]);
  print("%zu passed, %zu failed\n", count - failed, failed);
  kfree(tests);
  arch_power_off(failed || count == 0);
}

static void expectation_finish(bool trapped, const struct trap_info *info)
{
  spin_lock(&expected.lock);
  expected.thread = NULL;
  expected.trapped = trapped;
  if (info) expected.info = *info;
  expected.finished = true;
  waitq_wake_all(&expected.finished_queue);
  spin_unlock(&expected.lock);
}

static void expectation_run(void *unused)
{
  (void)unused;
  spin_lock(&expected.lock);
  expected.thread = thread_current();
  spin_unlock(&expected.lock);
  expected.fn(expected.arg);
  expectation_finish(false, NULL);
}

void ktest_resume_begin(enum trap_kind kind)
{
  resumed.count = 0;
  __atomic_store_n(&resumed.kind, kind, __ATOMIC_RELEASE);
}

unsigned ktest_resume_end(struct trap_info *last)
{
  __atomic_store_n(&resumed.kind, (enum trap_kind)0, __ATOMIC_RELEASE);
  *last = resumed.last;
  return resumed.count;
}

bool ktest_trap(const struct trap_info *info)
{
  if (info->user) return false;
  if (info->kind == __atomic_load_n(&resumed.kind, __ATOMIC_ACQUIRE)) {
    resumed.last = *info;
    resumed.count++;
    return true;
  }
  if (!expected.thread || expected.thread != thread_current()) return false;
  expectation_finish(true, info);
  thread_exit(); /* never goes back to the code that faulted */
}

bool ktest_expect_trap(void (*fn)(void *), void *arg, struct trap_info *info)
{
  struct thread *t;

  expected.fn = fn;
  expected.arg = arg;
  expected.finished = false;
  if (thread_create(NULL, "fault", CLASS_KERNEL, expectation_run, NULL, &t) < 0) return false;
  sched_start(t);
  spin_lock(&expected.lock);
  while (!expected.finished) waitq_sleep_uninterruptible(&expected.finished_queue, &expected.lock);
  bool trapped = expected.trapped;
  if (trapped) *info = expected.info;
  spin_unlock(&expected.lock);
  return trapped;
}
