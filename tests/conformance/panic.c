/* What must end in a panic. These run only when named on the command line; the scripts in tests/panic look at the
 * report. */
#include <kern/arch.h>
#include <kern/cpu.h>
#include <kern/kmem.h>
#include <kern/ktest.h>
#include <kern/log.h>
#include <kern/mutex.h>
#include <kern/panic.h>
#include <kern/pmap.h>
#include <kern/pmap_audit.h>
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

/* Writes past an array, over the guard and what the guard stands for. */
__attribute__((noinline, no_sanitize("address", "undefined"))) static void overflow_array(size_t past)
{
  volatile uint8_t array[16];
  volatile uint8_t *at = array;
  for (size_t i = 0; i < sizeof array + past; i++) at[i] = 0x41;
}

KTEST(panic_stack_smashed)
{
  volatile size_t past = 24; /* unknown to the compiler, which would make a function of another name for it */
  overflow_array(past);
}

KTEST(panic_assertion)
{
  volatile unsigned two = 2;
  kassert(two + two == 5);
  ktest_fail("assertions are compiled out", __FILE__, __LINE__);
}

/* A page that programs may touch, among the kernel's. */
KTEST(panic_page_tables)
{
  void *block;
  paddr_t pa;
  ktest_check(kva_alloc_guarded(1, &block) == 0);
  vaddr_t va = (vaddr_t)block;
  ktest_check(pmap_unmap(&kernel_pmap, va, &pa) == 0);
  ktest_check(pmap_map(&kernel_pmap, va, pa, PMAP_USER | PMAP_WRITE) == 0);
  log_notice("planted at 0x%016lx", va);
  pmap_audit_kernel();
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

/* The same by a fault. */
static void fault_again(const char *text, size_t len)
{
  if (panic_active() && len > 0 && text[0] == '\n') *(volatile uint64_t *)0x1008 = 1;
}

KTEST(panic_fault_inside_panic)
{
  static struct log_sink sink = {.write = fault_again};

  log_add_sink(&sink);
  panic("the first panic");
}

KTEST(panic_inside_panic)
{
  static struct log_sink sink = {.write = panic_again};

  log_add_sink(&sink);
  panic("the first panic");
}

/* ---- misuse of the heap: panics in debug builds; where AddressSanitizer is, it reports the access itself ---- */

KTEST(panic_heap_freed_twice)
{
  void *p = kmalloc(100);
  kfree(p);
  kfree(p);
}

KTEST(panic_heap_use_after_free)
{
  volatile uint8_t *p = kmalloc(100);
  kfree((void *)p);
  p[50] = 1;
  for (unsigned i = 0; i < 1000; i++) kfree(kmalloc(100));
}

KTEST(panic_heap_overflow)
{
  volatile uint8_t *p = kmalloc(100);
  p[100] = 1;
  kfree((void *)p);
}

KTEST(panic_heap_large_overflow)
{
  volatile uint8_t *p = kmalloc(5000);
  p[5000] = 1;
  kfree((void *)p);
}
