/* See suite.h. */
#include "suite.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define FULL 100ul  /* percent */
#define TIMEOUT 600 /* seconds; Check's own 4 are a matter of the host's load: it only has to end what hangs */

static unsigned long percent(void)
{
  const char *text = getenv("STRESS");
  if (!text) return FULL;
  char *end;
  unsigned long n = strtoul(text, &end, 10);
  if (*text >= '0' && *text <= '9' && *end == '\0' && n <= UINT_MAX) return n;
  fprintf(stderr, "STRESS=%s: not a number of percent\n", text);
  exit(EXIT_FAILURE);
}

unsigned stress(unsigned full)
{
  unsigned long rounds = full * percent() / FULL;
  if (rounds > UINT_MAX) return UINT_MAX;
  return rounds ? (unsigned)rounds : 1;
}

uint64_t test_random(uint64_t below)
{
  static uint64_t state = 0x9E3779B97F4A7C15ull; /* xorshift64* */
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (state * 0x2545F4914F6CDD1Dull >> 16) % below;
}

TCase *suite_case(Suite *suite, const char *name, void (*setup)(void), void (*teardown)(void))
{
  TCase *tc = tcase_create(name);
  if (!getenv("CK_DEFAULT_TIMEOUT")) tcase_set_timeout(tc, TIMEOUT);
  tcase_add_checked_fixture(tc, setup, teardown);
  suite_add_tcase(suite, tc);
  return tc;
}

int suite_run(Suite *suite)
{
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
