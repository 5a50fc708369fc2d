/*
 * The processor: its interrupt flag and interrupt controller. The flag is a variable; a signal that arrives in kernel mode
 * only sets a bit in host_crossing.pending, and the kernel meets it where it enables interrupts, relaxes, idles or returns
 * to user mode. Masked lines keep their bit until they are unmasked.
 */
#include "machine.h"

#include <fmt/trapframe.h>
#include <kern/bootinfo.h>

#define RELAX_NS 2000u
#define ENABLE_NS 60u

struct machine machine;

void arch_cpu_init(struct cpu *cpu)
{
  machine.cpu = cpu;
}

void arch_stack_guard_init(void)
{
  /* The kernel's code reads the C library's guard, at the host's FS base, which is in place whenever the kernel runs. */
}

struct cpu *arch_cpu_self(void)
{
  return machine.cpu;
}

void arch_platform_init(const struct bootinfo *bi)
{
  (void)bi;
  host_crossing.unmasked = 1u << IRQ_TIMER | 1u << MACHINE_ATTENTION;
  machine_time_start();
}

/* ---- the controller ---- */

void machine_irq_raise(unsigned irq)
{
  __atomic_fetch_or(&host_crossing.pending, 1ull << irq, __ATOMIC_RELAXED);
}

void machine_wire_set(struct irq_wire *wire, bool level)
{
  if (level && !wire->level) machine_irq_raise(wire->irq);
  wire->level = level;
}

void arch_irq_unmask(unsigned irq)
{
  if (irq < IRQ_COUNT) host_crossing.unmasked |= 1ull << irq;
}

void arch_irq_mask(unsigned irq)
{
  if (irq < IRQ_COUNT) host_crossing.unmasked &= ~(1ull << irq);
}

void arch_irq_eoi(unsigned irq)
{
  race_release(&host_crossing);
  (void)irq; /* lines are edge-triggered and the pending bit went away with the delivery */
}

/* Which of those that wait comes first: the lowest line, or under the virtual clock the seed's choice. */
static unsigned pick(uint64_t waiting)
{
  unsigned skip = machine.virtual_clock ? (unsigned)machine_choose((uint64_t)__builtin_popcountll(waiting)) : 0;
  while (skip--) waiting &= waiting - 1;
  return (unsigned)__builtin_ctzll(waiting);
}

void machine_deliver(struct trapframe *tf)
{
  uint64_t waiting;
  while ((waiting = __atomic_load_n(&host_crossing.pending, __ATOMIC_RELAXED) & host_crossing.unmasked)) {
    unsigned irq = pick(waiting);
    __atomic_fetch_and(&host_crossing.pending, ~(1ull << irq), __ATOMIC_RELAXED);
    if (irq == MACHINE_ATTENTION) {
      machine_time_poll();
      continue;
    }
    machine_trace(EVENT_IRQ, irq, arch_clock_read());
    if (tf) tf->vector = VECTOR_IRQ_BASE + irq;
    race_acquire(&host_crossing); /* no handler begins before the one before it has ended */
    irq_dispatch(irq, tf);
    machine.irq_on = false;
    if (irq == IRQ_TIMER && machine.virtual_clock) machine_time_poll();
  }
}

/* ---- the flag ---- */

void machine_point_slow(void)
{
  uint64_t point = machine_record_point();
  if (machine.preempts) machine_preempt_point(point);
}

bool arch_irq_disable(void)
{
  bool was = machine.irq_on;
  if (machine.preempts && was) arch_irq_restore(true); /* the last moment for one: before a lock is taken */
  machine.irq_on = false;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  race_acquire(&machine.irq_on);
  return was;
}

void arch_irq_restore(bool enabled)
{
  if (!enabled) return;
  if (machine.virtual_clock) machine_time_pass(ENABLE_NS);
  machine_point();
  machine_inject_irq();
  race_release(&machine.irq_on);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  machine.irq_on = true;
  while (machine_irq_waits()) {
    machine.irq_on = false;
    race_acquire(&machine.irq_on);
    machine_deliver(NULL);
    race_release(&machine.irq_on);
    machine.irq_on = true;
  }
}

bool arch_irq_enabled(void)
{
  return machine.irq_on;
}

void arch_idle(void)
{
  machine_point();
  while (!machine_irq_waits()) machine_time_wait();
  race_acquire(&machine.irq_on);
  machine_deliver(NULL);
}

void arch_relax(void)
{
  __builtin_ia32_pause();
  machine_time_pass(RELAX_NS);
  if (machine.irq_on) arch_irq_restore(true);
}
