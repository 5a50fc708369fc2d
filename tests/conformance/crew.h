/* Threads that a test starts and waits for. */
#ifndef TESTS_CONFORMANCE_CREW_H
#define TESTS_CONFORMANCE_CREW_H

#include <kern/sched.h>
#include <kern/spinlock.h>
#include <kern/thread.h>
#include <kern/waitq.h>

#define CREW_MAX 64

struct crew {
  struct spinlock lock;
  struct waitq done;
  unsigned running; /* lock */
  unsigned started;
  struct crew_member {
    struct crew *crew;
    struct thread *thread;
    void (*work)(void *);
    void *arg;
  } members[CREW_MAX];
};

void crew_init(struct crew *c);
/* Starts work(arg) in a thread of its own; false without memory. */
bool crew_start(struct crew *c, enum sched_class sched_class, void (*work)(void *), void *arg);
/* Until every member's work has returned. */
void crew_wait(struct crew *c);

/* The running thread is not preempted from now on, only when it gives way itself: for tests that check an order. */
void preemption_off(void);
void preemption_on(void);

/* Busy-waits until the clock shows `ns` more than now. */
void spin_for(uint64_t ns);

#endif
