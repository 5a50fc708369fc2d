/*
 * Failing allocations on purpose, for tests: fail the nth one, n = 1, 2, 3 ... until none failed any more, and see that a
 * failed call changed nothing. Counts pages, ranges, heap, caches and the boot allocator alike. An operation may succeed
 * although an allocation failed: the heap tries again after giving back what it keeps for later. On the boot command line:
 * fault=alloc:WHEN (kern/inject.h).
 *
 * The allocators' functions are macros over the functions of the same name, which ask here first. So each call in the source
 * is a place of its own, with a record that says whether it ever failed; a test can tell which did not.
 */
#ifndef KERN_ALLOC_FAULT_H
#define KERN_ALLOC_FAULT_H

#include <kern/inject.h>

/* Whether this allocation has to fail. Asked by the allocators' macros. */
#define alloc_fails_here() INJECT_HERE(inject_alloc, "alloc_sites")

/* The nth allocation from now on fails (1: the next), then, with `forever`, every one after it. 0 ends it. */
static inline void alloc_fault_arm(uint64_t nth, bool forever)
{
  inject_arm(&inject_alloc, &(struct inject_when){.first = nth, .every = forever});
}
/* How many allocations have failed since alloc_fault_arm. */
static inline uint64_t alloc_fault_failures(void)
{
  return __atomic_load_n(&inject_alloc.strikes, __ATOMIC_RELAXED);
}

/* All places, in the linker's order. */
struct inject_site *const *alloc_fault_sites(size_t *count);

#endif
