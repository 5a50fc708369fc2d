/* The contract with the machine: faults it does to itself (kern/inject.h), what they are and what they leave as it was. */
#include "crew.h"
#include <kern/arch.h>
#include <kern/clock.h>
#include <kern/inject.h>
#include <kern/ktest.h>
#include <kern/timer.h>

#define MS 1000000ull
#define FAR (1000 * NS_PER_SEC)      /* ahead: no test lasts as long */
#define PATIENCE (UINT32_C(1) << 26) /* turns; an interrupt that is due comes in a few */

static unsigned fired;
static uint64_t fired_at;

static void note_fire(struct timer *t UNUSED)
{
  fired_at = arch_clock_read();
  __atomic_add_fetch(&fired, 1, __ATOMIC_RELEASE);
}

static bool fires(void)
{
  for (unsigned i = 0; i < PATIENCE && !__atomic_load_n(&fired, __ATOMIC_ACQUIRE); i++) arch_relax();
  return fired > 0;
}

/* Nothing is programmed in the hardware after this but what the test arms. */
static void begin(void)
{
  irq_push_off();
  timer_prepare_idle();
  irq_pop_off();
  fired = 0;
}

/* The clock jumps by that now; false: it cannot. */
static bool clock_jumps(int64_t by)
{
  const struct inject jump = {.kind = INJECT_CLOCK, .when = {1, 0}, .detailed = true, .detail = by, .quiet = true};
  if (!inject_machine_arm(&jump)) return false;
  (void)arch_clock_read();
  return inject_machine_disarm() == 1;
}

KTEST(arch_fault_clock_jumps_over_a_deadline)
{
  struct timer t = {0};
  begin();
  timer_arm(&t, arch_clock_read() + FAR, note_fire);
  bool jumped = clock_jumps(FAR), came = fires();
  (void)timer_cancel(&t);
  ktest_check(jumped && came);
}

/* The deadline is as far away as it was: by what the clock shows. */
KTEST(arch_fault_clock_jumps_away_from_a_deadline)
{
  struct timer t = {0};
  begin();
  uint64_t deadline = arch_clock_read() + 2 * MS;
  timer_arm(&t, deadline, note_fire);
  bool jumped = clock_jumps(-20 * (int64_t)MS), came = fires();
  (void)timer_cancel(&t);
  ktest_check(jumped && came);
  ktest_check(fired_at >= deadline);
}

KTEST(arch_fault_clock_stops_at_zero)
{
  uint64_t before = arch_clock_read();
  bool jumped = clock_jumps(-(int64_t)(365 * 24 * 3600 * NS_PER_SEC));
  uint64_t at = arch_clock_read();
  ktest_check(jumped && clock_jumps((int64_t)before)); /* other tests want a clock that is right */
  ktest_check(at < before);
}

KTEST(arch_fault_timer_interrupts_without_cause)
{
  const struct inject often = {
    .kind = INJECT_IRQ, .when = {1, 1}, .detailed = true, .detail = IRQ_TIMER, .quiet = true};
  struct timer t = {0};
  begin();
  timer_arm(&t, arch_clock_read() + FAR, note_fire);
  ktest_check(inject_machine_arm(&often));
  for (unsigned i = 0; i < 100; i++) arch_irq_restore(arch_irq_disable());
  uint64_t struck = inject_machine_disarm();
  (void)timer_cancel(&t);
  ktest_check(struck >= 100);
  ktest_check(fired == 0);
}

KTEST(arch_fault_timer_is_late_once)
{
  const struct inject always = {.kind = INJECT_LATE, .when = {1, 1}, .detailed = true, .detail = 5 * MS, .quiet = true};
  struct timer t = {0};
  begin();
  ktest_check(inject_machine_arm(&always));
  uint64_t deadline = arch_clock_read() + MS;
  timer_arm(&t, deadline, note_fire);
  bool came = fires();
  uint64_t struck = inject_machine_disarm();
  (void)timer_cancel(&t);
  ktest_check(came && struck > 0);
  ktest_check(fired_at >= deadline + 5 * MS);
}

/* ---- the clock goes back under threads ---- */

#define BACK (60 * (int64_t)NS_PER_SEC)

/* So that it does not stop at 0. */
static bool clock_can_go_back(void)
{
  return arch_clock_read() >= (uint64_t)BACK || clock_jumps(BACK);
}

/* What it has run is counted when it stops. */
static bool stop_briefly(void)
{
  return thread_sleep_until(arch_clock_read() + MS) == 0;
}

/* The time it has run since it was switched to is not below nothing. */
KTEST(arch_fault_clock_goes_back_under_a_running_thread)
{
  const struct thread *self = thread_current();
  ktest_check(clock_can_go_back() && stop_briefly());
  uint64_t ran = self->cpu_ns;
  bool jumped = clock_jumps(-BACK), stopped = stop_briefly();
  ktest_check(clock_jumps(BACK) && jumped && stopped);
  ktest_check(self->cpu_ns >= ran);
}

/* Two that want the processor. */
static struct {
  struct crew crew;
  bool jumped;
  uint64_t from;    /* what the clock showed before */
  uint64_t next_at; /* atomic; when the other thread ran, 0: not yet */
} back;

static void run_briefly(void *arg UNUSED) {}

/* Preempted after the jump, with a part of its slice left. */
static void go_back(void *arg UNUSED)
{
  back.from = arch_clock_read();
  back.jumped = clock_jumps(-BACK) && crew_start(&back.crew, CLASS_KERNEL, run_briefly, NULL);
  while (!__atomic_load_n(&back.next_at, __ATOMIC_RELAXED)) arch_relax();
}

static void note_turn(void *arg UNUSED)
{
  __atomic_store_n(&back.next_at, arch_clock_read(), __ATOMIC_RELAXED);
}

/* What is left is no more than a slice: the other's turn does not wait until the clock has come back. */
KTEST(arch_fault_clock_goes_back_under_a_slice)
{
  crew_init(&back.crew);
  back.next_at = 0;
  ktest_check(clock_can_go_back());
  preemption_off();
  bool started =
    crew_start(&back.crew, CLASS_USER, go_back, NULL) && crew_start(&back.crew, CLASS_USER, note_turn, NULL);
  preemption_on();
  crew_wait(&back.crew);
  ktest_check(started && back.jumped && clock_jumps(BACK));
  ktest_check(back.next_at < back.from);
}
