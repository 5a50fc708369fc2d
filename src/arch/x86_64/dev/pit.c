/*
 * The 8254 interval timer; see dev/timer.h. Intel 8254 data sheet: a count written in mode 0 is decremented at 1.193182
 * MHz and raises the output, which is IRQ 0, when it reaches zero; writing a new count starts again. So arming is two
 * port writes, the control word is written once.
 */
#include "../insn.h"
#include "clock.h"
#include "timer.h"
#include <kern/arch.h>

#define PIT_CHANNEL0 0x40
#define PIT_CHANNEL2 0x42
#define PIT_CONTROL 0x43
#define CONTROL_CHANNEL0_MODE0 0x30 /* low byte then high byte, interrupt on terminal count */
#define CONTROL_CHANNEL2_MODE0 0xB0
#define CONTROL_LATCH_CHANNEL2 0x80

#define PORT_B 0x61
#define PORT_B_GATE2 0x01
#define PORT_B_SPEAKER 0x02

#define COUNT_MIN 2u /* mode 0 counts N + 1; very small counts are lost on some chips */
#define COUNT_MAX 0xFFFFu
/* Counts in a nanosecond, as a fraction of 2^32, and the longest wait that fits a count. */
#define COUNTS_PER_NS_32 (((uint64_t)PIT_HZ << 32) / 1000000000u)
#define WAIT_MAX_NS 54000000u

static uint64_t armed_deadline = UINT64_MAX; /* interrupts disabled; the bootstrap processor's */

static void start_count(uint64_t wait_ns)
{
  uint64_t count = (MIN(wait_ns, WAIT_MAX_NS) * COUNTS_PER_NS_32 >> 32) + 1;
  count = MIN(MAX(count, COUNT_MIN), COUNT_MAX);
  insn_out8(PIT_CHANNEL0, (uint8_t)count);
  insn_out8(PIT_CHANNEL0, (uint8_t)(count >> 8));
}

void timer_start(void)
{
  insn_out8(PIT_CONTROL, CONTROL_CHANNEL0_MODE0);
  if (armed_deadline != UINT64_MAX) arch_timer_arm(armed_deadline);
  arch_irq_unmask(IRQ_TIMER);
}

void arch_timer_arm(uint64_t deadline)
{
  armed_deadline = deadline;
  if (deadline == UINT64_MAX) return; /* a count that still runs ends in an interrupt timer_expired refuses */
  uint64_t now = arch_clock_read();
  start_count(deadline > now ? deadline - now : 0);
}

bool timer_expired(void)
{
  if (armed_deadline == UINT64_MAX) return false;
  uint64_t now = arch_clock_read();
  if (now < armed_deadline) {
    start_count(armed_deadline - now);
    return false;
  }
  armed_deadline = UINT64_MAX;
  return true;
}

void pit_stopwatch_start(void)
{
  insn_out8(PORT_B, (uint8_t)((insn_in8(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE2));
  insn_out8(PIT_CONTROL, CONTROL_CHANNEL2_MODE0);
  insn_out8(PIT_CHANNEL2, 0xFF);
  insn_out8(PIT_CHANNEL2, 0xFF);
}

uint16_t pit_stopwatch_read(void)
{
  insn_out8(PIT_CONTROL, CONTROL_LATCH_CHANNEL2);
  uint8_t low = insn_in8(PIT_CHANNEL2);
  return (uint16_t)(low | insn_in8(PIT_CHANNEL2) << 8);
}
