/*
 * Where a PC's random bits come from: the processor's generator if it has one that works, and in any case the jitter of
 * the time-stamp counter over port reads and interrupts.
 */
#include "cpu.h"
#include "insn.h"
#include <fmt/hwrng.h>
#include <kern/log.h>
#include <kern/string.h>

#define JITTER_SAMPLES 64u
#define SYSTEM_CONTROL_PORT 0x61 /* reading it has no effect and takes an unsteady microsecond */

static bool read_rdseed(uint64_t *word)
{
  bool good;
  __asm__ volatile("rdseed %0" : "=r"(*word), "=@ccc"(good));
  return good;
}

static bool read_rdrand(uint64_t *word)
{
  bool good;
  __asm__ volatile("rdrand %0" : "=r"(*word), "=@ccc"(good));
  return good;
}

/* One that is stuck is not asked again. */
static bool collect(bool *present, bool (*read)(uint64_t *word), const char *name, uint64_t *out)
{
  if (!*present) return false;
  enum hwrng_result result = hwrng_collect(read, out, ARCH_ENTROPY_WORDS);
  if (result == HWRNG_STUCK) {
    *present = false;
    log_warn("entropy: %s answers the same again and again and is left alone", name);
  }
  return result == HWRNG_GOOD;
}

static void add_jitter(uint64_t *out)
{
  out[0] ^= x86_cpu_self()->irq_jitter;
  for (unsigned i = 0; i < JITTER_SAMPLES; i++) {
    uint64_t *word = &out[i % ARCH_ENTROPY_WORDS];
    (void)insn_in8(SYSTEM_CONTROL_PORT);
    *word = (*word << 11 | *word >> 53) ^ insn_rdtsc();
  }
}

const char *arch_entropy_read(uint64_t out[ARCH_ENTROPY_WORDS])
{
  const char *source = "timing alone";
  memset(out, 0, ARCH_ENTROPY_WORDS * sizeof *out);
  if (collect(&cpu_features.rdseed, read_rdseed, "RDSEED", out))
    source = "RDSEED and timing";
  else if (collect(&cpu_features.rdrand, read_rdrand, "RDRAND", out))
    source = "RDRAND and timing";
  add_jitter(out);
  return source;
}
