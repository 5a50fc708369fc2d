/* What must end in a panic. These run only when named on the command line; the scripts in tests/panic look at the
 * report. */
#include <kern/arch.h>
#include <kern/cpu.h>
#include <kern/ktest.h>
#include <kern/log.h>
#include <kern/mutex.h>
#include <kern/panic.h>
#include <kern/thread.h>

KTEST(panic_double_lock)
{
  static struct spinlock lock = SPINLOCK_INIT("the lock in question");

  spin_lock(&lock);
  spin_lock(&lock);
  spin_unlock(&lock); /* so that this function is still there to be named */
}

KTEST(panic_recursive_mutex)
{
  static struct mutex mutex;

  mutex_init(&mutex, "the mutex in question");
  mutex_lock(&mutex);
  mutex_lock(&mutex);
  mutex_unlock(&mutex);
}

KTEST(panic_sleep_under_lock)
{
  static struct spinlock outer = SPINLOCK_INIT("outer"), inner = SPINLOCK_INIT("inner");
  struct waitq nobody = WAITQ_INIT(nobody);

  spin_lock(&outer);
  spin_lock(&inner);
  waitq_sleep_uninterruptible(&nobody, &inner);
}

KTEST(panic_page_fault)
{
  *(volatile uint64_t *)0x1008 = 1;
}

static __attribute__((noinline)) unsigned use_stack(unsigned depth)
{
  volatile uint8_t frame[256];
  if (depth == 1000000) return 0;
  frame[depth % sizeof frame] = (uint8_t)depth;
  return use_stack(depth + 1) + frame[(depth + 1) % sizeof frame];
}

KTEST(panic_stack_overflow)
{
  log_debug("%u", use_stack(0));
}

/* A panic while the report of another is printed must not hide the first, nor go round in circles. */
static void panic_again(const char *text, size_t len)
{
  if (panic_active() && len > 0 && text[0] == '\n') panic("the second panic");
}

KTEST(panic_inside_panic)
{
  static struct log_sink sink = {.write = panic_again};

  log_add_sink(&sink);
  panic("the first panic");
}
