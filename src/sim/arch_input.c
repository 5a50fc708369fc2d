/*
 * Input from the host, on its way to the console's UART. Under the virtual clock it is taken only at an idle point or a timer
 * interrupt. From a file or pipe the machine waits there, before time moves, until the next byte or the end has come, so it does
 * not matter when the writer writes. A writer that keeps silent longer than GRACE_NS of real time (a person, a dialogue) lets
 * time go on, which is noted.
 *
 * Faults (arch_inject.c): a byte comes late, the line is lost.
 */
#include "machine.h"

#include <kern/inject.h>

#define NEVER UINT64_MAX
#define GRACE_NS 500000000ull

/* Under the virtual clock. */
static struct {
  bool silent;  /* the writer used up its grace */
  bool holds;   /* a byte that comes late */
  uint8_t held; /* that byte */
  uint64_t held_until;
} input;

/* What comes until host time `when`, or what a replay's record has here: up to `room` bytes. */
static enum host_input next_input(uint64_t when, uint8_t *bytes, size_t room, size_t *count)
{
  if (machine.record == RECORD_REPLAY) return machine_replay_input(bytes, room, count);
  enum host_input state = host_input_wait(when);
  *count = state == HOST_INPUT_READY ? host_input_take(bytes, room) : 0;
  if (machine.record == RECORD_WRITE && state != HOST_INPUT_NONE) machine_record_input(bytes, *count);
  return state;
}

/* Passes on what came, but for a byte that comes late: until that is passed on, nothing else is taken, so there is room for it
 * and the line is not lost. */
static void pass_input(const uint8_t *bytes, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (inject_occasion(INJECT_HANGUP)) {
      uart_hang_up();
      return;
    }
    const struct inject *late = inject_occasion(INJECT_RECEIVE);
    input.holds = late;
    input.held = bytes[i];
    if (late)
      input.held_until = machine_time_later(machine_time_read(), late->detail);
    else
      uart_receive(&bytes[i], 1);
  }
}

static bool pass_held(void)
{
  if (machine_time_read() < input.held_until) return false;
  input.holds = false;
  uart_receive(&input.held, 1);
  return true;
}

bool machine_input_take(uint64_t when)
{
  uint8_t bytes[16]; /* a record knows how many */
  size_t n, room = MIN(uart_room(), sizeof bytes);
  if (!room) return false;
  if (machine.virtual_clock) room = 1; /* how many have come already is the writer's doing */
  enum host_input state = next_input(when, bytes, room, &n);
  if (state == HOST_INPUT_NONE) return false;
  machine_trace(EVENT_INPUT, n, machine.virtual_clock ? machine_time_read() : 0);
  if (state == HOST_INPUT_ENDED) {
    uart_hang_up();
    return true;
  }
  input.silent = false;
  pass_input(bytes, n);
  return true;
}

uint64_t machine_input_held_until(void)
{
  return input.holds ? input.held_until : NEVER;
}

bool machine_input_take_due(bool may_block)
{
  if (input.holds) return pass_held();
  if (host_input_is_terminal() || input.silent) return machine_input_take(may_block ? NEVER : 0);
  if (may_block) return machine_input_take(NEVER);
  if (machine_input_take(host_clock_ns() + GRACE_NS)) return true;
  if (uart_room()) {
    input.silent = true;
    machine_trace_spoiled("its input came late");
  }
  return false;
}
