/*
 * A machine for unit tests of locks, timers and the log: an interrupt flag, a clock that moves when told to, a timer
 * that remembers what it was set to, and an early console that keeps what was printed. No memory, no threads.
 */
#ifndef TESTS_CLOCKWORK_H
#define TESTS_CLOCKWORK_H

#include "suite.h"

#include <kern/arch.h>
#include <kern/types.h>

#define CLOCKWORK_HALTED 3 /* exit status when the kernel halted with the report a test expected */

extern struct clockwork {
  uint64_t now;
  uint64_t armed;       /* what arch_timer_arm was told last */
  unsigned arms;        /* how often */
  unsigned preemptions; /* how often sched_preempt was called */
  unsigned slice_ends;  /* how often sched_slice_end was */
  bool irq_on;
  char printed[8192];
  size_t printed_length;
  const char *halt_says; /* text the report must contain when the kernel halts */
  uintptr_t text_base;
  void (*relaxes)(void); /* what others do whenever this processor waits; may be null */
} clockwork;

/* For a fixture: a fresh machine, interrupts enabled, this processor's timers empty. */
void clockwork_reset(void);

/* Moves the clock to `now`, raising the timer interrupt on the way at the time it was set to. */
void clockwork_run_until(uint64_t now);

#endif
