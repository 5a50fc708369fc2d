/* Calls of two threads of one process. */
#include "../../src/kern/syscall/sys.h"
#include "crew.h"
#include "guest.h"
#include <kern/ktest.h>
#include <kern/object.h>

static int ends[2];
static int64_t got;
static bool returned;

static void read_and_leave(void *arg)
{
  (void)arg;
  got = sys_read(ends[0], GUEST_MEMORY, 1);
  returned = true;
  thread_current()->process = NULL; /* leaves alone: PID 1 goes on */
}

static void close_while_the_other_reads(void)
{
  struct thread *other;
  uint64_t before = object_count(OBJECT_PIPE);
  returned = false;
  ktest_check(sys_pipe(GUEST_MEMORY) == 0 && copy_from_user(ends, GUEST_MEMORY, sizeof ends) == 0);
  ktest_check(thread_create(process_current(), "reader", CLASS_USER, read_and_leave, NULL, &other) == 0);
  sched_start(other);
  for (int i = 0; i < 10; i++) sched_yield();
  ktest_check(!returned);
  preemption_off();
  bool closed = sys_close(ends[0]) == 0 && sys_close(ends[1]) == 0;
  bool kept = !returned && object_count(OBJECT_PIPE) == before + 1; /* by the call */
  preemption_on();
  ktest_check(closed && kept);
  while (!returned) sched_yield();
  ktest_check(got == 0);
  ktest_check(object_count(OBJECT_PIPE) == before);
}

/* What one thread closes stays until the call that another has begun on it returns. */
KTEST(sys_threads_close_while_the_other_reads)
{
  guest_run(close_while_the_other_reads);
}
