/*
 * The bodies of spin_lock and spin_unlock, for a caller that knows its processor already: spinlock.c and the scheduler's
 * switch; for the paths that every byte through a pipe takes; and inner locks, for those that every page fault takes, too.
 */
#ifndef KERN_SPINLOCK_INLINE_H
#define KERN_SPINLOCK_INLINE_H

#include <kern/cpu.h>
#include <kern/panic.h>
#include <kern/sched.h>
#include <kern/spinlock.h>

/* Waits for a lock that was not free at once. In spinlock.c. */
void spin_wait(struct spinlock *lock, struct cpu *cpu);
/* Reports a release by somebody who does not hold it, unless in a panic. In spinlock.c. */
void spin_check_failed(const struct spinlock *lock, const struct cpu *cpu);

static inline bool spin_try_take(struct spinlock *lock, struct cpu *cpu)
{
  struct cpu *nobody = NULL;
  return __atomic_compare_exchange_n(&lock->owner, &nobody, cpu, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Interrupts were disabled just now, and were `enabled` before. */
static inline void irq_count_off(struct cpu *cpu, bool enabled)
{
  if (cpu->irq_off_depth++ == 0) cpu->irq_off_outer = enabled;
}

static inline void irq_count_on(struct cpu *cpu)
{
  kassert(cpu->irq_off_depth > 0);
  if (--cpu->irq_off_depth > 0 || !cpu->irq_off_outer) return;
  if (cpu->need_resched) sched_preempt();
  arch_irq_restore(true);
}

/* Interrupts are disabled. */
static inline void spin_acquire(struct spinlock *lock, struct cpu *cpu)
{
  if (__builtin_expect(!spin_try_take(lock, cpu), 0)) spin_wait(lock, cpu);
}

static inline void spin_release(struct spinlock *lock, struct cpu *cpu)
{
  if (__builtin_expect(__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) != cpu, 0)) spin_check_failed(lock, cpu);
  __atomic_store_n(&lock->owner, NULL, __ATOMIC_RELEASE);
}

/* Interrupts are disabled, and were `enabled` before. */
static inline void spin_lock_on(struct spinlock *lock, struct cpu *cpu, bool enabled)
{
  irq_count_off(cpu, enabled);
  spin_acquire(lock, cpu);
}

static inline void spin_unlock_on(struct spinlock *lock, struct cpu *cpu)
{
  spin_release(lock, cpu);
  irq_count_on(cpu);
}

/* The outermost lock of a thread that runs with interrupts enabled: there is nothing to be counted. It may be released by
 * either way of unlocking. */
static inline __attribute__((always_inline)) void spin_lock_outer(struct spinlock *lock)
{
  (void)arch_irq_disable();
  struct cpu *cpu = cpu_self();
  kassert(cpu->irq_off_depth == 0);
  cpu->irq_off_depth = 1;
  cpu->irq_off_outer = true;
  spin_acquire(lock, cpu);
}

static inline __attribute__((always_inline)) void spin_unlock_outer(struct spinlock *lock)
{
  struct cpu *cpu = cpu_self();
  spin_release(lock, cpu);
  cpu->irq_off_depth = 0;
  if (cpu->need_resched) sched_preempt();
  arch_irq_restore(true);
}

/* A lock taken and released while another one is held, which keeps interrupts disabled meanwhile: nothing is counted. */
static inline void spin_lock_inner(struct spinlock *lock)
{
  struct cpu *cpu = cpu_self();
  kassert(cpu->irq_off_depth > 0);
  spin_acquire(lock, cpu);
}

static inline void spin_unlock_inner(struct spinlock *lock)
{
  spin_release(lock, cpu_self());
}

#endif
