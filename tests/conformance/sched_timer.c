/* Timers: moving, cancelling, arming from a callback. */
#include "crew.h"
#include <kern/arch.h>
#include <kern/ktest.h>
#include <kern/timer.h>

#define MS 1000000ull

struct counting_timer {
  struct timer timer;
  unsigned fired;
  uint64_t at;
};

static void count_fire(struct timer *t)
{
  struct counting_timer *c = container_of(t, struct counting_timer, timer);
  c->at = arch_clock_read();
  __atomic_add_fetch(&c->fired, 1, __ATOMIC_RELEASE);
}

static unsigned fired(struct counting_timer *c)
{
  return __atomic_load_n(&c->fired, __ATOMIC_ACQUIRE);
}

KTEST(sched_timer_cancel_prevents)
{
  struct counting_timer c = {0};

  irq_push_off();
  timer_arm(&c.timer, arch_clock_read() + 2 * MS, count_fire);
  bool cancelled = timer_cancel(&c.timer);
  irq_pop_off();
  bool again = timer_cancel(&c.timer);
  spin_for(4 * MS);
  ktest_check(cancelled && !again);
  ktest_check(fired(&c) == 0);
}

KTEST(sched_timer_cancel_after_fire_says_so)
{
  struct counting_timer c = {0};

  timer_arm(&c.timer, arch_clock_read(), count_fire);
  while (!fired(&c)) arch_relax();
  ktest_check(!timer_cancel(&c.timer));
}

KTEST(sched_timer_never_armed_cancels)
{
  struct counting_timer c = {0};
  ktest_check(!timer_cancel(&c.timer));
}

KTEST(sched_timer_arming_again_moves)
{
  struct counting_timer later = {0}, sooner = {0};

  irq_push_off(); /* nothing fires before all are armed, however slow the machine */
  uint64_t now = arch_clock_read();
  timer_arm(&later.timer, now + 1 * MS, count_fire);
  timer_arm(&later.timer, now + 8 * MS, count_fire);
  timer_arm(&sooner.timer, now + 500 * MS, count_fire);
  timer_arm(&sooner.timer, now + 3 * MS, count_fire);
  irq_pop_off();
  while (!fired(&later) || !fired(&sooner)) arch_relax();
  ktest_check(fired(&later) == 1 && later.at >= now + 8 * MS);
  ktest_check(fired(&sooner) == 1 && sooner.at >= now + 3 * MS && sooner.at <= later.at);
}

static void fire_three_times(struct timer *t)
{
  count_fire(t);
  if (container_of(t, struct counting_timer, timer)->fired < 3) timer_arm(t, arch_clock_read() + MS, fire_three_times);
}

KTEST(sched_timer_rearms_itself)
{
  struct counting_timer c = {0};

  timer_arm(&c.timer, arch_clock_read() + MS, fire_three_times);
  while (fired(&c) < 3) arch_relax();
  spin_for(3 * MS);
  ktest_check(fired(&c) == 3);
}

static struct counting_timer victim;

static void cancel_victim(struct timer *t)
{
  timer_cancel(&victim.timer);
  count_fire(t);
}

KTEST(sched_timer_callback_cancels_another)
{
  struct counting_timer first = {0};

  victim = (struct counting_timer){0};
  irq_push_off();
  uint64_t deadline = arch_clock_read() + 2 * MS;
  timer_arm(&first.timer, deadline, cancel_victim);
  timer_arm(&victim.timer, deadline, count_fire);
  irq_pop_off();
  while (!fired(&first)) arch_relax();
  spin_for(2 * MS);
  ktest_check(fired(&victim) == 0);
}

KTEST(sched_timer_many)
{
  static struct counting_timer many[64];
  bool sorted = true;

  irq_push_off();
  uint64_t base = arch_clock_read() + MS;
  for (unsigned i = 0; i < ARRAY_SIZE(many); i++) {
    many[i] = (struct counting_timer){0};
    timer_arm(&many[i].timer, base + (i * 37 % ARRAY_SIZE(many)) * 50000, count_fire);
  }
  irq_pop_off();
  for (unsigned i = 0; i < ARRAY_SIZE(many); i++) {
    while (!fired(&many[i])) arch_relax();
  }
  for (unsigned i = 0; i < ARRAY_SIZE(many); i++) {
    sorted = sorted && fired(&many[i]) == 1 && many[i].at >= many[i].timer.deadline;
    for (unsigned k = 0; k < ARRAY_SIZE(many); k++) {
      sorted = sorted && (many[i].timer.deadline >= many[k].timer.deadline || many[i].at <= many[k].at);
    }
  }
  ktest_check(sorted);
}
