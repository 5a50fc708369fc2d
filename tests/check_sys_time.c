/* How long a sleep is: its end by the monotonic clock, and which has none. */
#include "suite.h"

#include <kern/clock.h>
#include <kern/thread.h>
#include <kern/uaccess.h>
#include <kern/waitq.h>

#define END ((uint64_t)INT64_MAX) /* ns: 292 years */

int64_t sys_nanosleep(uint64_t nanoseconds);

/* ---- stand-ins ---- */

static uint64_t clock_now, slept_until;

uint64_t clock_monotonic_ns(void)
{
  return clock_now;
}

uint64_t clock_realtime_ns(void)
{
  ck_abort_msg("nobody asks");
}

int thread_sleep_until(uint64_t deadline)
{
  slept_until = deadline;
  return 0;
}

int(copy_to_user)(uaddr_t to, const void *from, size_t size)
{
  (void)to, (void)from, (void)size;
  ck_abort_msg("nothing is copied");
}

static const struct {
  uint64_t now, sleep, until;
} sleeps[] = {
  {0, 0, 0},
  {1000, 500, 1500},
  {0, END, END},
  {END, 0, END},
  {END - 5, 5, END},
  {END - 5, 6, DEADLINE_NONE},
  {END + 1, 0, DEADLINE_NONE},
  {0, END + 1, DEADLINE_NONE},
  {40000, UINT64_MAX - 43000, DEADLINE_NONE},
  {1, UINT64_MAX, DEADLINE_NONE},
};

START_TEST(a_sleep_ends_within_292_years_or_never)
{
  clock_now = sleeps[_i].now;
  ck_assert_int_eq(sys_nanosleep(sleeps[_i].sleep), 0);
  ck_assert_uint_eq(slept_until, sleeps[_i].until);
}
END_TEST

int main(void)
{
  Suite *s = suite_create("sys_time");
  TCase *t = suite_case(s, "nanosleep", NULL, NULL);
  tcase_add_loop_test(t, a_sleep_ends_within_292_years_or_never, 0, sizeof sleeps / sizeof sleeps[0]);
  return suite_run(s);
}
