/* What tests of the page allocator share, over the rig: the algorithms, a machine for each. */
#ifndef TESTS_PMM_RIG_H
#define TESTS_PMM_RIG_H

#include "rig.h"

#include <kern/mm/pmm_ops.h>
#include <kern/pmm.h>

#define ALGORITHMS 3
extern const struct pmm_ops *const algorithms[ALGORITHMS];

/* A machine with 64 MiB for each algorithm in turn. */
void boot_algorithm(int i);
struct pmm_stats stats(void);

#endif
