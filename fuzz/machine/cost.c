/* See cost.h. */
#include "cost.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MEASURE_EVERY 17u /* a prime: inputs may come in cycles */

static unsigned runs, measured;
static uint64_t since, run_ns, reset_ns, pages_changed, pages_open;

static bool is_measured(void)
{
  return runs % MEASURE_EVERY == 0;
}

static uint64_t processor_ns(void)
{
  struct timespec t;
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) < 0) abort();
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void cost_run_begins(void)
{
  runs++;
  if (is_measured()) since = processor_ns();
}

void cost_reset_begins(void)
{
  if (!is_measured()) return;
  uint64_t now = processor_ns();
  run_ns += now - since;
  since = now;
}

void cost_reset_ends(size_t changed, size_t open)
{
  if (!is_measured()) return;
  reset_ns += processor_ns() - since;
  pages_changed += changed;
  pages_open += open;
  measured++;
}

static void print_mean(const char *what, uint64_t sum, double unit)
{
  fprintf(stderr, "stat::%-24s %.1f\n", what, (double)sum / unit / measured);
}

static void print(void)
{
  if (measured == 0) return;
  print_mean("run_us:", run_ns, 1e3);
  print_mean("reset_us:", reset_ns, 1e3);
  print_mean("reset_changed_pages:", pages_changed, 1);
  print_mean("reset_open_pages:", pages_open, 1);
}

/* Called by the engine before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  for (int i = 1; i < *argc; i++)
    if (strcmp((*argv)[i], "-print_final_stats=1") == 0) return atexit(print);
  return 0;
}
