/*
 * Wait queues: threads that sleep until a condition, guarded by the caller's spinlock, may have changed.
 *
 *   spin_lock(&l); while (!condition) { int e = waitq_sleep(&q, &l, DEADLINE_NONE); if (e) break; } ...
 *
 * and whoever changes the condition calls waitq_wake_* with the same lock held: no wake-up is lost, because the sleeper
 * is on the queue before the lock is released.
 */
#ifndef KERN_WAITQ_H
#define KERN_WAITQ_H

#include <kern/list.h>
#include <kern/spinlock.h>

#define DEADLINE_NONE UINT64_MAX

struct waitq {
  struct list threads; /* the caller's lock */
};

#define WAITQ_INIT(name)      \
  {                           \
    LIST_INIT((name).threads) \
  }

void waitq_init(struct waitq *q);

/* Releases `lock`, blocks the running thread, takes `lock` again. 0 when woken; -ETIMEDOUT at the deadline
 * (arch_clock_read time); -EINTR when the thread's process is being killed (at once if it already is). */
MUST_CHECK int waitq_sleep(struct waitq *q, struct spinlock *lock, uint64_t deadline);

/* As waitq_sleep, not ended by a kill: for waits that are short by construction. */
void waitq_sleep_uninterruptible(struct waitq *q, struct spinlock *lock);

/* The caller holds the lock. */
void waitq_wake_one(struct waitq *q);
void waitq_wake_all(struct waitq *q);

#endif
