/* Sleeping mutexes: for sections that may block. Never in interrupt context, never with a spinlock held. */
#ifndef KERN_MUTEX_H
#define KERN_MUTEX_H

#include <kern/waitq.h>

struct thread;

struct mutex {
  struct spinlock lock; /* of the waiting */
  struct waitq waiters; /* lock */
  uintptr_t owner;      /* atomic; the thread that holds it, with bit 0 set while others wait; 0: free */
};

void mutex_init(struct mutex *m, const char *name);
/* Recursion panics. Not interruptible. */
void mutex_lock(struct mutex *m);
/* Takes it if it is free, and never sleeps: allowed with a spinlock held. */
MUST_CHECK bool mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);
bool mutex_held(struct mutex *m); /* by the running thread */
/* Null when it is free. Stale as soon as it is answered: for tests and debugging. */
const struct thread *mutex_holder(const struct mutex *m);

#endif
