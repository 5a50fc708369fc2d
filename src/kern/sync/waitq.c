/*
 * Wait queues. The protocol that loses no wake-up, in this order:
 *
 *   the sleeper, holding its lock: puts itself on the queue, arms the timer, marks itself blocked, releases the lock
 *   and switches away; when it runs again: takes the lock, leaves the queue, cancels the timer.
 *   the waker, holding the lock: takes the first thread off the queue that is still blocked, and wakes it.
 *
 * A timer or a kill may have woken a thread that is still on the queue because it has not yet got the lock back:
 * such a thread answers that reason, so waitq_wake_one passes it over and the wake-up goes to the next.
 */
#include <kern/arch.h>
#include <kern/panic.h>
#include <kern/sched.h>
#include <kern/thread.h>
#include <kern/timer.h>
#include <kern/waitq.h>

/* Wakes a sleeper at its deadline. Lives on the sleeper's stack. */
struct alarm {
  struct timer timer;
  struct thread *thread;
};

static void alarm_fire(struct timer *timer)
{
  sched_wake_reason(container_of(timer, struct alarm, timer)->thread, -ETIMEDOUT);
}

void waitq_init(struct waitq *q)
{
  list_init(&q->threads);
}

static inline int sleep_on(struct waitq *q, struct spinlock *lock, bool interruptible)
{
  struct thread *self = thread_current();

  kassert(self); /* sched_block makes sure of the lock */
  list_push_back(&q->threads, &self->wait_link);
  bool slept = sched_block(lock, interruptible);
  if (!list_empty(&self->wait_link)) list_remove(&self->wait_link);
  return slept ? self->wake_reason : -EINTR;
}

/* The lock is held from before the alarm is set: it finds nobody asleep too early. */
static __attribute__((noinline)) int sleep_on_until(struct waitq *q, struct spinlock *lock, uint64_t deadline)
{
  struct alarm alarm = {.thread = thread_current()};

  timer_arm(&alarm.timer, deadline, alarm_fire);
  int reason = sleep_on(q, lock, true);
  timer_cancel(&alarm.timer);
  return reason;
}

int waitq_sleep(struct waitq *q, struct spinlock *lock, uint64_t deadline)
{
  return deadline == DEADLINE_NONE ? sleep_on(q, lock, true) : sleep_on_until(q, lock, deadline);
}

void waitq_sleep_uninterruptible(struct waitq *q, struct spinlock *lock)
{
  (void)sleep_on(q, lock, false);
}

void waitq_wake_one(struct waitq *q)
{
  while (!list_empty(&q->threads)) {
    struct thread *t = list_first(&q->threads, struct thread, wait_link);
    list_remove(&t->wait_link);
    if (sched_wake_inner(t, 0)) return;
  }
}

void waitq_wake_all(struct waitq *q)
{
  while (!list_empty(&q->threads)) {
    struct thread *t = list_first(&q->threads, struct thread, wait_link);
    list_remove(&t->wait_link);
    sched_wake_inner(t, 0);
  }
}
