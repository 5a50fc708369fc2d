/* Calls about time. */
#include <kern/clock.h>
#include <kern/thread.h>

#include "sys.h"

int64_t sys_clock_gettime(int clock, uaddr_t time)
{
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) return -EINVAL;
  uint64_t now = clock == CLOCK_REALTIME ? clock_realtime_ns() : clock_monotonic_ns();
  struct timespec result = {.tv_sec = (int64_t)(now / NS_PER_SEC), .tv_nsec = (int64_t)(now % NS_PER_SEC)};
  return copy_to_user(time, &result, sizeof(result));
}

/* 292 years on. A simulated clock gets there in no time, and then has as much again to count on. */
#define SLEEP_END ((uint64_t)INT64_MAX)

/* As long as programs see by the monotonic clock, should the machine's go backwards. A sleep that would end after SLEEP_END
 * lasts until the process is killed. */
int64_t sys_nanosleep(uint64_t nanoseconds)
{
  uint64_t now = clock_monotonic_ns();
  bool ends = now <= SLEEP_END && nanoseconds <= SLEEP_END - now;
  return thread_sleep_until(ends ? now + nanoseconds : DEADLINE_NONE);
}
