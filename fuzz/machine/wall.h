/* Between the two sides of the fuzzing machine, beyond sim/host.h. Plain types only. */
#ifndef FUZZ_WALL_H
#define FUZZ_WALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- wall.c ---- */

/* The initial RAM disk that the machine will find. */
void wall_set_initrd(const void *bytes, size_t size);

/* ---- wall_memory.c ---- */

/* Everything belongs to the snapshot from now on: `state` is the kernel's and the machine's own data. */
void wall_snapshot(void *state, size_t size);
/* Puts memory and mappings back. Answers how many pages had changed, and in *open how many might have. */
size_t wall_restore(size_t *open);
uint64_t wall_hash(void);
/* The host refused a write to `at`: true when that was for the snapshot, and the page is open now. In the signal handler. */
bool wall_write_fault(uintptr_t at);

/* ---- guest.c, called by wall.c ---- */

/* A page fault of the kernel in its own window: true when it was translated. In the signal handler. */
bool guest_fault(uintptr_t at, bool write, bool fetch);
/* Nobody is ready, no timer is set. */
void guest_idle(void);
/* The kernel switched off, or halted after a panic. */
__attribute__((noreturn)) void guest_off(int status);

#endif
