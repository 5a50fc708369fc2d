/*
 * Random numbers: the kernel's one pool. Any context, interrupts in any state; never blocks, never fails.
 *
 * Promised: what is read tells nothing about what was read before or will be read by others, not even to somebody who
 * sees the pool's whole state afterwards (each read replaces the key). Not promised: more than the machine gives. On a
 * processor with RDSEED or RDRAND, and on the simulator under the real clock, the pool starts with 256 bits that nobody
 * can guess. On a processor without, it starts with the timing of the boot, which somebody who knows the machine well
 * might guess. Under the simulator's virtual clock it is all determined by the seed, on purpose.
 */
#ifndef KERN_ENTROPY_H
#define KERN_ENTROPY_H

#include <kern/types.h>

/* Fills the pool for the first time. Once, before the first read. */
void entropy_init(void);

/* Fills out[0..len) with random bytes. */
void entropy_read(void *out, size_t len);

/* Stirs bytes into the pool. They can only do good, whoever chose them. */
void entropy_mix(const void *bytes, size_t len);

#endif
