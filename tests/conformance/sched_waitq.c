/* Wait queues, sleeping and waking. */
#include "crew.h"
#include <kern/arch.h>
#include <kern/cpu.h>
#include <kern/ktest.h>

#define MS 1000000ull

static struct spinlock lock = SPINLOCK_INIT("test");

/* ---- no wake-up is lost: two threads hand a token to and fro ---- */

#define PASSES 20000u

static struct {
  struct waitq changed;
  unsigned value;
} token;

static void pass_token(void *arg)
{
  unsigned parity = *(const unsigned *)arg;

  for (unsigned n = parity; n < PASSES; n += 2) {
    spin_lock(&lock);
    while (token.value != n) waitq_sleep_uninterruptible(&token.changed, &lock);
    token.value++;
    waitq_wake_one(&token.changed);
    spin_unlock(&lock);
  }
}

KTEST(sched_waitq_loses_no_wakeup)
{
  static const unsigned even = 0, odd = 1;
  struct crew crew;

  crew_init(&crew);
  waitq_init(&token.changed);
  token.value = 0;
  ktest_check(crew_start(&crew, CLASS_USER, pass_token, (void *)&even));
  ktest_check(crew_start(&crew, CLASS_USER, pass_token, (void *)&odd));
  crew_wait(&crew);
  ktest_check(token.value == PASSES);
}

/* ---- sleepers that say what woke them ---- */

struct sleeper {
  struct waitq *queue;
  uint64_t deadline;
  bool uninterruptible;
  int result;    /* 1: still asleep */
  unsigned turn; /* woken as which */
};
static unsigned woken;

static void sleep_once(void *arg)
{
  struct sleeper *s = arg;

  s->result = 1;
  spin_lock(&lock);
  int result = 0;
  if (s->uninterruptible)
    waitq_sleep_uninterruptible(s->queue, &lock);
  else
    result = waitq_sleep(s->queue, &lock, s->deadline);
  s->result = result;
  s->turn = ++woken;
  spin_unlock(&lock);
}

/* Class KERNEL: each is asleep when crew_start returns. */
static bool start_sleepers(struct crew *crew, struct waitq *queue, struct sleeper *s, unsigned n)
{
  bool started = true;

  crew_init(crew);
  waitq_init(queue);
  woken = 0;
  for (unsigned i = 0; i < n; i++) {
    s[i].queue = queue;
    if (!s[i].deadline) s[i].deadline = DEADLINE_NONE;
    started = crew_start(crew, CLASS_KERNEL, sleep_once, &s[i]) && started;
  }
  return started;
}

static void wake(struct waitq *queue, bool all)
{
  spin_lock(&lock);
  if (all)
    waitq_wake_all(queue);
  else
    waitq_wake_one(queue);
  spin_unlock(&lock);
}

KTEST(sched_waitq_wakes_one_in_order)
{
  struct sleeper s[3] = {0};
  struct waitq queue;
  struct crew crew;

  bool started = start_sleepers(&crew, &queue, s, 3);
  bool asleep = s[0].result == 1 && s[1].result == 1 && s[2].result == 1;
  wake(&queue, false);
  bool one = s[0].result == 0 && s[1].result == 1 && s[2].result == 1;
  wake(&queue, false);
  bool two = s[1].result == 0 && s[2].result == 1;
  wake(&queue, true);
  crew_wait(&crew);
  ktest_check(started && asleep);
  ktest_check(one);
  ktest_check(two);
}

KTEST(sched_waitq_wakes_all_in_order)
{
  struct sleeper s[3] = {0};
  struct waitq queue;
  struct crew crew;

  bool started = start_sleepers(&crew, &queue, s, 3);
  wake(&queue, true);
  crew_wait(&crew);
  ktest_check(started);
  for (unsigned i = 0; i < 3; i++) ktest_check(s[i].result == 0 && s[i].turn == i + 1);
  ktest_check(list_empty(&queue.threads));
}

KTEST(sched_waitq_times_out)
{
  struct waitq queue;
  uint64_t deadline = arch_clock_read() + 3 * MS;

  waitq_init(&queue);
  spin_lock(&lock);
  int result = waitq_sleep(&queue, &lock, deadline);
  bool held = spin_held(&lock);
  spin_unlock(&lock);
  ktest_check(result == -ETIMEDOUT);
  ktest_check(held);
  ktest_check(arch_clock_read() >= deadline);
  ktest_check(list_empty(&queue.threads));
}

/* A thread whose time is up but that has not run yet must not swallow the wake-up of the next. */
/* Preemption is off, so a sleeper whose deadline came gets ready and no further. Time alone would not do: a host that
 * stands still lets the clock pass the deadline before the interrupt is seen. */
static void spin_until_timed_out(const struct sleeper *s, const struct thread *t)
{
  while (s->result == 1 && __atomic_load_n(&t->state, __ATOMIC_RELAXED) == THREAD_BLOCKED) arch_relax();
}

KTEST(sched_waitq_wakeup_passes_over_timed_out)
{
  struct sleeper s[2] = {{.deadline = arch_clock_read() + 5 * MS}, {0}};
  struct waitq queue;
  struct crew crew;

  bool started = start_sleepers(&crew, &queue, s, 2);
  preemption_off();
  if (started) spin_until_timed_out(&s[0], crew.members[0].thread);
  wake(&queue, false);
  preemption_on();
  crew_wait(&crew);
  ktest_check(started);
  ktest_check(s[0].result == -ETIMEDOUT);
  ktest_check(s[1].result == 0);
}

KTEST(sched_waitq_wakeup_beats_deadline)
{
  struct sleeper s[1] = {{.deadline = arch_clock_read() + 60000 * MS}};
  struct waitq queue;
  struct crew crew;

  bool started = start_sleepers(&crew, &queue, s, 1);
  wake(&queue, false);
  crew_wait(&crew);
  ktest_check(started && s[0].result == 0);
}

KTEST(sched_interrupt_ends_only_interruptible_sleep)
{
  struct sleeper s[2] = {{0}, {.uninterruptible = true}};
  struct waitq queue;
  struct crew crew;

  bool started = start_sleepers(&crew, &queue, s, 2);
  if (started) {
    thread_interrupt(crew.members[0].thread);
    thread_interrupt(crew.members[1].thread);
  }
  bool second_asleep = s[1].result == 1;
  wake(&queue, true);
  crew_wait(&crew);
  ktest_check(started);
  ktest_check(s[0].result == -EINTR);
  ktest_check(second_asleep && s[1].result == 0);
}

KTEST(sched_wake_is_idempotent)
{
  struct sleeper s[1] = {0};
  struct waitq queue;
  struct crew crew;

  bool started = start_sleepers(&crew, &queue, s, 1);
  preemption_off();
  unsigned ready = cpu_self()->runq.nready;
  if (started) {
    sched_wake(crew.members[0].thread);
    sched_wake(crew.members[0].thread);
  }
  unsigned ready_after = cpu_self()->runq.nready;
  sched_wake(thread_current());
  unsigned ready_self = cpu_self()->runq.nready;
  preemption_on();
  crew_wait(&crew);
  ktest_check(started);
  ktest_check(ready_after == ready + 1);
  ktest_check(ready_self == ready_after);
}

/* ---- sleeping by the clock ---- */

struct napper {
  uint64_t deadline;
  uint64_t began, woke;
  unsigned turn;
};

static void nap(void *arg)
{
  struct napper *n = arg;

  n->began = arch_clock_read();
  if (thread_sleep_until(n->deadline) < 0) return;
  n->woke = arch_clock_read();
  spin_lock(&lock);
  n->turn = ++woken;
  spin_unlock(&lock);
}

static bool nap_three(struct napper n[3], uint64_t base)
{
  struct crew crew;
  bool started = true;

  n[0] = (struct napper){.deadline = base + 10 * MS};
  n[1] = (struct napper){.deadline = base};
  n[2] = (struct napper){.deadline = base + 5 * MS};
  crew_init(&crew);
  woken = 0;
  for (unsigned i = 0; i < 3; i++) started = crew_start(&crew, CLASS_KERNEL, nap, &n[i]) && started;
  crew_wait(&crew);
  return started;
}

KTEST(sched_sleepers_wake_by_deadline)
{
  struct napper n[3];
  uint64_t ahead = 10 * MS;

  do { /* a slow machine may be late for the first deadline before the last one sleeps: once more, with more time */
    ahead *= 2;
    ktest_check(nap_three(n, arch_clock_read() + ahead));
  } while (n[2].began >= n[1].deadline);
  ktest_check(n[1].turn == 1 && n[2].turn == 2 && n[0].turn == 3);
  for (unsigned i = 0; i < 3; i++) ktest_check(n[i].woke >= n[i].deadline);
}

KTEST(sched_sleep_until_past_returns)
{
  ktest_check(thread_sleep_until(0) == 0);
}
