/* Clocks and timers of the host: the alarm behind the machine's timer, and the tick that counts processor time. */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define NS 1000000000ull
#define TICK_NS 10000000l /* of processor time */

static timer_t alarm_timer;

static uint64_t clock_ns(clockid_t id)
{
  struct timespec ts;
  clock_gettime(id, &ts);
  return (uint64_t)ts.tv_sec * NS + (uint64_t)ts.tv_nsec;
}

uint64_t host_clock_ns(void)
{
  return clock_ns(CLOCK_MONOTONIC);
}

uint64_t host_clock_epoch(void)
{
  return clock_ns(CLOCK_REALTIME);
}

static struct timespec to_timespec(uint64_t ns)
{
  return (struct timespec){.tv_sec = (time_t)(ns / NS), .tv_nsec = (long)(ns % NS)};
}

void host_time_init(void)
{
  timer_t tick_timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
  if (timer_create(CLOCK_MONOTONIC, &event, &alarm_timer) < 0)
    host_fatal(HOST_EXIT_USAGE, "this host has no timers: timer_create: %s", strerror(errno));
  event.sigev_signo = SIGVTALRM;
  struct itimerspec every = {.it_interval = {0, TICK_NS}, .it_value = {0, TICK_NS}};
  if (timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &tick_timer) < 0 || timer_settime(tick_timer, 0, &every, NULL) < 0)
    host_fatal(HOST_EXIT_USAGE, "this host has no processor-time timers: %s", strerror(errno));
}

void host_alarm_set(uint64_t when)
{
  struct itimerspec at = {.it_value = to_timespec(when)};
  timer_settime(alarm_timer, TIMER_ABSTIME, &at, NULL);
}

void host_sleep_until(uint64_t when)
{
  uint64_t now = host_clock_ns();
  struct timespec left = to_timespec(when > now ? when - now : 0);
  ppoll(NULL, 0, when == UINT64_MAX ? NULL : &left, NULL);
}
