/* What a processor does when nobody is ready. */
#include <kern/arch.h>
#include <kern/cpu.h>
#include <kern/panic.h>
#include <kern/sched.h>
#include <kern/timer.h>

void sched_idle_loop(void)
{
  struct cpu *cpu = cpu_self();

  kassert(cpu->current == cpu->idle);
  (void)arch_irq_disable();
  for (;;) {
    /* Interrupts stay disabled from this look to arch_idle, so a wake-up in between ends the wait at once. */
    if (cpu->need_resched) {
      sched_preempt();
    } else {
      timer_prepare_idle();
      arch_idle();
    }
  }
}
