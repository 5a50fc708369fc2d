/* Sleeping mutexes: for sections that may block. Never in interrupt context, never with a spinlock held. */
#ifndef KERN_MUTEX_H
#define KERN_MUTEX_H

#include <kern/waitq.h>

struct thread;

struct mutex {
  struct spinlock lock;
  struct waitq waiters; /* lock */
  struct thread *owner; /* lock */
};

void mutex_init(struct mutex *m, const char *name);
/* Recursion panics. Not interruptible. */
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);
bool mutex_held(struct mutex *m); /* by the running thread */

#endif
