/* What the scheduler and the threads' life cycle share. Private to this folder. */
#ifndef KERN_SCHED_THREAD_IMPL_H
#define KERN_SCHED_THREAD_IMPL_H

#include <kern/thread.h>

/* Frees a thread that ended, or was never started. */
void thread_free(struct thread *t);

/* The thread that stands for the context a processor booted on. */
struct thread *thread_adopt_idle(struct cpu *cpu);

/* Gives the thread a kernel stack, where entry(thread) will begin. -ENOMEM. */
MUST_CHECK int thread_take_stack(struct thread *t, void (*entry)(void *));

#endif
