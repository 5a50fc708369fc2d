/*
 * Scheduler: four priority classes, round-robin inside each, a time slice, preemption at every point where interrupts
 * are enabled again. A class runs only when no higher class is ready, except that a thread ready for longer than
 * SCHED_STARVATION_NS gets one slice out of order.
 */
#ifndef KERN_SCHED_H
#define KERN_SCHED_H

#include <kern/list.h>
#include <kern/spinlock.h>
#include <uapi/abi.h>

#define SCHED_CLASSES 4
#define SCHED_SLICE_NS 10000000ull      /* 10 ms */
#define SCHED_STARVATION_NS 500000000ull /* 0.5 s */

struct thread;

struct runq {
  struct spinlock lock;
  struct list ready[SCHED_CLASSES]; /* lock; of thread.run_link */
  unsigned nready;                  /* lock */
};

/* Turns the boot context into this processor's idle thread. Once per processor. */
void sched_init_cpu(void);

/* Gives the processor away; the caller stays ready. Sleepable context. */
void sched_yield(void);

/* Gives the processor away until somebody calls sched_wake. The caller set its own state to THREAD_BLOCKED under
 * `lock`, which is released once the switch can no longer lose a wake-up. Used by waitq.c only. */
void sched_block(struct spinlock *lock);

/* Makes a blocked thread ready; no effect on any other. Any context. */
void sched_wake(struct thread *t);

/* Puts a new thread on a run queue. */
void sched_start(struct thread *t);

/* Called at the end of an interrupt and whenever interrupts are enabled again: switches when a better thread is ready. */
void sched_preempt(void);

/* Ends the running thread: never returns. Its memory is freed by the next thread. */
NORETURN void sched_exit_current(void);

/* Timer tick of a slice. From the timer interrupt. */
void sched_slice_end(void);

/* The running thread and everything else is idle: what the idle thread does, for ever. */
NORETURN void sched_idle_loop(void);

#endif
