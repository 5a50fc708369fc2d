/* The clock: the time-stamp counter, measured by a counter of known frequency. */
#ifndef X86_DEV_CLOCK_H
#define X86_DEV_CLOCK_H

#include <kern/clock.h>

/* Counts in a nanosecond at `hz`, times 2^32: a multiplication instead of a division wherever it matters. */
static inline uint64_t counts_per_ns_32(uint64_t hz)
{
  return ((hz / NS_PER_SEC) << 32) + ((hz % NS_PER_SEC) << 32) / NS_PER_SEC;
}

/* Zero of arch_clock_read; the clock stands still until calibrated. */
void clock_start(void);
/* About two milliseconds, interrupts disabled. Answers the counter's frequency in Hz and the name of what measured it:
 * the HPET, else the 8254. */
uint64_t clock_calibrate(const char **reference);
/* arch_clock_read's time, without it being an occasion for a fault. */
uint64_t clock_now(void);
/* What the time-stamp counter shows at `deadline` (arch_clock_read time), or now if that is past; never 0. */
uint64_t clock_tsc_at(uint64_t deadline);

/* Reads the calendar chip once, for arch_clock_epoch. */
void rtc_read_epoch(void);

#endif
