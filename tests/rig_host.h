/* The host's part of the rig: memory that can be seen at two places, and access faults. Includes no kernel header. */
#ifndef TESTS_RIG_HOST_H
#define TESTS_RIG_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A fresh block of zeroes that stands for physical memory; answers where all of it is mapped. */
uintptr_t rig_host_memory(size_t size);

/* Reserves addresses, inaccessible. */
void rig_host_reserve(uintptr_t base, size_t size);

/* Shows 4 KiB of the memory at `at`, in the reserved range; or makes the place inaccessible again. */
void rig_host_show(uintptr_t at, uint64_t offset, bool write);
void rig_host_hide(uintptr_t at);

/* From now on an access that faults calls handler; answering true repeats the access, false ends rig_host_try, or the test. */
void rig_host_on_fault(bool (*handler)(uintptr_t at, bool write));

/* Reads or writes a byte; false when it faulted for good. */
bool rig_host_try(uintptr_t at, bool write);

#endif
