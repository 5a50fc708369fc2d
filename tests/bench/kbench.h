/* Measuring inside the kernel, for make bench (`ktest=bench`). */
#ifndef TESTS_KBENCH_H
#define TESTS_KBENCH_H

#include <kern/types.h>

#define ROUNDS 15

struct samples {
  uint64_t cycles[ROUNDS], ns[ROUNDS];
};

/* Times `work(count)` once, as sample i of ROUNDS. */
void kbench_sample(struct samples *s, unsigned i, void (*work)(uint64_t), uint64_t count);
/* The same, all ROUNDS times. */
void kbench_measure(struct samples *s, void (*work)(uint64_t), uint64_t count);
/* Prints the medians. `count` is how many operations one round did; the results are hundredths of one. */
void kbench_report(const char *name, struct samples *s, uint64_t count);

#endif
