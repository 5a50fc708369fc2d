/* What a processor does when nobody is ready. */
#include "thread_impl.h"
#include <kern/arch.h>
#include <kern/cpu.h>
#include <kern/panic.h>
#include <kern/timer.h>

static NORETURN void idle_loop(void)
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

static void idle_begin(void *arg)
{
  (void)arg;
  idle_loop();
}

int sched_start_idle(void)
{
  struct thread *idle = cpu_self()->idle;
  struct arch_context *boot = idle->context;

  kassert(thread_current() == idle);
  int error = thread_take_stack(idle, idle_begin);
  if (error) return error;
  (void)arch_irq_disable();
  arch_context_switch(boot, idle->context);
  panic("the boot stack came back to life");
}
