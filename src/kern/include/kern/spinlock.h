/*
 * Spinlocks. Holding one disables interrupts on this processor (nested locks count), so a holder is never preempted and
 * may share data with interrupt handlers. Taking a lock this processor holds already is detected and panics with both
 * names. Lock order is written in kern/locks.h.
 */
#ifndef KERN_SPINLOCK_H
#define KERN_SPINLOCK_H

#include <kern/types.h>

struct cpu;

struct spinlock {
  struct cpu *owner; /* atomically set while held */
  const char *name;
};

#define SPINLOCK_INIT(text)    \
  {                            \
    .owner = 0, .name = (text) \
  }

void spin_init(struct spinlock *lock, const char *name);
void spin_lock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock);
bool spin_held(const struct spinlock *lock); /* by this processor */

/* The counted interrupt disabling the locks use, for code that needs it without a lock. */
void irq_push_off(void);
void irq_pop_off(void);

#endif
