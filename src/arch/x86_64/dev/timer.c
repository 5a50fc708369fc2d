/* The choice of a timer, and what is common to all; see dev/timer.h. */
#include "timer.h"

#include "clock.h"
#include "interrupts.h"
#include "lapic.h"
#include "pit.h"
#include <kern/arch.h>
#include <kern/inject.h>

#define NEVER UINT64_MAX

static enum { TIMER_PIT, TIMER_LAPIC_COUNT, TIMER_LAPIC_DEADLINE } kind;
static uint64_t lapic_per_ns_32; /* of the local APIC's timer, times 2^32 */
/* Interrupts disabled; the bootstrap processor's. */
static uint64_t armed_deadline = NEVER;
static bool postponed; /* by a fault */

static uint32_t counts_of(uint64_t wait_ns)
{
  unsigned __int128 counts = (unsigned __int128)wait_ns * lapic_per_ns_32 >> 32;
  return counts < UINT32_MAX ? (uint32_t)counts + 1 : UINT32_MAX;
}

static void start(uint64_t deadline)
{
  if (kind == TIMER_LAPIC_DEADLINE) {
    lapic_timer_deadline(clock_tsc_at(deadline));
    return;
  }
  uint64_t now = clock_now(), wait = deadline > now ? deadline - now : 0;
  if (kind == TIMER_LAPIC_COUNT)
    lapic_timer_count(counts_of(wait));
  else
    pit_timer_count(wait);
}

static void stop(void)
{
  if (kind == TIMER_LAPIC_DEADLINE)
    lapic_timer_deadline(0);
  else if (kind == TIMER_LAPIC_COUNT)
    lapic_timer_count(0);
  /* the 8254 cannot: a count that still runs ends in an interrupt timer_expired refuses */
}

void arch_timer_arm(uint64_t deadline)
{
  armed_deadline = deadline;
  postponed = false;
  if (deadline == NEVER)
    stop();
  else
    start(deadline);
}

void timer_clock_jumped(void)
{
  if (armed_deadline != NEVER) start(armed_deadline);
}

/* Whether a fault makes the interrupt come later: once. */
static bool postpone(void)
{
  const struct inject *late = postponed ? NULL : inject_occasion(INJECT_LATE);
  postponed = late;
  if (late) armed_deadline += (uint64_t)late->detail;
  return late;
}

bool timer_expired(void)
{
  if (armed_deadline == NEVER) return false;
  if (clock_now() < armed_deadline || postpone()) {
    start(armed_deadline);
    return false;
  }
  armed_deadline = NEVER;
  return true;
}

bool timer_is_local(void)
{
  return kind != TIMER_PIT;
}

static bool start_local(void)
{
  if (!interrupts_by_apic()) return false;
  if (lapic_timer_has_deadline()) {
    kind = TIMER_LAPIC_DEADLINE;
  } else {
    uint64_t hz = lapic_timer_measure();
    if (hz == 0) return false;
    lapic_per_ns_32 = counts_per_ns_32(hz);
    kind = TIMER_LAPIC_COUNT;
  }
  lapic_timer_start(kind == TIMER_LAPIC_DEADLINE);
  return true;
}

const char *timer_start(void)
{
  if (!start_local()) pit_timer_start();
  if (armed_deadline != NEVER) start(armed_deadline);
  arch_irq_unmask(IRQ_TIMER);
  return kind == TIMER_LAPIC_DEADLINE ? "TSC deadline" : kind == TIMER_LAPIC_COUNT ? "local APIC" : "8254";
}
