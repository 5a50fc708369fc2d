/* Per-processor data. `arch_cpu_self()` finds it; fields without a note belong to their processor with interrupts disabled. */
#ifndef KERN_CPU_H
#define KERN_CPU_H

#include <kern/arch.h>
#include <kern/list.h>
#include <kern/sched.h>
#include <kern/spinlock.h>

#define MAX_CPUS 8

struct cpu {
  struct cpu *self; /* first: read through GS on the image */
  unsigned id;
  struct thread *current;
  struct thread *idle;
  struct thread *terminated;    /* switched away from for good: the next thread frees it */
  struct aspace *active_aspace; /* whose tables are loaded; null: the kernel's */
  unsigned irq_off_depth;       /* spinlocks held and irq_push_off calls */
  bool irq_off_outer;           /* interrupts were enabled before the outermost */
  bool need_resched;
  unsigned preempt_off;       /* > 0: interrupts do not switch threads */
  struct runq runq;           /* runq.lock */
  struct timer_wheel *timers; /* this processor's timers (time/timer.c) */
  uint64_t slice_timer;       /* when the scheduler wants to be called, UINT64_MAX: not */
  uint64_t interrupts;        /* statistics */
  uint64_t switches;
};

extern struct cpu cpus[MAX_CPUS];
extern unsigned cpu_count;

static inline struct cpu *cpu_self(void)
{
  return arch_cpu_self();
}

#endif
