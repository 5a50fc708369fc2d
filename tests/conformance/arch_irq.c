/* The contract with the machine: the interrupt flag, and what happens to interrupts while it is clear. */
#include "crew.h"
#include <kern/arch.h>
#include <kern/cpu.h>
#include <kern/irq.h>
#include <kern/ktest.h>
#include <kern/timer.h>

KTEST(arch_irq_nests)
{
  ktest_check(arch_irq_enabled());
  bool outer = arch_irq_disable();
  bool off_after_outer = !arch_irq_enabled();
  bool inner = arch_irq_disable();
  arch_irq_restore(inner);
  bool off_after_inner = !arch_irq_enabled();
  arch_irq_restore(outer);
  ktest_check(outer && off_after_outer);
  ktest_check(!inner && off_after_inner);
  ktest_check(arch_irq_enabled());
}

KTEST(arch_irq_counted_disable)
{
  irq_push_off();
  irq_push_off();
  irq_pop_off();
  bool still_off = !arch_irq_enabled();
  irq_pop_off();
  ktest_check(still_off);
  ktest_check(arch_irq_enabled());
  ktest_check(cpu_self()->irq_off_depth == 0);
}

static unsigned fired;
static bool fired_enabled;

static void count_fire(struct timer *t)
{
  (void)t;
  fired_enabled = arch_irq_enabled();
  __atomic_add_fetch(&fired, 1, __ATOMIC_RELAXED);
}

KTEST(arch_irq_waits_until_enabled)
{
  struct timer t = {0};

  fired = 0;
  irq_push_off();
  timer_arm(&t, arch_clock_read() + 1000000, count_fire);
  spin_for(3000000);
  unsigned while_off = fired;
  irq_pop_off();
  while (__atomic_load_n(&fired, __ATOMIC_RELAXED) == 0) arch_relax();
  ktest_check(while_off == 0);
  ktest_check(fired == 1);
  ktest_check(!fired_enabled); /* handlers run with interrupts disabled */
  ktest_check(arch_irq_enabled());
}

static void ignore(void *arg)
{
  (void)arg;
}

KTEST(arch_irq_register_refuses)
{
  ktest_check(irq_register(IRQ_TIMER, ignore, NULL) == -EINVAL);
  ktest_check(irq_register(IRQ_COUNT, ignore, NULL) == -EINVAL);
  ktest_check(irq_register(IRQ_SERIAL, ignore, NULL) == -EBUSY); /* the console's line */
}

static void note_enabled(void *arg)
{
  *(bool *)arg = arch_irq_enabled();
}

KTEST(arch_irq_enabled_in_new_threads)
{
  struct crew crew;
  bool enabled = false;

  crew_init(&crew);
  ktest_check(crew_start(&crew, CLASS_USER, note_enabled, &enabled));
  crew_wait(&crew);
  ktest_check(enabled);
}
