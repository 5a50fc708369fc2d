/* The contract with the machine: the clock, the timer, and idling. */
#include "crew.h"
#include <kern/arch.h>
#include <kern/clock.h>
#include <kern/cpu.h>
#include <kern/ktest.h>
#include <kern/timer.h>

#define MS 1000000ull

KTEST(arch_clock_never_goes_back)
{
  uint64_t last = arch_clock_read(), last_kernel = clock_monotonic_ns();

  for (unsigned i = 0; i < 20000; i++) {
    uint64_t now = arch_clock_read(), now_kernel = clock_monotonic_ns();
    ktest_check(now >= last);
    ktest_check(now_kernel >= last_kernel);
    last = now;
    last_kernel = now_kernel;
  }
}

KTEST(arch_clock_moves_while_relaxing)
{
  uint64_t start = arch_clock_read();
  while (arch_clock_read() == start) arch_relax();
  ktest_check(arch_clock_read() > start);
}

/* A timer that notes when it fired, and its turn. */
struct noting_timer {
  struct timer timer;
  uint64_t at;
  unsigned turn; /* 0: not yet */
};
static unsigned turns;

static void note_fire(struct timer *t)
{
  struct noting_timer *n = container_of(t, struct noting_timer, timer);
  n->at = arch_clock_read();
  __atomic_store_n(&n->turn, ++turns, __ATOMIC_RELEASE);
}

static void wait_fired(struct noting_timer *n)
{
  while (__atomic_load_n(&n->turn, __ATOMIC_ACQUIRE) == 0) arch_relax();
}

KTEST(arch_timer_fires_not_early)
{
  struct noting_timer n = {0};
  uint64_t deadline = arch_clock_read() + 2 * MS;

  timer_arm(&n.timer, deadline, note_fire);
  wait_fired(&n);
  ktest_check(n.at >= deadline);
}

KTEST(arch_timer_past_deadline_fires)
{
  struct noting_timer n = {0};

  timer_arm(&n.timer, 0, note_fire);
  wait_fired(&n);
  ktest_check(n.turn != 0);
}

KTEST(arch_timer_fires_in_order)
{
  struct noting_timer n[4] = {0};

  turns = 0;
  irq_push_off(); /* nothing fires before all are armed, however slow the machine */
  uint64_t base = arch_clock_read() + 2 * MS;
  timer_arm(&n[2].timer, base + 2 * MS, note_fire);
  timer_arm(&n[0].timer, base, note_fire);
  timer_arm(&n[3].timer, base + 3 * MS, note_fire);
  timer_arm(&n[1].timer, base + 1 * MS, note_fire);
  irq_pop_off();
  for (unsigned i = 0; i < 4; i++) wait_fired(&n[i]);
  for (unsigned i = 0; i < 4; i++) ktest_check(n[i].turn == i + 1);
}

KTEST(arch_idle_wakes_on_timer)
{
  uint64_t deadline = arch_clock_read() + 5 * MS;

  ktest_check(thread_sleep_until(deadline) == 0);
  ktest_check(arch_clock_read() >= deadline);
}

/* Half a second holds fifty slices: whatever else interrupts now and then, a tick would show. */
#define LONG_TIME (500 * MS)
#define FEW 20

KTEST(arch_idle_needs_no_ticks)
{
  uint64_t before = cpu_self()->interrupts;

  ktest_check(thread_sleep_until(arch_clock_read() + LONG_TIME) == 0);
  ktest_check(cpu_self()->interrupts - before < FEW);
}

KTEST(arch_lone_thread_needs_no_ticks)
{
  uint64_t before = cpu_self()->interrupts;

  spin_for(LONG_TIME);
  ktest_check(cpu_self()->interrupts - before < FEW);
}
