/* The simulated machine's random bits: the host's, or under the virtual clock the seed's, so that runs repeat. */
#include "machine.h"

const char *arch_entropy_read(uint64_t out[ARCH_ENTROPY_WORDS])
{
  if (!machine.virtual_clock) {
    host_random(out, ARCH_ENTROPY_WORDS * sizeof *out);
    if (machine.record != RECORD_NONE) machine_record_random(out, ARCH_ENTROPY_WORDS * sizeof *out);
    return "the host";
  }
  for (unsigned i = 0; i < ARCH_ENTROPY_WORDS; i++) out[i] = machine_secret();
  return "the seed";
}
