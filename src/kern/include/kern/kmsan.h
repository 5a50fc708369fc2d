/*
 * Builds for MemorySanitizer (--enable-sanitizers=memory) follow every value that nobody has initialised. The allocators say
 * which memory holds none, and what leaves for a program is checked: a value that is still unknown there is one of the
 * kernel's own, a leak. So is one that decides a branch or an address. Nothing in other builds.
 */
#ifndef KERN_KMSAN_H
#define KERN_KMSAN_H

#include <kern/types.h>

#ifndef __has_feature
#define __has_feature(name) 0
#endif

#if __has_feature(memory_sanitizer)

void __msan_allocated_memory(const volatile void *p, size_t size);
void __msan_unpoison(const volatile void *p, size_t size);
void __msan_check_mem_is_initialized(const volatile void *p, size_t size);

/* Handed out now, and uninitialised until it is written. */
static inline void kmsan_poison(const void *p, size_t size)
{
  __msan_allocated_memory(p, size);
}

/* Initialised by an access at another address: what one page has at two addresses is followed at each for itself. */
static inline void kmsan_unpoison(const void *p, size_t size)
{
  __msan_unpoison(p, size);
}

/* Leaves the kernel now: reports what is uninitialised, with where it came from, and ends the simulator. */
static inline void kmsan_check(const void *p, size_t size)
{
  __msan_check_mem_is_initialized(p, size);
}

/* A function that reads what may not be initialised: whatever it makes of it counts as initialised. */
#define KMSAN_EXEMPT __attribute__((no_sanitize("memory")))

#else

#define KMSAN_EXEMPT

static inline void kmsan_poison(const void *p, size_t size)
{
  (void)p, (void)size;
}

static inline void kmsan_unpoison(const void *p, size_t size)
{
  (void)p, (void)size;
}

static inline void kmsan_check(const void *p, size_t size)
{
  (void)p, (void)size;
}

#endif

#endif
