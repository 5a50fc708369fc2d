/*
 * What runs and resets cost, in processor time: printed at the end by -print_final_stats=1, beside what libFuzzer prints.
 * One run in a few is measured, for reading that clock is a system call.
 */
#ifndef FUZZ_COST_H
#define FUZZ_COST_H

#include <stddef.h>

/* Around every run and its reset, in this order. `changed`: pages that were put back; `open`: those that were looked at. */
void cost_run_begins(void);
void cost_reset_begins(void);
void cost_reset_ends(size_t changed, size_t open);

#endif
