/*
 * Failing allocations on purpose, for tests: fail the nth one, n = 1, 2, 3 ... until none failed any more, and see that a
 * failed call changed nothing. Counts kmalloc, caches, pages and guarded ranges alike. An operation may succeed although
 * an allocation failed: the heap tries again after giving back what it keeps for later.
 */
#ifndef KERN_ALLOC_FAULT_H
#define KERN_ALLOC_FAULT_H

#include <kern/types.h>

extern bool alloc_fault_armed;
bool alloc_fault_hit(void);

/* The nth allocation from now on fails (1: the next), then, with `forever`, every one after it. 0 ends it. */
void alloc_fault_arm(uint64_t nth, bool forever);
/* How many allocations have failed since alloc_fault_arm. */
uint64_t alloc_fault_failures(void);

/* Asked by the allocators before they do anything. */
static inline bool alloc_should_fail(void)
{
  return __builtin_expect(alloc_fault_armed, false) && alloc_fault_hit();
}

#endif
