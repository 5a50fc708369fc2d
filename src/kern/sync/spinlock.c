/*
 * Spinlocks and the counted interrupt disabling under them.
 *
 * The first irq_push_off of a processor disables interrupts and remembers what they were; the last irq_pop_off puts that
 * back, and gives way to a better thread just before, so a wake-up under a lock takes effect when the lock is released.
 */
#include <kern/cpu.h>
#include <kern/panic.h>
#include <kern/sched.h>
#include <kern/spinlock.h>
#include <kern/thread.h>

/* How long a panicking processor waits for a lock another one holds before it goes on without. */
#define PANIC_SPINS 1000000u

static inline struct cpu *push_off(void)
{
  bool enabled = arch_irq_disable();
  struct cpu *cpu = cpu_self();
  if (cpu->irq_off_depth++ == 0) cpu->irq_off_outer = enabled;
  return cpu;
}

static inline void pop_off(struct cpu *cpu)
{
  kassert(cpu->irq_off_depth > 0);
  if (--cpu->irq_off_depth > 0 || !cpu->irq_off_outer) return;
  if (cpu->need_resched) sched_preempt();
  arch_irq_restore(true);
}

void irq_push_off(void)
{
  push_off();
}

void irq_pop_off(void)
{
  pop_off(cpu_self());
}

static bool try_take(struct spinlock *lock, struct cpu *cpu)
{
  struct cpu *nobody = NULL;
  return __atomic_compare_exchange_n(&lock->owner, &nobody, cpu, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Kept apart so that the way without contention stays short. */
static __attribute__((noinline)) void wait_for(struct spinlock *lock, struct cpu *cpu)
{
  for (unsigned spins = 0; !try_take(lock, cpu); spins++) {
    bool mine = __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == cpu;
    if (panic_active()) {
      if (mine || spins >= PANIC_SPINS) return;
    } else if (mine) {
      panic("spinlock \"%s\" taken twice by cpu %u, thread %s", lock->name, cpu->id,
            cpu->current ? cpu->current->name : "none");
    }
    arch_relax();
  }
}

void spin_init(struct spinlock *lock, const char *name)
{
  *lock = (struct spinlock)SPINLOCK_INIT(name);
}

void spin_lock(struct spinlock *lock)
{
  struct cpu *cpu = push_off();
  if (!try_take(lock, cpu)) wait_for(lock, cpu);
}

void spin_unlock(struct spinlock *lock)
{
  struct cpu *cpu = cpu_self();
  if (lock->owner != cpu && !panic_active()) panic("spinlock \"%s\" released by cpu %u, not its holder", lock->name, cpu->id);
  __atomic_store_n(&lock->owner, NULL, __ATOMIC_RELEASE);
  pop_off(cpu);
}

bool spin_held(const struct spinlock *lock)
{
  return __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == cpu_self();
}
