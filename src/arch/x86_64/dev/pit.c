/*
 * The 8254 interval timer; see dev/pit.h. Intel 8254 data sheet: a count written in mode 0 is decremented at 1.193182
 * MHz and raises the output, which is IRQ 0, when it reaches zero; writing a new count starts again. So arming is two
 * port writes, the control word is written once.
 */
#include "pit.h"

#include "../insn.h"
#include "stopwatch.h"

#define PIT_HZ 1193182u
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

void pit_timer_start(void)
{
  insn_out8(PIT_CONTROL, CONTROL_CHANNEL0_MODE0);
}

void pit_timer_count(uint64_t wait_ns)
{
  uint64_t count = (MIN(wait_ns, WAIT_MAX_NS) * COUNTS_PER_NS_32 >> 32) + 1;
  count = MIN(MAX(count, COUNT_MIN), COUNT_MAX);
  insn_out8(PIT_CHANNEL0, (uint8_t)count);
  insn_out8(PIT_CHANNEL0, (uint8_t)(count >> 8));
}

/* It counts down. */
static uint32_t read_channel2(void)
{
  insn_out8(PIT_CONTROL, CONTROL_LATCH_CHANNEL2);
  uint8_t low = insn_in8(PIT_CHANNEL2);
  return COUNT_MAX - (uint32_t)(low | insn_in8(PIT_CHANNEL2) << 8);
}

bool pit_stopwatch(struct stopwatch *w)
{
  insn_out8(PORT_B, (uint8_t)((insn_in8(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE2));
  insn_out8(PIT_CONTROL, CONTROL_CHANNEL2_MODE0);
  insn_out8(PIT_CHANNEL2, (uint8_t)COUNT_MAX);
  insn_out8(PIT_CHANNEL2, (uint8_t)(COUNT_MAX >> 8));
  *w = (struct stopwatch){.name = "8254", .hz = PIT_HZ, .mask = COUNT_MAX, .read = read_channel2};
  return true;
}
