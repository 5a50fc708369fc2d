/*
 * Threads' life cycle: creation, the first steps, sleeping by the clock, the end. Kernel stacks are the costly part
 * (pages mapped between guards), so a few free ones are kept.
 */
#include "thread_impl.h"
#include <kern/cpu.h>
#include <kern/kmem.h>
#include <kern/panic.h>
#include <kern/print.h>
#include <kern/string.h>
#include <kern/waitq.h>

#define KSTACK_PAGES (KSTACK_SIZE / PAGE_SIZE)
#define STACK_CACHE_MAX 8

static struct {
  struct spinlock lock;
  unsigned count;                /* lock */
  void *stacks[STACK_CACHE_MAX]; /* lock */
} stack_cache = {.lock = SPINLOCK_INIT("stack cache")};

static uint64_t last_id; /* atomic */
static struct thread idle_threads[MAX_CPUS];

struct thread *thread_current(void)
{
  return cpu_self()->current; /* threads do not change processors, so the two reads belong together */
}

static void *stack_alloc(void)
{
  void *stack = NULL;

  spin_lock(&stack_cache.lock);
  if (stack_cache.count) stack = stack_cache.stacks[--stack_cache.count];
  spin_unlock(&stack_cache.lock);
  if (!stack && kva_alloc_guarded(KSTACK_PAGES, &stack) < 0) return NULL;
  return stack;
}

static void stack_free(void *stack)
{
  spin_lock(&stack_cache.lock);
  bool kept = stack_cache.count < STACK_CACHE_MAX;
  if (kept) stack_cache.stacks[stack_cache.count++] = stack;
  spin_unlock(&stack_cache.lock);
  if (!kept) kva_free_guarded(stack, KSTACK_PAGES);
}

int thread_take_stack(struct thread *t, void (*entry)(void *))
{
  void *stack = stack_alloc();

  if (!stack) return -ENOMEM;
  t->stack = stack;
  t->context = arch_context_init(stack, KSTACK_SIZE, entry, t);
  return 0;
}

static void thread_begin(void *arg)
{
  struct thread *t = arg;

  sched_thread_begin();
  t->entry(t->arg);
  thread_exit();
}

static void thread_init(struct thread *t, const char *name, enum sched_class sched_class)
{
  string_copy(t->name, name, sizeof t->name);
  t->sched_class = sched_class;
  t->cpu = cpu_self();
  t->slice_left = SCHED_SLICE_NS;
  list_init(&t->process_link);
  list_init(&t->run_link);
  list_init(&t->wait_link);
}

int thread_create(struct process *process, const char *name, enum sched_class sched_class, void (*entry)(void *),
                  void *arg, struct thread **out)
{
  kassert((unsigned)sched_class < SCHED_CLASSES);
  struct thread *t = kzalloc(sizeof *t);
  if (!t) return -ENOMEM;
  if (thread_take_stack(t, thread_begin)) {
    kfree(t);
    return -ENOMEM;
  }
  thread_init(t, name, sched_class);
  t->id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
  t->process = process;
  t->entry = entry;
  t->arg = arg;
  *out = t;
  return 0;
}

void thread_free(struct thread *t)
{
  arch_context_destroy(t->context);
  stack_free(t->stack);
  kfree(t);
}

void thread_destroy(struct thread *t)
{
  kassert(t->state == THREAD_CREATED);
  thread_free(t);
}

void thread_exit(void)
{
  sched_exit_current();
}

int thread_sleep_until(uint64_t deadline)
{
  struct spinlock lock = SPINLOCK_INIT("sleep");
  struct waitq nobody = WAITQ_INIT(nobody);
  int error;

  spin_lock(&lock);
  do error = waitq_sleep(&nobody, &lock, deadline);
  while (error == 0); /* woken by name: the time is not up */
  spin_unlock(&lock);
  return error == -ETIMEDOUT ? 0 : error;
}

struct thread *thread_adopt_idle(struct cpu *cpu)
{
  struct thread *t = &idle_threads[cpu->id];
  char name[sizeof t->name];

  format_text(name, sizeof name, "idle/%u", cpu->id);
  thread_init(t, name, CLASS_BACKGROUND);
  t->context = arch_context_adopt(NULL, 0);
  return t;
}
