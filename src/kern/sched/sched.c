/*
 * The scheduler. A thread stays on the processor it was started on, so `cpu` is the same before and after a switch.
 * The run queue's lock is held across it and released by the thread that was switched to: nobody else sees a thread
 * ready before its registers are saved.
 *
 * Ticks: none, unless somebody else waits. should_switch decides and asks for the one timer it needs: the end of the
 * running thread's slice when the same or a higher class competes, the moment a lower class has starved otherwise.
 */
#include "runq.h"
#include "thread_impl.h"
#include <kern/aspace.h>
#include <kern/cpu.h>
#include <kern/panic.h>
#include <kern/process.h>
#include <kern/spinlock_inline.h>
#include <kern/timer.h>

/* The switch is put into each of its few callers: saving registers for calls between its parts would be a tenth of
 * it. */
#define SWITCH_PART static inline __attribute__((always_inline))

struct cpu cpus[MAX_CPUS];
unsigned cpu_count = 1;

/* The queue of the processor that runs this. */
SWITCH_PART void lock_own_queue(struct cpu *cpu)
{
  bool enabled = arch_irq_disable();
  spin_lock_on(&cpu->runq.lock, cpu, enabled);
}

/* A starved thread's slice counts as the highest class: only the slice's end takes the processor from it. */
SWITCH_PART unsigned effective_class(const struct thread *t)
{
  return t->boosted ? CLASS_KERNEL : t->sched_class;
}

/* When the running thread `t` has to be looked at again, with what is ready now. */
SWITCH_PART uint64_t competition_time(const struct runq *rq, const struct thread *t)
{
  if (runq_best_class(rq) <= effective_class(t) || t->boosted) return t->slice_end;
  return MAX(runq_starvation_time(rq, t->sched_class), t->slice_end);
}

/* Whether the running thread must give way now; sets the timer for the moment it will have to. Queue locked. */
SWITCH_PART bool should_switch(struct cpu *cpu, uint64_t now)
{
  struct runq *rq = &cpu->runq;
  struct thread *t = cpu->current;

  if (!rq->ready_mask) return false;
  if (t == cpu->idle) return true;
  if (now >= t->slice_end) t->boosted = false;
  if (runq_best_class(rq) < effective_class(t)) return true;

  uint64_t when = competition_time(rq, t);
  if (now >= when) return true;
  timer_slice_ensure(cpu, when);
  return false;
}

SWITCH_PART void load_aspace(struct cpu *cpu, const struct thread *t)
{
  struct aspace *as = t->process ? t->process->aspace : NULL;
  if (!as || as == cpu->active_aspace) return; /* kernel threads run on whatever is loaded */
  cpu->active_aspace = as;
  arch_aspace_activate(as->pmap.root);
}

/* Switches from `prev`, the running thread, to the best ready one. Its state says what becomes of it; queue locked,
 * and again on return. */
SWITCH_PART void switch_to_next(struct cpu *cpu, struct thread *prev, uint64_t now)
{
  struct thread *next = runq_pick(&cpu->runq, now);

  if (!next) next = cpu->idle;
  cpu->need_resched = false;
  next->state = THREAD_RUNNING;
  next->slice_end = now + next->slice_left;
  /* Competition is never due before the slice's end: mostly the timer is set already and this is all. */
  if (cpu->runq.ready_mask && next->slice_end < cpu->slice_timer)
    timer_slice_ensure(cpu, competition_time(&cpu->runq, next));
  if (next == prev) return;

  prev->cpu_ns += thread_ran(prev, now);
  next->run_since = now;
  cpu->current = next;
  cpu->switches++;
  load_aspace(cpu, next);
  bool outer = cpu->irq_off_outer;
  arch_context_switch(prev->context, next->context);
  cpu->irq_off_outer = outer;
}

/* After a switch: releases the queue and frees the thread that ended with it. */
SWITCH_PART void finish_switch(struct cpu *cpu)
{
  struct thread *dead = cpu->terminated;

  cpu->terminated = NULL;
  spin_unlock_on(&cpu->runq.lock, cpu);
  if (dead) thread_free(dead);
}

/* The same for a thread that goes on under `lock`, with interrupts disabled all the while. */
SWITCH_PART void finish_switch_under(struct cpu *cpu, struct spinlock *lock)
{
  if (cpu->terminated) {
    finish_switch(cpu);
    spin_lock(lock);
    return;
  }
  spin_release(&cpu->runq.lock, cpu);
  spin_acquire(lock, cpu);
}

void sched_thread_begin(void)
{
  struct cpu *cpu = cpu_self();
  cpu->irq_off_outer = true; /* a new thread runs with interrupts enabled */
  finish_switch(cpu);
}

/* Puts the running thread back on the queue, with what is left of its slice. */
static void requeue_current(struct cpu *cpu, uint64_t now)
{
  struct thread *t = cpu->current;

  if (t == cpu->idle) {
    t->state = THREAD_READY;
    return;
  }
  bool used_up = now >= t->slice_end;
  t->boosted = false;
  t->slice_left = used_up ? SCHED_SLICE_NS : MIN(t->slice_end - now, SCHED_SLICE_NS);
  if (used_up)
    runq_push_back(&cpu->runq, t, now);
  else
    runq_push_front(&cpu->runq, t, now);
}

void sched_preempt(void)
{
  struct cpu *cpu = cpu_self();

  if (!cpu->need_resched || cpu->irq_off_depth > 0 || cpu->preempt_off > 0) return;
  kassert(!arch_irq_enabled());
  lock_own_queue(cpu);
  uint64_t now = arch_clock_read();
  cpu->need_resched = false;
  if (should_switch(cpu, now)) {
    requeue_current(cpu, now);
    switch_to_next(cpu, cpu->current, now);
  }
  finish_switch(cpu);
}

void sched_yield(void)
{
  struct cpu *cpu = cpu_self();
  struct thread *t = cpu->current;

  kassert(cpu->irq_off_depth == 0 && t != cpu->idle);
  lock_own_queue(cpu);
  if (cpu->runq.ready_mask) {
    uint64_t now = arch_clock_read();
    t->boosted = false;
    t->slice_left = SCHED_SLICE_NS;
    runq_push_back(&cpu->runq, t, now);
    switch_to_next(cpu, t, now);
  }
  finish_switch(cpu);
}

/* With the queue locked, a kill either set `killed` before this looks or finds the thread blocked afterwards. */
static inline bool may_sleep(const struct thread *t, bool interruptible)
{
  return !interruptible || !t->process || !__atomic_load_n(&t->process->killed, __ATOMIC_RELAXED);
}

bool sched_block(struct spinlock *lock, bool interruptible)
{
  struct cpu *cpu = cpu_self();
  struct thread *t = cpu->current;

  if (t == cpu->idle) panic("the idle thread must not sleep");
  if (cpu->irq_off_depth != 1) panic("thread %s sleeps with a spinlock held", t->name);
  /* The queue's lock takes the place of the caller's, and that its place again: one is held all the while. */
  spin_acquire(&cpu->runq.lock, cpu);
  if (!may_sleep(t, interruptible)) {
    spin_release(&cpu->runq.lock, cpu);
    return false;
  }
  t->interruptible = interruptible;
  t->wake_reason = 0;
  t->state = THREAD_BLOCKED;
  spin_release(lock, cpu);
  t->boosted = false;
  t->slice_left = SCHED_SLICE_NS;
  switch_to_next(cpu, t, arch_clock_read());
  finish_switch_under(cpu, lock);
  return true;
}

/* Queue locked, `t` on no list. */
SWITCH_PART void make_ready(struct cpu *cpu, struct thread *t)
{
  uint64_t now = arch_clock_read();

  runq_push_back(&cpu->runq, t, now);
  /* Another processor decides for itself, at its next interrupt. */
  if (cpu != cpu_self() || should_switch(cpu, now)) cpu->need_resched = true;
}

bool sched_wake_inner(struct thread *t, int reason)
{
  struct cpu *cpu = t->cpu;

  spin_lock_inner(&cpu->runq.lock);
  bool was_blocked = t->state == THREAD_BLOCKED && (reason != -EINTR || t->interruptible);
  if (was_blocked) {
    t->wake_reason = reason;
    make_ready(cpu, t);
  }
  spin_unlock_inner(&cpu->runq.lock);
  return was_blocked;
}

bool sched_wake_reason(struct thread *t, int reason)
{
  irq_push_off();
  bool was_blocked = sched_wake_inner(t, reason);
  irq_pop_off();
  return was_blocked;
}

void sched_wake(struct thread *t)
{
  sched_wake_reason(t, 0);
}

void thread_interrupt(struct thread *t)
{
  sched_wake_reason(t, -EINTR);
}

void sched_start(struct thread *t)
{
  irq_push_off();
  struct cpu *cpu = cpu_self();
  kassert(t->state == THREAD_CREATED);
  spin_lock(&cpu->runq.lock);
  t->cpu = cpu;
  make_ready(cpu, t);
  spin_unlock(&cpu->runq.lock);
  irq_pop_off();
}

void sched_exit_current(void)
{
  (void)arch_irq_disable();
  struct cpu *cpu = cpu_self();
  struct thread *t = cpu->current;

  if (t == cpu->idle) panic("the idle thread must not end");
  lock_own_queue(cpu);
  if (cpu->irq_off_depth != 1) panic("thread %s ends with a spinlock held", t->name);
  t->state = THREAD_TERMINATED;
  cpu->terminated = t;
  switch_to_next(cpu, t, arch_clock_read());
  panic("thread %s ran after its end", t->name);
}

void sched_slice_end(void)
{
  struct cpu *cpu = cpu_self();

  lock_own_queue(cpu);
  if (should_switch(cpu, arch_clock_read())) cpu->need_resched = true;
  spin_unlock(&cpu->runq.lock);
}

void sched_init_cpu(void)
{
  struct cpu *cpu = cpu_self();

  runq_init(&cpu->runq);
  cpu->idle = thread_adopt_idle(cpu);
  cpu->idle->state = THREAD_RUNNING;
  cpu->current = cpu->idle;
}
