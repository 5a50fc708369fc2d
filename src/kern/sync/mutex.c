/*
 * Sleeping mutexes. Taking a free one and releasing one that nobody waits for is a single atomic step on `owner`, the
 * holder's address. Whoever has to wait sets MUTEX_AWAITED there first, which sends the holder's release to the slow path:
 * that hands the mutex to the thread that waits longest. It owns it before it runs, so nobody overtakes it and a waiter is
 * never starved.
 */
#include <kern/cpu.h>
#include <kern/mutex.h>
#include <kern/panic.h>
#include <kern/thread.h>

#define MUTEX_AWAITED ((uintptr_t)1)
_Static_assert(_Alignof(struct thread) > MUTEX_AWAITED, "the bit is free in a thread's address");

void mutex_init(struct mutex *m, const char *name)
{
  spin_init(&m->lock, name);
  waitq_init(&m->waiters);
  m->owner = 0;
}

static inline bool take(struct mutex *m, const struct thread *self)
{
  uintptr_t nobody = 0;
  return __atomic_compare_exchange_n(&m->owner, &nobody, (uintptr_t)self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static uintptr_t holder(uintptr_t owner)
{
  return owner & ~MUTEX_AWAITED;
}

/* Sees to it that the holder will notice us: false when the mutex came free meanwhile. */
static bool announce(struct mutex *m, uintptr_t owner)
{
  if (owner & MUTEX_AWAITED) return true;
  return owner && __atomic_compare_exchange_n(&m->owner, &owner, owner | MUTEX_AWAITED, false, __ATOMIC_RELAXED,
                                              __ATOMIC_RELAXED);
}

static __attribute__((noinline)) void lock_slowly(struct mutex *m, struct thread *self)
{
  spin_lock(&m->lock);
  uintptr_t owner = __atomic_load_n(&m->owner, __ATOMIC_RELAXED);
  if (holder(owner) == (uintptr_t)self) panic("mutex \"%s\" taken twice by thread %s", m->lock.name, self->name);
  while (holder(owner) != (uintptr_t)self && !take(m, self)) {
    if (announce(m, owner)) waitq_sleep_uninterruptible(&m->waiters, &m->lock);
    owner = __atomic_load_n(&m->owner, __ATOMIC_ACQUIRE);
  }
  spin_unlock(&m->lock);
}

static __attribute__((noinline)) void unlock_slowly(struct mutex *m, const struct thread *self)
{
  spin_lock(&m->lock);
  if (holder(__atomic_load_n(&m->owner, __ATOMIC_RELAXED)) != (uintptr_t)self)
    panic("mutex \"%s\" released by a thread that does not hold it", m->lock.name);
  uintptr_t next = 0;
  if (!list_empty(&m->waiters.threads)) {
    next = (uintptr_t)list_first(&m->waiters.threads, struct thread, wait_link);
    waitq_wake_one(&m->waiters);
    if (!list_empty(&m->waiters.threads)) next |= MUTEX_AWAITED;
  }
  __atomic_store_n(&m->owner, next, __ATOMIC_RELEASE);
  spin_unlock(&m->lock);
}

void mutex_lock(struct mutex *m)
{
  struct thread *self = thread_current();

  kassert(self && cpu_self()->irq_off_depth == 0);
  if (!take(m, self)) lock_slowly(m, self);
}

bool mutex_trylock(struct mutex *m)
{
  return take(m, thread_current());
}

void mutex_unlock(struct mutex *m)
{
  const struct thread *self = thread_current();
  uintptr_t owner = (uintptr_t)self;

  if (!__atomic_compare_exchange_n(&m->owner, &owner, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
    unlock_slowly(m, self);
}

const struct thread *mutex_holder(const struct mutex *m)
{
  return (const struct thread *)holder(__atomic_load_n(&m->owner, __ATOMIC_RELAXED));
}

bool mutex_held(struct mutex *m)
{
  return mutex_holder(m) == thread_current();
}
