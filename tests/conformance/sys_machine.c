/*
 * Every call while the machine misbehaves: made again and again, the fault striking at the 1st, the 2nd, the 3rd ... occasion
 * within the call, until there is none any more; then at every one, but for a clock that goes back, which would stand still.
 * The call answers what it answers without, and leaves nothing behind. A machine that does not have a kind says so (tests/qemu/faults.sh).
 */
#include "../../src/kern/syscall/sys.h"
#include "sys_cases.h"
#include <kern/arch.h>
#include <kern/clock.h>
#include <kern/inject.h>
#include <kern/ktest.h>
#include <kern/log.h>

/* One attempt; *struck: how often the fault did. `usual`: what the call answers; null: it is not the same each time. */
static bool attempt(const struct sys_case *c, const struct inject *fault, const int64_t *usual, uint64_t *struck)
{
  struct guest_resources before = sys_settled();
  if (c->prepare && !c->prepare()) return sys_case_complain(c, "cannot be prepared");
  uint64_t start = clock_monotonic_ns();
  if (!inject_machine_arm(fault)) return sys_case_complain(c, "the fault cannot be armed");
  int64_t r = c->call();
  *struck = inject_machine_disarm();
  if (c->undo) c->undo(r);
  struct guest_resources after = sys_settled();
  bool good = (usual ? r == *usual : sys_case_is_good(c, r)) && clock_monotonic_ns() >= start;
  if (good && guest_same(&before, &after)) return true;
  log_warn("%s, %s:%llu%s: answers %lld", c->what, inject_name(fault->kind), (unsigned long long)fault->when.first,
           fault->when.every ? "+" : "", (long long)r);
  return false;
}

static uint64_t total; /* strikes */

static bool sweep_case(const struct sys_case *c, const void *arg)
{
  struct inject fault = *(const struct inject *)arg;
  int64_t once, again;
  uint64_t struck = 1;
  if (!sys_case_works(c, &once) || !sys_case_works(c, &again)) return false;
  const int64_t *usual = once == again ? &once : NULL;
  while (struck > 0) {
    fault.when.first++;
    if (!attempt(c, &fault, usual, &struck)) return false;
    total += struck;
  }
  log_debug("%s: %s struck at %llu occasions", c->what, inject_name(fault.kind),
            (unsigned long long)fault.when.first - 1);
  fault.when = (struct inject_when){.first = 1, .every = 1};
  bool lasting = fault.detail >= 0;
  return (!lasting || attempt(c, &fault, usual, &struck)) && sys_case_works(c, &again);
}

static struct inject fault;

static void under_fault(void)
{
  total = 0;
  sys_cases_begin();
  bool good = sys_cases_each(sweep_case, &fault);
  sys_cases_end();
  ktest_check(good);
  ktest_check(total > 0);
}

/* detail 0: none. */
static void every_call(enum inject_kind kind, int64_t detail)
{
  if (!arch_can_inject(kind)) return;
  fault = (struct inject){.kind = kind, .detailed = detail != 0, .detail = detail, .quiet = true};
  guest_run(under_fault);
}

KTEST(sys_machine_clock_jumps_ahead)
{
  every_call(INJECT_CLOCK, 1000 * (int64_t)NS_PER_SEC);
}
KTEST(sys_machine_clock_jumps_back)
{
  every_call(INJECT_CLOCK, -2000000);
}
KTEST(sys_machine_interrupts_without_cause)
{
  every_call(INJECT_IRQ, 0);
}
KTEST(sys_machine_timer_is_late)
{
  every_call(INJECT_LATE, 1000000);
}
KTEST(sys_machine_line_is_slow)
{
  every_call(INJECT_SEND, 2000000);
}

#define STUCK_NS (2 * (int64_t)NS_PER_SEC) /* longer than the driver waits */

static void wait_for_line(void)
{
  sys_nanosleep(STUCK_NS);
}
KTEST(sys_machine_line_is_stuck)
{
  if (!arch_can_inject(INJECT_SEND)) return;
  every_call(INJECT_SEND, STUCK_NS);
  guest_run(wait_for_line); /* what is printed until then is lost */
}
