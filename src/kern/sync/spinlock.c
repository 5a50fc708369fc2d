/*
 * Spinlocks and the counted interrupt disabling under them.
 *
 * The first irq_push_off of a processor disables interrupts and remembers what they were; the last irq_pop_off puts
 * that back, and gives way to a better thread just before, so a wake-up under a lock takes effect when the lock is
 * released.
 */
#include <kern/junk.h>
#include <kern/spinlock_inline.h>
#include <kern/thread.h>

/* How long a panicking processor waits for a lock another one holds before it goes on without. */
#define PANIC_SPINS 1000000u

void irq_push_off(void)
{
  bool enabled = arch_irq_disable();
  irq_count_off(cpu_self(), enabled);
}

void irq_pop_off(void)
{
  irq_count_on(cpu_self());
}

/* What will never be free again. */
static void check_owner(const struct spinlock *lock, const struct cpu *owner, const struct cpu *cpu)
{
  if (owner == cpu)
    panic("spinlock \"%s\" taken twice by cpu %u, thread %s", lock->name, cpu->id,
          cpu->current ? cpu->current->name : "none");
  if ((uintptr_t)owner == JUNK_FREE) panic("spinlock at %p in memory that was freed", (const void *)lock);
  if ((uintptr_t)owner == JUNK_NEW) panic("spinlock at %p was never initialised", (const void *)lock);
}

void spin_wait(struct spinlock *lock, struct cpu *cpu)
{
  for (unsigned spins = 0; !spin_try_take(lock, cpu); spins++) {
    const struct cpu *owner = __atomic_load_n(&lock->owner, __ATOMIC_RELAXED);
    if (!panic_active())
      check_owner(lock, owner, cpu);
    else if (owner == cpu || spins >= PANIC_SPINS)
      return;
    arch_relax();
  }
}

void spin_check_failed(const struct spinlock *lock, const struct cpu *cpu)
{
  if (!panic_active()) panic("spinlock \"%s\" released by cpu %u, not its holder", lock->name, cpu->id);
}

void spin_init(struct spinlock *lock, const char *name)
{
  *lock = (struct spinlock)SPINLOCK_INIT(name);
}

void spin_lock(struct spinlock *lock)
{
  bool enabled = arch_irq_disable();
  spin_lock_on(lock, cpu_self(), enabled);
}

void spin_unlock(struct spinlock *lock)
{
  spin_unlock_on(lock, cpu_self());
}

bool spin_held(const struct spinlock *lock)
{
  return __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == cpu_self();
}
