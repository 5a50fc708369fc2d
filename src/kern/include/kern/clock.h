/* Clocks for the rest of the kernel: never backwards, also across processors. */
#ifndef KERN_CLOCK_H
#define KERN_CLOCK_H

#include <kern/types.h>

#define NS_PER_SEC 1000000000ull

uint64_t clock_monotonic_ns(void);
uint64_t clock_realtime_ns(void);

#endif
