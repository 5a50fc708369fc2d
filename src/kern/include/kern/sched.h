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
#define SCHED_SLICE_NS 10000000ull       /* 10 ms */
#define SCHED_STARVATION_NS 500000000ull /* 0.5 s */

struct thread;

struct runq {
  struct spinlock lock;
  struct list ready[SCHED_CLASSES]; /* lock; of thread.run_link */
  unsigned nready;                  /* lock */
  unsigned ready_mask;              /* lock; bit c set: ready[c] is not empty */
  bool boosted_last;                /* lock; the last pick was out of order, so the next is not */
};

/* Turns the boot context into this processor's idle thread. Once per processor. */
void sched_init_cpu(void);

/* Gives the processor away; the caller stays ready. Sleepable context. */
void sched_yield(void);

/* Going to sleep, used by waitq.c only: marks the running thread blocked, so that sched_wake reaches it from then on,
 * releases `lock`, the only spinlock held, gives the processor away, and takes `lock` again when it runs again. False, with
 * nothing done, when the sleep is interruptible and the thread's process was killed. */
MUST_CHECK bool sched_block(struct spinlock *lock, bool interruptible);

/* Makes a blocked thread ready; no effect on any other. Any context. */
void sched_wake(struct thread *t);
/* The same with what its sleep answers; false when it was not blocked. */
bool sched_wake_reason(struct thread *t, int reason);
/* The same by a caller that holds a spinlock. */
bool sched_wake_inner(struct thread *t, int reason);

/* Puts a new thread on a run queue. */
void sched_start(struct thread *t);

/* Called at the end of an interrupt and whenever interrupts are enabled again: switches when a better thread is ready.
 * Interrupts disabled; no effect while irq_off_depth or preempt_off forbid it. */
void sched_preempt(void);

/* Ends the running thread: never returns. Its memory is freed by the next thread. */
NORETURN void sched_exit_current(void);

/* Releases what a switch holds. The first thing a new thread does, before anything else. */
void sched_thread_begin(void);

/* Timer tick of a slice. From the timer interrupt. */
void sched_slice_end(void);

/* The end of the boot: the idle thread leaves the boot stack, for good, for a guarded one like any thread's and waits
 * there for others to run. Returns only to say -ENOMEM. */
MUST_CHECK int sched_start_idle(void);

#endif
