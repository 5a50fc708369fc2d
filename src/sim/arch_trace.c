/*
 * What makes a run repeatable: the generator every choice of the machine comes from, and a hash of what happened
 * (FNV-1a over the events), printed at the end of a run under the virtual clock.
 */
#include "machine.h"

#include <kern/string.h>

#define FNV_OFFSET 0xCBF29CE484222325ull
#define FNV_PRIME 0x00000100000001B3ull
#define SECRETS_APART 0x7365637265747321ull /* no small seed differs from another by this */

static uint64_t choices, secrets; /* states of the two generators */
static uint64_t hash = FNV_OFFSET;
static const char *spoiled;

/* splitmix64: any seed is good, 0 too. */
static uint64_t next(uint64_t *state)
{
  uint64_t z = (*state += 0x9E3779B97F4A7C15ull);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

void machine_seed(uint64_t seed)
{
  choices = seed;
  secrets = seed ^ SECRETS_APART;
}

uint64_t machine_choose(uint64_t bound)
{
  return (uint64_t)(((unsigned __int128)next(&choices) * bound) >> 64);
}

uint64_t machine_secret(void)
{
  return next(&secrets);
}

static void mix(uint64_t word)
{
  for (unsigned i = 0; i < 64; i += 8) hash = (hash ^ ((word >> i) & 0xFF)) * FNV_PRIME;
}

void machine_trace(enum machine_event event, uint64_t a, uint64_t b)
{
  if (!machine.virtual_clock) return;
  mix(event);
  mix(a);
  mix(b);
}

void machine_trace_spoiled(const char *why)
{
  if (!spoiled && machine.virtual_clock) spoiled = why;
}

static void print(const char *text)
{
  while (*text) host_error_byte((uint8_t)*text++);
}

void machine_epilogue(void)
{
  char digits[17];
  display_dump();
  if (!machine.virtual_clock) return;
  for (unsigned i = 0; i < 16; i++) digits[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 15];
  digits[16] = '\0';
  if (spoiled) host_note("this run cannot be repeated exactly: %s", spoiled);
  print("trace ");
  print(digits);
  print("\n");
}
