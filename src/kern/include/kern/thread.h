/*
 * Threads: what the scheduler runs. A thread belongs to a process, or to the kernel (process null).
 *
 *   created --sched_start--> READY <--preempt/yield-- RUNNING --waitq_sleep--> BLOCKED --sched_wake--> READY
 *                              \------switch--------> RUNNING --thread_exit--> TERMINATED (freed by the next thread)
 */
#ifndef KERN_THREAD_H
#define KERN_THREAD_H

#include <kern/arch.h>
#include <kern/list.h>
#include <kern/sched.h>

#ifndef KSTACK_SIZE
#define KSTACK_SIZE 32768u /* bytes, guard page below; the sanitizers' frames want more */
#endif

enum thread_state { THREAD_CREATED = 0, THREAD_READY, THREAD_RUNNING, THREAD_BLOCKED, THREAD_TERMINATED };

struct process;

/* r: the run queue's lock of the processor it is on; o: only the thread itself; p: process lock; c: set at creation */
struct thread {
  uint64_t id;                  /* c, from 1; 0: an idle thread */
  char name[32];                /* c */
  struct process *process;      /* c */
  struct list process_link;     /* p */
  enum sched_class sched_class; /* r */
  enum thread_state state;      /* r */
  struct list run_link;         /* r */
  struct list wait_link;        /* the wait queue's lock */
  int wake_reason;              /* r: 0, -ETIMEDOUT or -EINTR */
  bool interruptible;           /* r: the present sleep may be ended by a kill */
  uint64_t ready_since;         /* r, ns */
  uint64_t run_since;           /* o, ns */
  uint64_t slice_end;           /* r, ns: when the present slice is used up */
  uint64_t slice_left;          /* r, ns: of the slice, while it does not run */
  bool boosted;                 /* r: runs its slice out of order, because it starved */
  uint64_t cpu_ns;              /* o */
  struct cpu *cpu;              /* r */
  struct arch_context *context; /* c */
  void *stack;                  /* c, lowest address */
  void (*entry)(void *);        /* c */
  void *arg;                    /* c */
};

/* For how long it has run since it was switched to; 0 should the machine's clock have gone backwards since. */
static inline uint64_t thread_ran(const struct thread *t, uint64_t now)
{
  return now > t->run_since ? now - t->run_since : 0;
}

/* The running thread; null before sched_init_cpu. */
struct thread *thread_current(void);

/* A new thread, not yet started. entry(arg) runs with interrupts enabled; returning from it ends the thread. The caller
 * links it into the process (process_link). -ENOMEM. */
MUST_CHECK int thread_create(struct process *process, const char *name, enum sched_class sched_class,
                             void (*entry)(void *), void *arg, struct thread **out);

/* Undoes thread_create for a thread that was never started. */
void thread_destroy(struct thread *t);

NORETURN void thread_exit(void);

/* Blocks at least until `deadline`. -EINTR when killed. */
MUST_CHECK int thread_sleep_until(uint64_t deadline);

/* Ends an interruptible sleep of `t` with -EINTR. Any context. */
void thread_interrupt(struct thread *t);

#endif
