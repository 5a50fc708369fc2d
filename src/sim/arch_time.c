/*
 * Time. Under the real clock it is the host's, and the host's alarm is set only when a deadline comes earlier than what it
 * is set to already. Under the virtual clock time moves when the kernel works, by steps the seed chooses, and jumps to the
 * next deadline when it idles; so a run depends on its seed and its input alone (arch_input.c). A program that never enters the
 * kernel is preempted by the host's processor time, which is noted.
 *
 * Faults (arch_inject.c): the clock jumps as it is read, the timer comes late.
 */
#include "machine.h"

#include <kern/bootinfo.h>
#include <kern/inject.h>

#define NEVER UINT64_MAX
#define CLOCK_READ_NS 100u
#define TICKS_BEFORE_PREEMPTION 2
#define TICKS_BEFORE_LOST 500 /* in a replay, where nothing is left to preempt the program */

static struct {
  uint64_t boot; /* real: host time of boot; epoch: host's or fixed */
  uint64_t epoch;
  uint64_t now;      /* virtual */
  uint64_t deadline; /* of the timer, NEVER when disarmed */
  bool postponed;    /* the timer comes late */
  uint64_t alarm;    /* real: what the host's alarm is set to */
  bool started;
  uint64_t entries; /* crossings into the kernel */
  uint64_t entries_at_tick;
  unsigned ticks; /* without a crossing */
  bool overdue;   /* the running program is to be preempted */
} time = {.deadline = NEVER, .alarm = NEVER};

void machine_time_init(bool virtual_clock, uint64_t epoch)
{
  machine.virtual_clock = virtual_clock;
  time.boot = host_clock_ns();
  time.epoch = epoch;
}

void machine_time_start(void)
{
  time.started = true;
  host_time_init();
}

static uint64_t now(void)
{
  return machine.virtual_clock ? time.now : host_clock_ns() - time.boot;
}

uint64_t machine_time_later(uint64_t at, int64_t by)
{
  uint64_t sum;
  return __builtin_add_overflow(at, (uint64_t)by, &sum) || sum == NEVER ? NEVER - 1 : sum;
}

/* The deadline came: once. */
static void check_deadline(uint64_t at)
{
  if (time.deadline > at) return;
  const struct inject *late = time.deadline == NEVER || time.postponed ? NULL : inject_occasion(INJECT_LATE);
  time.postponed = late;
  time.deadline = late ? machine_time_later(time.deadline, late->detail) : NEVER;
  if (late) return;
  machine_irq_raise(IRQ_TIMER);
}

void machine_time_pass(unsigned most)
{
  if (!machine.virtual_clock) return;
  time.now += 1 + machine_choose(most);
  check_deadline(time.now);
}

uint64_t machine_time_read(void)
{
  return machine.record == RECORD_NONE || machine.virtual_clock ? now() : machine_record_clock(now());
}

/* Sets the host's alarm, if it is to come earlier. The alarm's handler may run between any two of these stores: it sets
 * `alarm` and the host's timer by the deadline it sees, and setting both once more is harmless. */
static void set_alarm(uint64_t deadline)
{
  if (deadline >= time.alarm || !time.started || machine.record != RECORD_NONE) return;
  time.alarm = deadline;
  host_alarm_set(time.boot + deadline);
}

/* The counter jumps, not below 0. The virtual one is compared with the deadline whenever it moves on. */
static void jump(int64_t by)
{
  if (by < 0) by = -(int64_t)MIN(now(), (uint64_t)-by);
  time.now += (uint64_t)by;
  time.boot -= (uint64_t)by;
  if (machine.virtual_clock) return;
  time.alarm = NEVER;
  set_alarm(time.deadline);
}

uint64_t arch_clock_read(void)
{
  machine_time_pass(CLOCK_READ_NS);
  const struct inject *fault = inject_occasion(INJECT_CLOCK);
  if (fault) jump(fault->detail);
  return machine_time_read();
}

uint64_t arch_clock_epoch(void)
{
  return time.epoch;
}

void arch_timer_arm(uint64_t deadline)
{
  time.deadline = deadline;
  time.postponed = false;
  if (machine.virtual_clock) {
    check_deadline(time.now);
  } else {
    set_alarm(deadline);
  }
}

bool machine_time_due(void)
{
  return !machine.virtual_clock && time.deadline != NEVER && time.deadline <= now();
}

void machine_time_fire(void)
{
  check_deadline(NEVER);
}

bool machine_time_jump(uint64_t most)
{
  if (time.deadline == NEVER || (time.deadline > time.now && time.deadline - time.now > most)) return false;
  if (time.deadline > time.now) time.now = time.deadline;
  check_deadline(time.now);
  return true;
}

/* While a run is recorded or replayed, points of the run take the alarm's place. */
void machine_time_alarm(void)
{
  if (machine.record != RECORD_NONE) return;
  time.alarm = NEVER;
  check_deadline(now());
  if (time.deadline == NEVER) return;
  time.alarm = time.deadline;
  host_alarm_set(time.boot + time.deadline);
}

/* ---- looking for input, and waiting ---- */

void machine_time_poll(void)
{
  machine_point();
  host_output_flush(); /* what a busy program printed without ending the line */
  if (!machine.virtual_clock) {
    (void)machine_input_take(0);
    return;
  }
  if (time.overdue) {
    time.overdue = false;
    machine_trace_spoiled("a program that does not call the kernel was preempted");
    (void)machine_time_jump(NEVER);
  }
  (void)machine_input_take_due(false);
}

static NORETURN void nothing_left(void)
{
  host_fatal(HOST_EXIT_PANIC, "the system waits for nothing: no input is left and no timer is set");
}

/* The alarm may come between the caller's look for interrupts and the look at the deadline here, which is then gone: the
 * interrupt it left is looked for again, in this order. */
static void wait_real(void)
{
  uint64_t deadline = __atomic_load_n(&time.deadline, __ATOMIC_ACQUIRE);
  if (machine_irq_waits()) return;
  uint64_t until = deadline == NEVER ? NEVER : time.boot + deadline;
  if (uart_room())
    (void)machine_input_take(until);
  else if (until == NEVER)
    nothing_left();
  else
    host_sleep_until(until);
  if (machine.record == RECORD_WRITE)
    machine_record_timer();
  else
    check_deadline(now());
}

/* Time is the record's: what ends the wait is there already. */
static void wait_replayed(void)
{
  bool input = machine_input_take(0);
  if (!machine_replay_timer() && !input) machine_replay_lost("waits");
}

static void wait_virtual(void)
{
  bool armed = time.deadline != NEVER;
  if (!armed && !uart_room()) nothing_left();
  uint64_t held = machine_input_held_until();
  if (machine_input_take_due(!armed)) return;
  if (held < time.deadline)
    time.now = held;
  else if (armed)
    (void)machine_time_jump(NEVER);
  else if (machine.record == RECORD_REPLAY)
    machine_replay_lost("waits");
}

void machine_time_wait(void)
{
  host_output_flush();
  machine_record_flush();
  if (machine.virtual_clock)
    wait_virtual();
  else if (machine.record == RECORD_REPLAY)
    wait_replayed();
  else
    wait_real();
}

void machine_time_entry(void)
{
  time.entries++;
}

/* How many ticks the running program did without entering the kernel. */
static unsigned ticks_alone(bool from_user)
{
  bool entered = time.entries != time.entries_at_tick;
  time.entries_at_tick = time.entries;
  time.ticks = entered || !from_user ? 0 : time.ticks + 1;
  return time.ticks;
}

void machine_time_preempt(void)
{
  time.ticks = 0;
  time.overdue = machine.virtual_clock;
  machine_irq_raise(MACHINE_ATTENTION);
}

/* The real clock needs the tick for input only: ^C must reach a machine that never idles. */
void machine_time_tick(const struct host_signal *s)
{
  unsigned alone = ticks_alone(s->from_user);
  if (machine.record == RECORD_REPLAY) {
    if (alone == TICKS_BEFORE_LOST && !machine_step_active()) machine_replay_lost("stays in a program");
  } else if (alone >= TICKS_BEFORE_PREEMPTION) {
    if (machine.record == RECORD_WRITE) machine_step_record(s);
    machine_time_preempt();
  } else if (!machine.virtual_clock) {
    if (machine.record == RECORD_WRITE)
      machine_record_want_poll();
    else
      machine_irq_raise(MACHINE_ATTENTION);
  }
}
