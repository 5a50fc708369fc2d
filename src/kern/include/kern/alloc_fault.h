/*
 * Failing allocations on purpose, for tests: fail the nth one, n = 1, 2, 3 ... until none failed any more, and see that a
 * failed call changed nothing. Counts pages, ranges, heap, caches and the boot allocator alike. An operation may succeed
 * although an allocation failed: the heap tries again after giving back what it keeps for later.
 *
 * "fail-alloc=N" or "fail-alloc=N,forever" on the command line does it from the start of kern_main on, and says on the log,
 * at level info, which places of the source failed.
 *
 * The allocators' functions are macros over the functions of the same name, which ask here first. So each call in the source
 * is a place of its own, with a record that says whether it ever failed; a test can tell which did not. Not armed, it costs
 * the one look at alloc_fault_armed.
 */
#ifndef KERN_ALLOC_FAULT_H
#define KERN_ALLOC_FAULT_H

#include <kern/types.h>

/* A place in the source that allocates. */
struct alloc_site {
  const char *file, *function;
  unsigned line;
  unsigned failed; /* atomic; how often it was made to fail */
};

extern bool alloc_fault_armed;
bool alloc_fault_hit(struct alloc_site *site);

/* Collected by the linker: section "alloc_sites" has a pointer to each. */
#define ALLOC_SITE()                                                                                    \
  ({                                                                                                    \
    static struct alloc_site site_ = {__FILE__, __func__, __LINE__, 0};                                 \
    __attribute__((used, section("alloc_sites"))) static struct alloc_site *const site_entry_ = &site_; \
    &site_;                                                                                             \
  })

/* Whether this allocation has to fail. Asked by the allocators' macros. */
#define alloc_fails_here() (__builtin_expect(alloc_fault_armed, false) && alloc_fault_hit(ALLOC_SITE()))

/* What the boot command line asks for. */
void alloc_fault_init(const char *cmdline);

/* The nth allocation from now on fails (1: the next), then, with `forever`, every one after it. 0 ends it. */
void alloc_fault_arm(uint64_t nth, bool forever);
/* How many allocations there were, and how many of them have failed, since alloc_fault_arm. */
uint64_t alloc_fault_attempts(void);
uint64_t alloc_fault_failures(void);

/* All places, in the linker's order. */
struct alloc_site *const *alloc_fault_sites(size_t *count);

#endif
