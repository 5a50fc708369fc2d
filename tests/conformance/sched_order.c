/* The scheduler: who runs when. */
#include "crew.h"
#include <kern/arch.h>
#include <kern/cpu.h>
#include <kern/kmem.h>
#include <kern/ktest.h>
#include <kern/panic.h>

/* What ran in which order: letters, as each thread got its turn. */
static char order[64];
static unsigned order_length;

static void order_reset(void)
{
  order_length = 0;
  for (unsigned i = 0; i < sizeof order; i++) order[i] = '\0';
}

static void order_add(char c)
{
  if (order_length < sizeof order - 1) order[order_length++] = c;
}

static bool order_is(const char *text)
{
  for (unsigned i = 0; i <= order_length; i++) {
    if (order[i] != text[i]) return false;
  }
  return true;
}

static void add_three_times(void *arg)
{
  for (unsigned i = 0; i < 3; i++) {
    order_add(*(const char *)arg);
    sched_yield();
  }
}

KTEST(sched_yield_interleaves)
{
  struct crew crew;

  crew_init(&crew);
  order_reset();
  preemption_off();
  bool started = crew_start(&crew, CLASS_USER, add_three_times, "a") &&
                 crew_start(&crew, CLASS_USER, add_three_times, "b") &&
                 crew_start(&crew, CLASS_USER, add_three_times, "c");
  crew_wait(&crew);
  preemption_on();
  ktest_check(started);
  ktest_check(order_is("abcabcabc"));
}

static void add_once(void *arg)
{
  order_add(*(const char *)arg);
}

KTEST(sched_higher_classes_first)
{
  struct crew crew;

  crew_init(&crew);
  order_reset();
  preemption_off();
  bool started = crew_start(&crew, CLASS_BACKGROUND, add_once, "b") && crew_start(&crew, CLASS_USER, add_once, "u") &&
                 crew_start(&crew, CLASS_SYSTEM, add_once, "s") && crew_start(&crew, CLASS_KERNEL, add_once, "k");
  crew_wait(&crew);
  preemption_on();
  ktest_check(started);
  ktest_check(order_is("ksub"));
}

KTEST(sched_start_preempts_lower_class)
{
  struct crew crew;

  crew_init(&crew);
  order_reset();
  bool started = crew_start(&crew, CLASS_KERNEL, add_once, "k"); /* has run when this returns */
  order_add('m');
  crew_wait(&crew);
  ktest_check(started);
  ktest_check(order_is("km"));
}

KTEST(sched_preemption_off_holds)
{
  struct crew crew;

  crew_init(&crew);
  order_reset();
  preemption_off();
  bool started = crew_start(&crew, CLASS_KERNEL, add_once, "k");
  spin_for(2 * SCHED_SLICE_NS);
  order_add('m');
  preemption_on();
  crew_wait(&crew);
  ktest_check(started);
  ktest_check(order_is("mk"));
}

/* Two threads that never give way, each waiting for the other to get on: only slices make both end. */
struct spinner {
  unsigned *own, *other;
};

static void spin_by_turns(void *arg)
{
  struct spinner *s = arg;

  for (unsigned round = 1; round <= 3; round++) {
    __atomic_store_n(s->own, round, __ATOMIC_RELEASE);
    while (__atomic_load_n(s->other, __ATOMIC_ACQUIRE) < round) arch_relax();
  }
}

KTEST(sched_slices_share_the_processor)
{
  struct crew crew;
  unsigned a = 0, b = 0;
  struct spinner first = {&a, &b}, second = {&b, &a};

  crew_init(&crew);
  ktest_check(crew_start(&crew, CLASS_USER, spin_by_turns, &first));
  bool started = crew_start(&crew, CLASS_USER, spin_by_turns, &second);
  if (!started) b = 3;
  crew_wait(&crew);
  ktest_check(started && a == 3 && b == 3);
}

static bool background_ran;
static uint64_t background_at;

static void note_running(void *arg)
{
  (void)arg;
  background_at = arch_clock_read();
  __atomic_store_n(&background_ran, true, __ATOMIC_RELEASE);
}

static void hog_until_background_ran(void *arg)
{
  (void)arg;
  while (!__atomic_load_n(&background_ran, __ATOMIC_ACQUIRE)) arch_relax();
}

KTEST(sched_starved_thread_gets_a_slice)
{
  struct crew crew;

  crew_init(&crew);
  background_ran = false;
  bool hog = crew_start(&crew, CLASS_USER, hog_until_background_ran, NULL);
  uint64_t ready = arch_clock_read();
  bool starving = crew_start(&crew, CLASS_BACKGROUND, note_running, NULL);
  if (!starving) background_ran = true;
  crew_wait(&crew);
  ktest_check(hog && starving);
  ktest_check(background_at >= ready + SCHED_STARVATION_NS);
}

/* More starved threads than there are slices in the starvation time: without turns in order in between, one of them
 * would always be due and the higher class would never run again. */
#define MANY (SCHED_STARVATION_NS / SCHED_SLICE_NS + 10)
static bool hog_done;

static void spin_until_hog_done(void *arg)
{
  (void)arg;
  while (!__atomic_load_n(&hog_done, __ATOMIC_ACQUIRE)) arch_relax();
}

static void hog_for_a_while(void *arg)
{
  (void)arg;
  spin_for(3 * SCHED_STARVATION_NS);
  __atomic_store_n(&hog_done, true, __ATOMIC_RELEASE);
}

KTEST(sched_starved_threads_do_not_starve_others)
{
  struct crew crew;
  bool started = true;

  crew_init(&crew);
  hog_done = false;
  for (unsigned i = 0; i < MANY; i++)
    started = crew_start(&crew, CLASS_BACKGROUND, spin_until_hog_done, NULL) && started;
  bool hog = crew_start(&crew, CLASS_USER, hog_for_a_while, NULL);
  if (!hog) hog_done = true;
  crew_wait(&crew);
  ktest_check(started && hog);
}

static void take_time(void *arg)
{
  (void)arg;
  spin_for(5000000);
}

static void return_at_once(void *arg)
{
  (void)arg;
}

KTEST(sched_counts_processor_time)
{
  uint64_t before = thread_current()->cpu_ns;
  struct crew crew;

  spin_for(5000000);
  crew_init(&crew);
  ktest_check(crew_start(&crew, CLASS_USER, take_time, NULL)); /* waiting for it books what was used before */
  crew_wait(&crew);
  ktest_check(thread_current()->cpu_ns - before >= 5000000);
}

/* A crew says that it is done just before its last thread ends: sleeping lets that thread end. */
static void count_objects(struct kmem_stats *stats)
{
  if (thread_sleep_until(arch_clock_read() + 1000000)) panic("a kernel thread's sleep was ended");
  kmem_get_stats(stats);
}

KTEST(sched_ended_threads_leave_nothing)
{
  struct kmem_stats before, after;
  struct crew crew;

  for (unsigned round = 0; round < 100; round++) {
    if (round == 10) count_objects(&before);
    crew_init(&crew);
    for (unsigned i = 0; i < 8; i++) ktest_check(crew_start(&crew, CLASS_KERNEL, return_at_once, NULL));
    crew_wait(&crew);
  }
  count_objects(&after);
  ktest_check(after.objects == before.objects);
  ktest_check(after.stack_pages == before.stack_pages);
}

KTEST(sched_unstarted_thread_is_undone)
{
  struct kmem_stats before, after;
  struct thread *t;

  ktest_check(thread_create(NULL, "unstarted", CLASS_USER, return_at_once, NULL, &t) == 0);
  ktest_check(t->id > thread_current()->id);
  thread_destroy(t);
  kmem_get_stats(&before);
  ktest_check(thread_create(NULL, "unstarted", CLASS_USER, return_at_once, NULL, &t) == 0);
  thread_destroy(t);
  kmem_get_stats(&after);
  ktest_check(after.objects == before.objects);
}
