/* The clock: the time-stamp counter, calibrated against the 8254. */
#ifndef X86_DEV_CLOCK_H
#define X86_DEV_CLOCK_H

#include <kern/types.h>

/* Zero of arch_clock_read; the clock stands still until calibrated. */
void clock_start(void);
/* About two milliseconds, interrupts disabled. Answers the counter's frequency in Hz. */
uint64_t clock_calibrate(void);
/* Reads the calendar chip once, for arch_clock_epoch. */
void rtc_read_epoch(void);

#endif
