/* Clocks. Processors' counters may differ a little; the latest time anybody was told is the floor for everybody. */
#include <kern/arch.h>
#include <kern/clock.h>

static uint64_t latest; /* atomic */

uint64_t clock_monotonic_ns(void)
{
  uint64_t now = arch_clock_read();
  uint64_t seen = __atomic_load_n(&latest, __ATOMIC_RELAXED);
  while (seen < now) {
    if (__atomic_compare_exchange_n(&latest, &seen, now, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return now;
  }
  return seen;
}

uint64_t clock_realtime_ns(void)
{
  return arch_clock_epoch() + clock_monotonic_ns();
}
