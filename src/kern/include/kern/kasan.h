/*
 * Sanitizer builds tell AddressSanitizer which bytes of the heap may be touched: it then reports a use after free or past the
 * end of an object at the access itself, as use-after-poison. Nothing in other builds.
 */
#ifndef KERN_KASAN_H
#define KERN_KASAN_H

#include <kern/types.h>

#ifndef __has_feature
#define __has_feature(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)

void __asan_poison_memory_region(const volatile void *p, size_t size);
void __asan_unpoison_memory_region(const volatile void *p, size_t size);

static inline void kasan_poison(const void *p, size_t size)
{
  __asan_poison_memory_region(p, size);
}

static inline void kasan_unpoison(const void *p, size_t size)
{
  __asan_unpoison_memory_region(p, size);
}

#else

static inline void kasan_poison(const void *p, size_t size)
{
  (void)p, (void)size;
}

static inline void kasan_unpoison(const void *p, size_t size)
{
  (void)p, (void)size;
}

#endif

/* A function that touches poisoned memory: the allocator's own links and marks. */
#define KASAN_EXEMPT __attribute__((no_sanitize("address")))

#endif
