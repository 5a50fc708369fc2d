/* What every harness shares: the engine's entry points (libFuzzer's, or fuzz/replay.c's) and how a finding is reported. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* What must hold for any input. A trap is what engines take for a finding, and its stack shows which line. */
#define REQUIRE(condition) ((condition) ? (void)0 : __builtin_trap())

/* Given by the harness: one input; answers 0. Keeps no state from one to the next. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* May be given by the harness: changes data in place, where the engine's own changes alone get stuck; answers the size. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
/* The engine's own changes. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#endif
