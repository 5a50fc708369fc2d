/*
 * The clock; see dev/clock.h. Intel SDM vol. 3B, 17.17 "Time-stamp counter": monotonic, invariant on every processor of
 * the last fifteen years; lfence keeps a reading from being taken early (vol. 2B, RDTSC).
 */
#include "clock.h"

#include "../insn.h"
#include "timer.h"
#include <kern/arch.h>
#include <kern/clock.h>

#define CALIBRATION_COUNTS (PIT_HZ / 500) /* 2 ms of the stopwatch */
#define SAMPLES 8

static uint64_t tsc_zero;
static uint64_t ns_per_tick_32; /* nanoseconds in one tick, times 2^32; 0 until calibrated */

struct sample {
  uint64_t tsc;
  uint16_t count;
};

/* One moment on both clocks: of a few attempts the one that took least, so that an interruption of the (virtual)
 * machine does not come between the two. */
static struct sample take_sample(void)
{
  struct sample best = {0};
  uint64_t best_width = UINT64_MAX;
  for (unsigned i = 0; i < SAMPLES; i++) {
    uint64_t before = insn_rdtsc_ordered();
    uint16_t count = pit_stopwatch_read();
    uint64_t width = insn_rdtsc_ordered() - before;
    if (width >= best_width) continue;
    best_width = width;
    best = (struct sample){.tsc = before + width / 2, .count = count};
  }
  return best;
}

void clock_start(void)
{
  tsc_zero = insn_rdtsc_ordered();
}

uint64_t clock_calibrate(void)
{
  pit_stopwatch_start();
  struct sample first = take_sample(), last;
  do {
    for (unsigned i = 0; i < 64; i++) insn_pause();
    last = take_sample();
  } while ((uint16_t)(first.count - last.count) < CALIBRATION_COUNTS);
  uint64_t counts = (uint16_t)(first.count - last.count);
  uint64_t hz = (last.tsc - first.tsc) * PIT_HZ / counts;
  if (hz == 0) hz = NS_PER_SEC;
  ns_per_tick_32 = ((NS_PER_SEC << 32) + hz / 2) / hz;
  return hz;
}

uint64_t arch_clock_read(void)
{
  return (uint64_t)((unsigned __int128)(insn_rdtsc_ordered() - tsc_zero) * ns_per_tick_32 >> 32);
}
