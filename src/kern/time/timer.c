/*
 * One-shot timers: a queue ordered by deadline for each processor, and arch_timer_arm programmed for its head.
 *
 * Only the processor itself touches its hardware timer and `programmed`, with interrupts disabled; the queue has a
 * lock, because a timer may be cancelled from another processor. Cancelling leaves the hardware as it is: one
 * interrupt that finds nothing to do is cheaper than programming twice. The idle loop tidies that up.
 */
#include <kern/clock.h>
#include <kern/cpu.h>
#include <kern/panic.h>
#include <kern/sched.h>
#include <kern/timer.h>

#define NEVER UINT64_MAX

struct timer_wheel {
  struct spinlock lock;
  struct list queue;    /* lock; of timer.link, earliest first, equal ones in the order they were armed */
  struct timer *firing; /* lock; its callback runs now */
  uint64_t programmed;  /* own processor; what the hardware is armed for */
};

static struct timer_wheel wheels[MAX_CPUS];

void timer_init_cpu(void)
{
  struct cpu *cpu = cpu_self();
  struct timer_wheel *wheel = &wheels[cpu->id];

  *wheel = (struct timer_wheel){.lock = SPINLOCK_INIT("timer queue"), .programmed = NEVER};
  list_init(&wheel->queue);
  cpu->slice_timer = NEVER;
  cpu->timers = wheel;
}

static void program(struct timer_wheel *wheel, uint64_t deadline)
{
  wheel->programmed = deadline;
  arch_timer_arm(deadline);
}

static uint64_t queue_deadline(const struct timer_wheel *wheel)
{
  return list_empty(&wheel->queue) ? NEVER : list_first(&wheel->queue, struct timer, link)->deadline;
}

/* The last moment the clock can show is no reason for what never comes. */
static bool is_due(uint64_t deadline, uint64_t now)
{
  return deadline <= now && deadline != NEVER;
}

/* From the back: most new timers are later than most old ones. */
static void queue_insert(struct timer_wheel *wheel, struct timer *t)
{
  struct list *before = wheel->queue.prev;
  while (before != &wheel->queue && list_entry(before, struct timer, link)->deadline > t->deadline)
    before = before->prev;
  list_insert_between(&t->link, before, before->next);
}

void timer_arm(struct timer *t, uint64_t deadline, void (*fire)(struct timer *t))
{
  if (t->wheel) timer_cancel(t);
  irq_push_off();
  struct timer_wheel *wheel = cpu_self()->timers;
  spin_lock(&wheel->lock);
  t->deadline = deadline;
  t->fire = fire;
  t->armed = true;
  t->wheel = wheel;
  queue_insert(wheel, t);
  if (deadline < wheel->programmed) program(wheel, deadline);
  spin_unlock(&wheel->lock);
  irq_pop_off();
}

bool timer_cancel(struct timer *t)
{
  struct timer_wheel *wheel = t->wheel;
  if (!wheel) return false;

  spin_lock(&wheel->lock);
  bool was_armed = t->armed;
  if (was_armed) {
    list_remove(&t->link);
    t->armed = false;
  }
  /* A callback that runs on this processor was interrupted by nobody: it is the caller itself. */
  while (wheel->firing == t && wheel != cpu_self()->timers) {
    spin_unlock(&wheel->lock);
    arch_relax();
    spin_lock(&wheel->lock);
  }
  spin_unlock(&wheel->lock);
  return was_armed;
}

static void fire_due(struct timer_wheel *wheel, uint64_t now)
{
  spin_lock(&wheel->lock);
  while (is_due(queue_deadline(wheel), now)) {
    struct timer *t = list_first(&wheel->queue, struct timer, link);
    list_remove(&t->link);
    t->armed = false;
    wheel->firing = t;
    spin_unlock(&wheel->lock);
    t->fire(t); /* t may be gone, or armed again, when it returns */
    spin_lock(&wheel->lock);
    wheel->firing = NULL;
  }
  spin_unlock(&wheel->lock);
}

void timer_interrupt(void)
{
  struct cpu *cpu = cpu_self();
  struct timer_wheel *wheel = cpu->timers;
  uint64_t now = clock_monotonic_ns(); /* who wakes up by it finds the clock there, whatever the machine's does */

  kassert(!arch_irq_enabled());
  wheel->programmed = NEVER;
  fire_due(wheel, now);
  if (is_due(cpu->slice_timer, now)) {
    cpu->slice_timer = NEVER;
    sched_slice_end();
  }
  spin_lock(&wheel->lock);
  uint64_t next = MIN(queue_deadline(wheel), cpu->slice_timer);
  if (next < wheel->programmed) program(wheel, next);
  spin_unlock(&wheel->lock);
}

void timer_slice_ensure(struct cpu *cpu, uint64_t deadline)
{
  if (cpu->slice_timer <= deadline) return;
  cpu->slice_timer = deadline;
  if (deadline < cpu->timers->programmed) program(cpu->timers, deadline);
}

void timer_prepare_idle(void)
{
  struct cpu *cpu = cpu_self();
  struct timer_wheel *wheel = cpu->timers;

  cpu->slice_timer = NEVER;
  spin_lock(&wheel->lock);
  uint64_t next = queue_deadline(wheel);
  if (next != wheel->programmed) program(wheel, next);
  spin_unlock(&wheel->lock);
}
