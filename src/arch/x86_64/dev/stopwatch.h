/* Counters of known frequency, by which the others are measured. */
#ifndef X86_DEV_STOPWATCH_H
#define X86_DEV_STOPWATCH_H

#include <kern/types.h>

struct stopwatch {
  const char *name;
  uint32_t hz;
  uint32_t mask;          /* of the bits that count; upwards, wrapping */
  uint32_t (*read)(void); /* interrupts disabled */
};

/* Starts it; false when the machine has none. The HPET, by the ACPI table of that name; and channel 2 of the 8254, which
 * is taken to be there: one that is not does not move. */
bool hpet_stopwatch(struct stopwatch *w);
bool pit_stopwatch(struct stopwatch *w);

#endif
