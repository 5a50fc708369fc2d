/* The calendar chip's registers (MC146818 and successors) to seconds. Motorola MC146818A data sheet, "Time, calendar and
 * alarm locations". Pure. */
#ifndef X86_FMT_CALENDAR_H
#define X86_FMT_CALENDAR_H

#include <kern/types.h>

#define CALENDAR_24_HOURS 0x02u /* status B */
#define CALENDAR_BINARY 0x04u

/* As the registers have it: digits in BCD or numbers, hours of a day or of a half with a bit for the afternoon. */
struct calendar {
  uint8_t second, minute, hour, day, month, year;
  uint8_t century; /* 0: the chip has none, and it is 20 */
  uint8_t status_b;
};

/* Seconds since 1970. False when that is no date, or one before 1970. A century register that has no century in it (19 to
 * 22) is one that nobody keeps, and does not count. */
bool calendar_seconds(const struct calendar *c, uint64_t *seconds);

#endif
