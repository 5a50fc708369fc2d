/* Threads that a test starts and waits for. */
#include "crew.h"
#include <kern/cpu.h>

void crew_init(struct crew *c)
{
  *c = (struct crew){.lock = SPINLOCK_INIT("crew")};
  waitq_init(&c->done);
}

static void member_run(void *arg)
{
  struct crew_member *m = arg;

  m->work(m->arg);
  spin_lock(&m->crew->lock);
  if (--m->crew->running == 0) waitq_wake_all(&m->crew->done);
  spin_unlock(&m->crew->lock);
}

bool crew_start(struct crew *c, enum sched_class sched_class, void (*work)(void *), void *arg)
{
  if (c->started == CREW_MAX) return false;
  struct crew_member *m = &c->members[c->started];
  *m = (struct crew_member){.crew = c, .work = work, .arg = arg};
  if (thread_create(NULL, "crew", sched_class, member_run, m, &m->thread) < 0) return false;
  c->started++;
  spin_lock(&c->lock);
  c->running++;
  spin_unlock(&c->lock);
  sched_start(m->thread);
  return true;
}

void crew_wait(struct crew *c)
{
  spin_lock(&c->lock);
  while (c->running > 0) waitq_sleep_uninterruptible(&c->done, &c->lock);
  spin_unlock(&c->lock);
}

void preemption_off(void)
{
  irq_push_off();
  cpu_self()->preempt_off++;
  irq_pop_off();
}

void preemption_on(void)
{
  irq_push_off();
  cpu_self()->preempt_off--;
  irq_pop_off();
}

void spin_for(uint64_t ns)
{
  uint64_t end = arch_clock_read() + ns;
  while (arch_clock_read() < end) arch_relax();
}
