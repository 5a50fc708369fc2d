/* The 8254 interval timer: channel 0 raises IRQ 0 once for each count; channel 2 is a stopwatch (dev/stopwatch.h). */
#ifndef X86_DEV_PIT_H
#define X86_DEV_PIT_H

#include <kern/types.h>

/* Interrupts disabled. */
void pit_timer_start(void);
/* One interrupt after `wait_ns`, or after about 54 ms if that is sooner. */
void pit_timer_count(uint64_t wait_ns);

#endif
