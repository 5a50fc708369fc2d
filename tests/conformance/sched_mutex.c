/* Sleeping mutexes: exclusion, and the hand-over to the one that waits longest. */
#include "crew.h"
#include <kern/arch.h>
#include <kern/ktest.h>
#include <kern/mutex.h>

static struct mutex mutex;
static unsigned counter, turns;

static void count_slowly(void *arg)
{
  (void)arg;
  for (unsigned i = 0; i < 200; i++) {
    mutex_lock(&mutex);
    unsigned seen = counter;
    sched_yield(); /* everybody else gets a chance to spoil it */
    counter = seen + 1;
    mutex_unlock(&mutex);
  }
}

KTEST(sched_mutex_excludes)
{
  struct crew crew;
  unsigned started = 0;

  crew_init(&crew);
  mutex_init(&mutex, "test");
  counter = 0;
  for (unsigned i = 0; i < 4; i++) started += crew_start(&crew, CLASS_USER, count_slowly, NULL);
  crew_wait(&crew);
  ktest_check(started == 4);
  ktest_check(counter == 800);
}

static void lock_and_note(void *arg)
{
  mutex_lock(&mutex);
  *(unsigned *)arg = ++turns;
  mutex_unlock(&mutex);
}

KTEST(sched_mutex_hands_over_in_order)
{
  unsigned turn[3] = {0};
  struct crew crew;
  bool started = true;

  crew_init(&crew);
  mutex_init(&mutex, "test");
  turns = 0;
  mutex_lock(&mutex);
  for (unsigned i = 0; i < 3; i++) started = crew_start(&crew, CLASS_KERNEL, lock_and_note, &turn[i]) && started;
  preemption_off();
  mutex_unlock(&mutex);
  bool handed = mutex_holder(&mutex) == crew.members[0].thread; /* before it has run */
  preemption_on();
  crew_wait(&crew);
  ktest_check(started);
  ktest_check(handed);
  for (unsigned i = 0; i < 3; i++) ktest_check(turn[i] == i + 1);
  ktest_check(mutex_holder(&mutex) == NULL);
}

KTEST(sched_mutex_knows_its_holder)
{
  mutex_init(&mutex, "test");
  ktest_check(!mutex_held(&mutex));
  mutex_lock(&mutex);
  bool held = mutex_held(&mutex);
  mutex_unlock(&mutex);
  ktest_check(held && !mutex_held(&mutex));
}
