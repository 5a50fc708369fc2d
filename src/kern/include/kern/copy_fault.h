/*
 * Failing copies from and to programs on purpose, for tests: as if the program's page had vanished. The nth copy fails before
 * its first byte, or, because each further page of a long one counts too, in the middle. The copies that never sleep
 * (uio_put_now, uio_get_now) answer -EAGAIN, as for a page that is not there, all others -EFAULT; so a call may succeed although
 * a copy failed. On the boot command line: fault=copy:WHEN (kern/inject.h).
 *
 * As with allocations (kern/alloc_fault.h) every call in the source is a place of its own.
 */
#ifndef KERN_COPY_FAULT_H
#define KERN_COPY_FAULT_H

#include <kern/inject.h>

/* Whether this copy has to fail. Asked by the macros of kern/uaccess.h. */
#define copy_fails_here() INJECT_HERE(inject_copy, "copy_sites")

/* The nth copy from now on fails (1: the next), then, with `forever`, every one after it. 0 ends it. */
static inline void copy_fault_arm(uint64_t nth, bool forever)
{
  inject_arm(&inject_copy, &(struct inject_when){.first = nth, .every = forever});
}
/* How many copies have failed since copy_fault_arm. */
static inline uint64_t copy_fault_failures(void)
{
  return __atomic_load_n(&inject_copy.strikes, __ATOMIC_RELAXED);
}

/* All places, in the linker's order. */
struct inject_site *const *copy_fault_sites(size_t *count);

#endif
