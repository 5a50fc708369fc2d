/* The entropy pool as the booted machine filled it. */
#include <kern/arch.h>
#include <kern/entropy.h>
#include <kern/ktest.h>
#include <kern/log.h>
#include <kern/string.h>

static bool all_differ(const uint64_t *words, size_t count)
{
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < i; j++)
      if (words[i] == words[j]) return false;
  return true;
}

KTEST(lib_entropy_machine_gives_fresh_bytes)
{
  uint64_t words[2 * ARCH_ENTROPY_WORDS];
  ktest_check(arch_entropy_read(words) != NULL);
  ktest_check(arch_entropy_read(words + ARCH_ENTROPY_WORDS) != NULL);
  ktest_check(all_differ(words, 2 * ARCH_ENTROPY_WORDS));
}

KTEST(lib_entropy_reads_differ)
{
  uint64_t words[64];
  for (size_t i = 0; i < 32; i++) entropy_read(&words[i], sizeof words[i]);
  entropy_read(&words[32], 32 * sizeof words[0]);
  ktest_check(all_differ(words, 64));
  log_info("a random word: %016lx", words[63]); /* for tests/sim/repeat.sh */
}

/* A coin: of 65536 throws the ones are within eight standard deviations of the half. */
KTEST(lib_entropy_bits_are_even)
{
  static uint64_t words[1024];
  unsigned ones = 0;
  entropy_read(words, sizeof words);
  for (size_t i = 0; i < 1024; i++)
    for (uint64_t word = words[i]; word; word &= word - 1) ones++;
  ktest_check(ones > 32768 - 1024 && ones < 32768 + 1024);
}
