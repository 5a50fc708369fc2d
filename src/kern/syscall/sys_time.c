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

/* As long as programs see by the monotonic clock, should the machine's go backwards. A sleep that would end after the clock
 * does lasts until the process is killed. */
int64_t sys_nanosleep(uint64_t nanoseconds)
{
  uint64_t deadline;
  if (__builtin_add_overflow(clock_monotonic_ns(), nanoseconds, &deadline)) deadline = DEADLINE_NONE;
  return thread_sleep_until(deadline);
}
