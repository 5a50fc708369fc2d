/*
 * A processor's ready threads: a list for each class and a mask of those that are not empty. What every switch does
 * is inline. Every function wants the queue's lock held. Private to the scheduler.
 */
#ifndef KERN_SCHED_RUNQ_H
#define KERN_SCHED_RUNQ_H

#include <kern/sched.h>
#include <kern/thread.h>

void runq_init(struct runq *rq);

/* When the thread that waits longest in a class below `sched_class` will have starved; UINT64_MAX when nobody waits. */
uint64_t runq_starvation_time(const struct runq *rq, unsigned sched_class);

/* The choice between several classes, for runq_pick. */
struct thread *runq_pick_class(struct runq *rq, uint64_t now);

/* Highest class with a ready thread, SCHED_CLASSES when there is none. */
static inline unsigned runq_best_class(const struct runq *rq)
{
  return (unsigned)__builtin_ctz(rq->ready_mask | 1u << SCHED_CLASSES);
}

static inline void runq_account_push(struct runq *rq, struct thread *t, uint64_t now)
{
  t->state = THREAD_READY;
  t->ready_since = now;
  rq->nready++;
  rq->ready_mask |= 1u << t->sched_class;
}

/* The first of a class that has one. */
static inline struct thread *runq_take_first(struct runq *rq, unsigned sched_class)
{
  struct list *head = &rq->ready[sched_class], *first = head->next, *second = first->next;

  head->next = second;
  second->prev = head;
  rq->nready--;
  if (second == head) rq->ready_mask &= ~(1u << sched_class);
  return list_entry(first, struct thread, run_link);
}

/* Takes the thread to run next off the queue; null when nobody is ready. */
static inline struct thread *runq_pick(struct runq *rq, uint64_t now)
{
  if (!rq->ready_mask) return NULL;
  if (rq->ready_mask & (rq->ready_mask - 1)) return runq_pick_class(rq, now);
  rq->boosted_last = false;
  return runq_take_first(rq, runq_best_class(rq));
}

/* Adds a ready thread at the end of its class. */
static inline void runq_push_back(struct runq *rq, struct thread *t, uint64_t now)
{
  list_push_back(&rq->ready[t->sched_class], &t->run_link);
  runq_account_push(rq, t, now);
}

/* Adds a ready thread that has not used up its slice at the front of its class. */
static inline void runq_push_front(struct runq *rq, struct thread *t, uint64_t now)
{
  list_push_front(&rq->ready[t->sched_class], &t->run_link);
  runq_account_push(rq, t, now);
}

#endif
