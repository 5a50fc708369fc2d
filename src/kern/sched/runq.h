/* A processor's ready threads. Every function wants the queue's lock held. Private to the scheduler. */
#ifndef KERN_SCHED_RUNQ_H
#define KERN_SCHED_RUNQ_H

#include <kern/sched.h>

struct thread;

void runq_init(struct runq *rq);
/* Adds a ready thread: at the end of its class, or at its front when it has not used up its slice. */
void runq_push_back(struct runq *rq, struct thread *t, uint64_t now);
void runq_push_front(struct runq *rq, struct thread *t, uint64_t now);

/* Highest class with a ready thread, SCHED_CLASSES when there is none. */
unsigned runq_best_class(const struct runq *rq);

/* When the thread that waits longest in a class below `sched_class` will have starved; UINT64_MAX when nobody waits. */
uint64_t runq_starvation_time(const struct runq *rq, unsigned sched_class);

/* Takes the thread to run next off the queue; null when nobody is ready. */
struct thread *runq_pick(struct runq *rq, uint64_t now);

#endif
