/* System calls as a harness makes them: what kind each argument is, from syscalls.def, and numbers worth trying for it. */
#ifndef FUZZ_CALLS_H
#define FUZZ_CALLS_H

#include "guest.h"

#include <uapi/kinds.h>

/* Null past the last call. */
const struct call_info *call_info(uint64_t number);

/* Results of earlier calls, which later ones may take for a handle or an address. */
#define CALL_RESULTS 16u
struct call_memory {
  uint64_t results[CALL_RESULTS];
  unsigned next;
};
void call_remember(struct call_memory *memory, uint64_t result);

/* A value for an argument of that kind: `how` chooses the sort of value, `value` which one. */
uint64_t call_argument(const struct call_memory *memory, enum call_kind kind, uint8_t how, uint8_t value);

/* Whether a successful call may leave something in the file system, where it stays when the process ends. */
bool call_keeps(uint64_t number, const uint64_t args[6]);

#endif
