/* The timer queue against a clock that moves when told to: order, cancelling, and how often the hardware is
 * programmed. */
#include "clockwork.h"

#include <kern/timer.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 200

static struct probe {
  struct timer timer;
  unsigned fired;
  uint64_t at;
} probes[COUNT];
static struct probe *sequence[COUNT];
static unsigned fired_total;

static void note(struct timer *t)
{
  struct probe *p = container_of(t, struct probe, timer);
  ck_assert(!arch_irq_enabled());
  p->fired++;
  p->at = clockwork.now;
  sequence[fired_total++] = p;
}

static void reset(void)
{
  clockwork_reset();
  memset(probes, 0, sizeof probes);
  fired_total = 0;
}

START_TEST(fires_once_when_due)
{
  timer_arm(&probes[0].timer, 1000, note);
  ck_assert(probes[0].timer.armed);
  clockwork_run_until(999);
  ck_assert_uint_eq(probes[0].fired, 0);
  clockwork_run_until(1000);
  ck_assert_uint_eq(probes[0].fired, 1);
  ck_assert(!probes[0].timer.armed);
  clockwork_run_until(5000);
  ck_assert_uint_eq(probes[0].fired, 1);
}
END_TEST

/* The last moment a clock can show is a time like another, and not "never". */
START_TEST(fires_at_the_end_of_time)
{
  timer_arm(&probes[0].timer, UINT64_MAX - 1, note);
  clockwork_run_until(UINT64_MAX - 2);
  ck_assert_uint_eq(probes[0].fired, 0);
  clockwork.now = UINT64_MAX;
  arch_irq_disable();
  timer_interrupt();
  ck_assert_uint_eq(probes[0].fired, 1);
  ck_assert_uint_eq(clockwork.slice_ends, 0);
}
END_TEST

START_TEST(order_is_by_deadline_then_arming)
{
  srand(3);
  for (unsigned i = 0; i < COUNT; i++) timer_arm(&probes[i].timer, 1000 + 10 * (uint64_t)(rand() % 50), note);
  clockwork_run_until(2000);
  ck_assert_uint_eq(fired_total, COUNT);
  for (unsigned i = 0; i < COUNT; i++) {
    ck_assert_uint_eq(sequence[i]->at, sequence[i]->timer.deadline);
    if (i == 0) continue;
    struct probe *a = sequence[i - 1], *b = sequence[i];
    ck_assert(a->timer.deadline < b->timer.deadline || (a->timer.deadline == b->timer.deadline && a < b));
  }
}
END_TEST

START_TEST(cancelled_timers_do_not_fire)
{
  for (unsigned i = 0; i < 10; i++) timer_arm(&probes[i].timer, 100 * (i + 1), note);
  for (unsigned i = 0; i < 10; i += 2) ck_assert(timer_cancel(&probes[i].timer));
  for (unsigned i = 0; i < 10; i += 2) ck_assert(!timer_cancel(&probes[i].timer));
  clockwork_run_until(2000);
  for (unsigned i = 0; i < 10; i++) ck_assert_uint_eq(probes[i].fired, i % 2);
  ck_assert(!timer_cancel(&probes[1].timer));
}
END_TEST

START_TEST(arming_again_moves)
{
  timer_arm(&probes[0].timer, 100, note);
  timer_arm(&probes[0].timer, 500, note);
  clockwork_run_until(499);
  ck_assert_uint_eq(probes[0].fired, 0);
  timer_arm(&probes[0].timer, 550, note);
  clockwork_run_until(1000);
  ck_assert_uint_eq(probes[0].fired, 1);
  ck_assert_uint_eq(probes[0].at, 550);
}
END_TEST

START_TEST(hardware_is_programmed_for_the_earliest)
{
  timer_arm(&probes[0].timer, 500, note);
  ck_assert_uint_eq(clockwork.armed, 500);
  timer_arm(&probes[1].timer, 700, note);
  ck_assert_uint_eq(clockwork.arms, 1); /* later: nothing to do */
  timer_arm(&probes[2].timer, 300, note);
  ck_assert_uint_eq(clockwork.armed, 300);
  timer_cancel(&probes[2].timer);
  ck_assert_uint_eq(clockwork.arms, 2); /* one needless interrupt is cheaper */
  clockwork_run_until(400);
  ck_assert_uint_eq(fired_total, 0);
  ck_assert_uint_eq(clockwork.armed, 500);
}
END_TEST

START_TEST(nothing_armed_when_nothing_waits)
{
  timer_arm(&probes[0].timer, 500, note);
  clockwork_run_until(600);
  ck_assert_uint_eq(clockwork.armed, UINT64_MAX);
  ck_assert_uint_eq(clockwork.arms, 1);
}
END_TEST

START_TEST(idle_tidies_up)
{
  (void)arch_irq_disable();
  timer_arm(&probes[0].timer, 500, note);
  timer_arm(&probes[1].timer, 900, note);
  timer_cancel(&probes[0].timer);
  timer_slice_ensure(arch_cpu_self(), 300);
  ck_assert_uint_eq(clockwork.armed, 300);
  timer_prepare_idle();
  ck_assert_uint_eq(clockwork.armed, 900);
  timer_cancel(&probes[1].timer);
  timer_prepare_idle();
  ck_assert_uint_eq(clockwork.armed, UINT64_MAX);
  unsigned arms = clockwork.arms;
  timer_prepare_idle();
  ck_assert_uint_eq(clockwork.arms, arms);
}
END_TEST

START_TEST(slice_keeps_the_earliest)
{
  bool was_on = arch_irq_disable();
  timer_slice_ensure(arch_cpu_self(), 1000);
  timer_slice_ensure(arch_cpu_self(), 2000);
  ck_assert_uint_eq(clockwork.arms, 1);
  timer_slice_ensure(arch_cpu_self(), 800);
  ck_assert_uint_eq(clockwork.armed, 800);
  arch_irq_restore(was_on);
  clockwork_run_until(799);
  ck_assert_uint_eq(clockwork.slice_ends, 0);
  clockwork_run_until(3000);
  ck_assert_uint_eq(clockwork.slice_ends, 1);
}
END_TEST

/* Nothing is due: nothing happens, but that the hardware is programmed again. */
START_TEST(an_interrupt_without_a_cause_changes_nothing)
{
  timer_arm(&probes[0].timer, 1000, note);
  bool was_on = arch_irq_disable();
  timer_slice_ensure(arch_cpu_self(), 800);
  clockwork.armed = UINT64_MAX;
  clockwork.now = 700;
  timer_interrupt();
  ck_assert_uint_eq(clockwork.armed, 800);
  arch_irq_restore(was_on);
  ck_assert_uint_eq(clockwork.slice_ends, 0);
  ck_assert_uint_eq(fired_total, 0);
  clockwork_run_until(1000);
  ck_assert_uint_eq(clockwork.slice_ends, 1);
  ck_assert_uint_eq(fired_total, 1);
}
END_TEST

static void arm_next(struct timer *t)
{
  note(t);
  if (fired_total < 5) timer_arm(t, clockwork.now + 100, arm_next);
}

START_TEST(callback_may_arm_itself)
{
  timer_arm(&probes[0].timer, 100, arm_next);
  clockwork_run_until(10000);
  ck_assert_uint_eq(probes[0].fired, 5);
  ck_assert_uint_eq(probes[0].at, 500);
}
END_TEST

static void cancel_second(struct timer *t)
{
  note(t);
  ck_assert(timer_cancel(&probes[1].timer));
}

START_TEST(callback_may_cancel_another)
{
  timer_arm(&probes[0].timer, 100, cancel_second);
  timer_arm(&probes[1].timer, 100, note);
  clockwork_run_until(200);
  ck_assert_uint_eq(fired_total, 1);
}
END_TEST

/* A model: an array of deadlines. Whatever is armed, moved or cancelled, the same fires at the same time. */
START_TEST(random_operations_agree_with_a_model)
{
  uint64_t model[COUNT];

  srand(5);
  for (unsigned i = 0; i < COUNT; i++) model[i] = UINT64_MAX;
  for (unsigned step = 0, steps = stress(5000); step < steps; step++) {
    unsigned i = (unsigned)rand() % COUNT;
    switch (rand() % 3) {
    case 0:
      model[i] = clockwork.now + 1 + (uint64_t)(rand() % 500);
      timer_arm(&probes[i].timer, model[i], note);
      break;
    case 1:
      ck_assert(timer_cancel(&probes[i].timer) == (model[i] != UINT64_MAX));
      model[i] = UINT64_MAX;
      break;
    default: {
      uint64_t now = clockwork.now + (uint64_t)(rand() % 40);
      fired_total = 0;
      clockwork_run_until(now);
      unsigned expected = 0;
      for (unsigned k = 0; k < COUNT; k++) {
        bool due = model[k] <= now;
        expected += due;
        if (due) ck_assert_uint_eq(probes[k].at, model[k]);
        if (due) model[k] = UINT64_MAX;
      }
      ck_assert_uint_eq(fired_total, expected);
    }
    }
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("timer");
  TCase *tc = suite_case(suite, "timer", reset, NULL);
  tcase_add_test(tc, fires_once_when_due);
  tcase_add_test(tc, fires_at_the_end_of_time);
  tcase_add_test(tc, order_is_by_deadline_then_arming);
  tcase_add_test(tc, cancelled_timers_do_not_fire);
  tcase_add_test(tc, arming_again_moves);
  tcase_add_test(tc, hardware_is_programmed_for_the_earliest);
  tcase_add_test(tc, nothing_armed_when_nothing_waits);
  tcase_add_test(tc, idle_tidies_up);
  tcase_add_test(tc, slice_keeps_the_earliest);
  tcase_add_test(tc, an_interrupt_without_a_cause_changes_nothing);
  tcase_add_test(tc, callback_may_arm_itself);
  tcase_add_test(tc, callback_may_cancel_another);
  tcase_add_test(tc, random_operations_agree_with_a_model);
  return suite_run(suite);
}
