/* The calendar chip's registers, byte by byte: what is taken for a date lies between 1970 and the end of the last century that
 * counts, and its seconds are the chip's. */
#include "fuzz.h"

#include <fmt/calendar.h>
#include <kern/string.h>

#define LATEST (400ull * 366 * 86400)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct calendar c;
  uint64_t seconds;
  if (size < sizeof c) return 0;
  memcpy(&c, data, sizeof c);
  if (!calendar_seconds(&c, &seconds)) return 0;
  unsigned second = c.status_b & CALENDAR_BINARY ? c.second : c.second / 16u * 10 + c.second % 16u;
  REQUIRE(seconds < LATEST && seconds % 60 == second);
  return 0;
}
