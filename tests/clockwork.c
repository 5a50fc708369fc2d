/* See clockwork.h. */
#include "clockwork.h"

#include <kern/cpu.h>
#include <kern/thread.h>
#include <kern/timer.h>
#include <stdlib.h>
#include <string.h>

struct clockwork clockwork;
static struct cpu cpu;

void clockwork_reset(void)
{
  memset(&clockwork, 0, sizeof clockwork);
  memset(&cpu, 0, sizeof cpu);
  clockwork.armed = UINT64_MAX;
  timer_init_cpu();
  clockwork.irq_on = true;
}

void clockwork_run_until(uint64_t now)
{
  while (clockwork.armed <= now) {
    if (clockwork.now < clockwork.armed) clockwork.now = clockwork.armed;
    clockwork.armed = UINT64_MAX;
    bool was_on = arch_irq_disable();
    timer_interrupt();
    arch_irq_restore(was_on);
  }
  clockwork.now = now;
}

/* ---- the machine ---- */

struct cpu *arch_cpu_self(void)
{
  return &cpu;
}
bool arch_irq_enabled(void)
{
  return clockwork.irq_on;
}
uint64_t arch_clock_read(void)
{
  return clockwork.now;
}
uint64_t arch_clock_epoch(void)
{
  return 1000;
}
uintptr_t arch_text_base(void)
{
  return clockwork.text_base;
}
void arch_relax(void)
{
  clockwork.now += 1000;
  if (clockwork.relaxes) clockwork.relaxes();
}

bool arch_irq_disable(void)
{
  bool was_on = clockwork.irq_on;
  clockwork.irq_on = false;
  return was_on;
}

void arch_irq_restore(bool enabled)
{
  clockwork.irq_on = enabled;
}

void arch_timer_arm(uint64_t deadline)
{
  ck_assert(!clockwork.irq_on);
  clockwork.armed = deadline;
  clockwork.arms++;
}

void arch_early_putc(char c)
{
  if (clockwork.printed_length < sizeof clockwork.printed - 1) clockwork.printed[clockwork.printed_length++] = c;
}

size_t arch_backtrace(const struct trapframe *tf, uintptr_t *pcs, size_t max)
{
  (void)tf;
  for (size_t i = 0; i < max && i < 2; i++) pcs[i] = clockwork.text_base + 0x100 * (i + 1);
  return max < 2 ? max : 2;
}

void arch_halt(int status)
{
  (void)status;
  bool right = clockwork.halt_says && strstr(clockwork.printed, clockwork.halt_says);
  if (!right) ck_abort_msg("the kernel halted: %s", clockwork.printed);
  exit(CLOCKWORK_HALTED);
}

/* ---- the scheduler, as far as locks and timers know it ---- */

void sched_preempt(void)
{
  ck_assert(!clockwork.irq_on);
  clockwork.preemptions++;
  cpu.need_resched = false;
}

void sched_slice_end(void)
{
  clockwork.slice_ends++;
}

struct thread *thread_current(void)
{
  return cpu.current;
}

/* No threads, so nobody can sleep. */
bool sched_block(struct spinlock *lock, bool interruptible)
{
  ck_abort_msg("a sleep under %s, interruptible %d", lock->name, interruptible);
  return false;
}

bool sched_wake_reason(struct thread *t, int reason)
{
  ck_abort_msg("a wake-up of %s with %d", t->name, reason);
  return false;
}

bool sched_wake_inner(struct thread *t, int reason)
{
  ck_abort_msg("a wake-up of %s with %d", t->name, reason);
  return false;
}
