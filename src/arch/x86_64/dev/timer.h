/* The 8254 interval timer: channel 0 raises IRQ 0 once for each deadline, channel 2 measures time for calibration. */
#ifndef X86_DEV_TIMER_H
#define X86_DEV_TIMER_H

#include <kern/types.h>

#define PIT_HZ 1193182u

void timer_start(void);

/* In the interrupt: whether the armed deadline has come. If it has not (a count is at most 55 ms), goes on waiting. */
bool timer_expired(void);

/* Channel 2 as a stopwatch, counting down from 65535 without interrupt. */
void pit_stopwatch_start(void);
uint16_t pit_stopwatch_read(void);

#endif
