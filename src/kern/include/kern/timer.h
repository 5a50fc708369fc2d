/* One-shot timers on top of arch_timer_arm: one ordered queue a processor. Callbacks run in interrupt context. */
#ifndef KERN_TIMER_H
#define KERN_TIMER_H

#include <kern/list.h>

struct cpu;

struct timer {
  struct list link;
  uint64_t deadline; /* ns, arch_clock_read time */
  void (*fire)(struct timer *t);
  bool armed;
  struct timer_wheel *wheel; /* the queue it was armed on last; null: never. A zeroed timer is ready to use */
};

void timer_init_cpu(void);
/* fire is called once at or after deadline. Arming an armed timer moves it. Interrupts in any state. */
void timer_arm(struct timer *t, uint64_t deadline, void (*fire)(struct timer *t));
/* After it returns the callback does not run (any more). False when it had fired already. */
bool timer_cancel(struct timer *t);
/* The timer interrupt. */
void timer_interrupt(void);

/* The scheduler's own timer (cpu->slice_timer): at or before `deadline` sched_slice_end is called. An earlier one that is
 * set already stays, so wanting it on every switch costs a comparison. `cpu` is this processor, interrupts disabled. */
void timer_slice_ensure(struct cpu *cpu, uint64_t deadline);
/* Before the processor goes idle: drops the slice timer and what was programmed for cancelled timers, so that an idle
 * machine gets no needless interrupt. Interrupts disabled. */
void timer_prepare_idle(void);

#endif
