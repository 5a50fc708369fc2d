/*
 * Sleeping mutexes. Unlocking hands the mutex to the thread that waits longest: it owns it before it runs, so nobody
 * overtakes it and a waiter is never starved.
 */
#include <kern/cpu.h>
#include <kern/mutex.h>
#include <kern/panic.h>
#include <kern/thread.h>

void mutex_init(struct mutex *m, const char *name)
{
  spin_init(&m->lock, name);
  waitq_init(&m->waiters);
  m->owner = NULL;
}

void mutex_lock(struct mutex *m)
{
  struct thread *self = thread_current();

  kassert(self && cpu_self()->irq_off_depth == 0);
  spin_lock(&m->lock);
  if (m->owner == self) panic("mutex \"%s\" taken twice by thread %s", m->lock.name, self->name);
  if (!m->owner) {
    m->owner = self;
  } else {
    while (m->owner != self) waitq_sleep_uninterruptible(&m->waiters, &m->lock);
  }
  spin_unlock(&m->lock);
}

void mutex_unlock(struct mutex *m)
{
  spin_lock(&m->lock);
  if (m->owner != thread_current()) panic("mutex \"%s\" released by a thread that does not hold it", m->lock.name);
  m->owner = list_empty(&m->waiters.threads) ? NULL : list_first(&m->waiters.threads, struct thread, wait_link);
  waitq_wake_one(&m->waiters);
  spin_unlock(&m->lock);
}

bool mutex_held(struct mutex *m)
{
  return __atomic_load_n(&m->owner, __ATOMIC_RELAXED) == thread_current();
}
