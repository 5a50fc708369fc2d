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

uint64_t machine_choose_from(uint64_t *generator, uint64_t bound)
{
  return (uint64_t)(((unsigned __int128)next(generator) * bound) >> 64);
}

uint64_t machine_choose(uint64_t bound)
{
  return machine_choose_from(&choices, bound);
}

uint64_t machine_secret(void)
{
  return next(&secrets);
}

uint64_t machine_hash(const void *bytes, size_t size)
{
  const uint8_t *p = bytes;
  uint64_t h = FNV_OFFSET;
  for (size_t i = 0; i < size; i++) h = (h ^ p[i]) * FNV_PRIME;
  return h;
}

uint64_t machine_trace_hash(void)
{
  return hash;
}

/* A run whose record has what comes from outside repeats under the real clock, too. */
static bool repeats(void)
{
  return machine.virtual_clock || machine.record != RECORD_NONE;
}

static void mix(uint64_t word)
{
  for (unsigned i = 0; i < 64; i += 8) hash = (hash ^ ((word >> i) & 0xFF)) * FNV_PRIME;
}

void machine_trace(enum machine_event event, uint64_t a, uint64_t b)
{
  if (!repeats()) return;
  mix(event);
  mix(a);
  mix(b);
}

void machine_trace_spoiled(const char *why)
{
  if (!spoiled && machine.virtual_clock && machine.record == RECORD_NONE) spoiled = why;
}

void machine_print_error(const char *text)
{
  while (*text) host_error_byte((uint8_t)*text++);
}

static void print_trace(void)
{
  char digits[17];
  for (unsigned i = 0; i < 16; i++) digits[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 15];
  digits[16] = '\0';
  if (spoiled) host_note("this run cannot be repeated exactly: %s", spoiled);
  machine_print_error("trace ");
  machine_print_error(digits);
  machine_print_error("\n");
}

int machine_epilogue(int status)
{
  display_dump();
  if (repeats()) print_trace();
  if (status != 0) machine_preempt_report();
  return machine_record_end() ? status : HOST_EXIT_DIVERGED;
}

void machine_killed(void)
{
  machine_record_flush();
}
