/*
 * The clock; see dev/clock.h. Intel SDM vol. 3B, 17.17 "Time-stamp counter": monotonic, invariant on every processor of
 * the last fifteen years; lfence keeps a reading from being taken early (vol. 2B, RDTSC).
 */
#include "clock.h"

#include "../inject.h"
#include "../insn.h"
#include "stopwatch.h"
#include "timer.h"
#include <kern/arch.h>
#include <kern/log.h>

#define MEASURES_PER_SEC 1000
#define MEASURES_MAX 100
#define AGREEMENT 256 /* to one part in that many */
#define SAMPLES 8
#define STUCK_TICKS (1ull << 32) /* about a second: a stopwatch that has not got there by then stands still */
#define GUESSED_HZ NS_PER_SEC

static uint64_t tsc_zero;
static uint64_t ns_per_tick_32; /* nanoseconds in one tick, times 2^32; 0 until calibrated */
static uint64_t ticks_per_ns_32;

struct sample {
  uint64_t tsc;
  uint32_t count;
};

/* One moment on both clocks: of a few attempts the one that took least, so that an interruption of the (virtual)
 * machine does not come between the two. */
static struct sample take_sample(const struct stopwatch *w)
{
  struct sample best = {0};
  uint64_t best_width = UINT64_MAX;
  for (unsigned i = 0; i < SAMPLES; i++) {
    uint64_t before = insn_rdtsc_ordered();
    uint32_t count = w->read();
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

static uint64_t rate(const struct stopwatch *w, const struct sample *from, const struct sample *to)
{
  return (to->tsc - from->tsc) * w->hz / ((to->count - from->count) & w->mask);
}

/* The next moment at least a millisecond after `from`; false when the stopwatch stands still. */
static bool next_sample(const struct stopwatch *w, const struct sample *from, struct sample *to)
{
  do {
    for (unsigned i = 0; i < 64; i++) insn_pause();
    *to = take_sample(w);
    if (to->tsc - from->tsc > STUCK_TICKS) return false;
  } while (((to->count - from->count) & w->mask) < w->hz / MEASURES_PER_SEC);
  return true;
}

/* Ticks a second by that stopwatch: what two measures in a row agree on. One alone may be far off, when a virtual
 * machine was kept waiting until the stopwatch had wrapped. 0 when it stands still, or does not agree with itself. */
static uint64_t measure(const struct stopwatch *w)
{
  struct sample first = take_sample(w), middle, last;
  if (!next_sample(w, &first, &middle)) return 0;
  for (unsigned i = 0; i < MEASURES_MAX; i++) {
    if (!next_sample(w, &middle, &last)) return 0;
    uint64_t before = rate(w, &first, &middle), after = rate(w, &middle, &last);
    uint64_t differ = before > after ? before - after : after - before;
    if (differ < before / AGREEMENT) return rate(w, &first, &last);
    first = middle;
    middle = last;
  }
  return 0;
}

uint64_t clock_calibrate(const char **reference)
{
  static bool (*const kinds[])(struct stopwatch *) = {hpet_stopwatch, pit_stopwatch};
  uint64_t hz = 0;
  for (size_t i = 0; i < ARRAY_SIZE(kinds) && !hz; i++) {
    struct stopwatch w;
    if (!kinds[i](&w)) continue;
    hz = measure(&w);
    *reference = w.name;
    if (!hz) log_warn("clock: the %s is no measure", w.name);
  }
  if (!hz) {
    hz = GUESSED_HZ;
    *reference = "guess";
  }
  ns_per_tick_32 = ((NS_PER_SEC << 32) + hz / 2) / hz;
  ticks_per_ns_32 = counts_per_ns_32(hz);
  return hz;
}

static uint64_t ns_at(uint64_t tsc)
{
  return (uint64_t)((unsigned __int128)(tsc - tsc_zero) * ns_per_tick_32 >> 32);
}

uint64_t clock_now(void)
{
  return ns_at(insn_rdtsc_ordered());
}

/* Not below 0. */
void x86_inject_clock(void)
{
  bool enabled = arch_irq_disable();
  const struct inject *fault = inject_machine_strikes(INJECT_CLOCK);
  int64_t by = fault ? fault->detail : 0;
  uint64_t ns = by < 0 ? MIN(clock_now(), -(uint64_t)by) : (uint64_t)by;
  uint64_t ticks = (uint64_t)((unsigned __int128)ns * ticks_per_ns_32 >> 32);
  tsc_zero += by < 0 ? ticks : -ticks;
  if (by != 0) timer_clock_jumped();
  arch_irq_restore(enabled);
}

uint64_t arch_clock_read(void)
{
  X86_INJECT_POINT(INJECT_CLOCK, x86_inject_clock);
  return clock_now();
}

/* From now on, not from zero: then the rounding of the two factors does not add up over days. */
uint64_t clock_tsc_at(uint64_t deadline)
{
  uint64_t tsc = insn_rdtsc_ordered(), now = ns_at(tsc);
  if (deadline <= now) return tsc;
  unsigned __int128 ticks = ((unsigned __int128)(deadline - now) * ticks_per_ns_32 >> 32) + 1;
  return ticks < UINT64_MAX - tsc ? tsc + (uint64_t)ticks : UINT64_MAX;
}
