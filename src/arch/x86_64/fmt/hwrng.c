/* Random words from a generator that may be empty or broken; see fmt/hwrng.h. */
#include <fmt/hwrng.h>

static bool read_patiently(bool (*read)(uint64_t *word), uint64_t *word)
{
  for (unsigned i = 0; i < HWRNG_TRIES; i++)
    if (read(word)) return true;
  return false;
}

enum hwrng_result hwrng_collect(bool (*read)(uint64_t *word), uint64_t *out, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    if (!read_patiently(read, &out[i])) return HWRNG_EMPTY;
    if (i > 0 && out[i] == out[i - 1]) return HWRNG_STUCK;
  }
  return HWRNG_GOOD;
}
