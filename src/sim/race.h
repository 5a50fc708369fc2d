/*
 * Builds for ThreadSanitizer (--enable-sanitizers=thread) tell it that each kernel thread is a thread of its own although
 * one host thread runs them all, and what the interrupt flag orders. A switch alone orders nothing: what one thread wrote and
 * another reads without a lock, an atomic or disabled interrupts between is a race. Nothing in other builds.
 */
#ifndef SIM_RACE_H
#define SIM_RACE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef VERIDIAN_TSAN

void *__tsan_create_fiber(unsigned flags);
void *__tsan_get_current_fiber(void);
void __tsan_destroy_fiber(void *fiber);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
void __tsan_acquire(void *address);
void __tsan_release(void *address);
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);

#define RACE_NO_SYNC 1u

static inline void *race_thread_create(void)
{
  return __tsan_create_fiber(0);
}

static inline void *race_thread_current(void)
{
  return __tsan_get_current_fiber();
}

static inline void race_thread_destroy(void *thread)
{
  __tsan_destroy_fiber(thread);
}

/* Right before the switch to its stack. The first one orders what was done for the thread before what it does. */
static inline void race_thread_switch(void *thread, bool first)
{
  __tsan_switch_to_fiber(thread, first ? 0 : RACE_NO_SYNC);
}

/* What came before the release is ordered before what comes after the next acquire of the same thing. */
static inline void race_acquire(void *what)
{
  __tsan_acquire(what);
}

static inline void race_release(void *what)
{
  __tsan_release(what);
}

/* Between these the machine works, which no lock orders. */
static inline void race_ignore_begin(void)
{
  AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}

static inline void race_ignore_end(void)
{
  AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
  AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}

#else

static inline void *race_thread_create(void)
{
  return NULL;
}

static inline void *race_thread_current(void)
{
  return NULL;
}

static inline void race_thread_destroy(void *thread)
{
  (void)thread;
}

static inline void race_thread_switch(void *thread, bool first)
{
  (void)thread, (void)first;
}

static inline void race_acquire(void *what)
{
  (void)what;
}

static inline void race_release(void *what)
{
  (void)what;
}

static inline void race_ignore_begin(void) {}

static inline void race_ignore_end(void) {}

#endif

#endif
