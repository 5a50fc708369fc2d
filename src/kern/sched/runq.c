/*
 * Who runs next: the first thread of the highest class, unless one in a lower class has starved. Picks out of order
 * alternate with picks in order, so that many starved threads cannot starve the others.
 */
#include "runq.h"

void runq_init(struct runq *rq)
{
  *rq = (struct runq){.lock = SPINLOCK_INIT("run queue")};
  for (unsigned c = 0; c < SCHED_CLASSES; c++) list_init(&rq->ready[c]);
}

/* The first of each list waits longest, but for a thread put back at the front with the rest of its slice. */
static struct thread *longest_waiting_below(const struct runq *rq, unsigned sched_class)
{
  struct thread *oldest = NULL;
  for (unsigned c = sched_class + 1; c < SCHED_CLASSES; c++) {
    if (list_empty(&rq->ready[c])) continue;
    struct thread *t = list_first(&rq->ready[c], struct thread, run_link);
    if (!oldest || t->ready_since < oldest->ready_since) oldest = t;
  }
  return oldest;
}

uint64_t runq_starvation_time(const struct runq *rq, unsigned sched_class)
{
  const struct thread *t = longest_waiting_below(rq, sched_class);
  return t ? t->ready_since + SCHED_STARVATION_NS : UINT64_MAX;
}

struct thread *runq_pick_class(struct runq *rq, uint64_t now)
{
  unsigned best = runq_best_class(rq);

  if (!rq->boosted_last && runq_starvation_time(rq, best) <= now) {
    struct thread *starved = runq_take_first(rq, longest_waiting_below(rq, best)->sched_class);
    starved->boosted = true;
    rq->boosted_last = true;
    return starved;
  }
  rq->boosted_last = false;
  return runq_take_first(rq, best);
}
