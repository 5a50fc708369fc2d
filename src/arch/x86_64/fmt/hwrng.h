/*
 * Taking random words from a processor's generator (RDRAND, RDSEED), which may have none at the moment and, in some
 * processors, is broken: it then answers the same again and again, and says that all is well. Intel SDM vol. 1, 7.3.17
 * "Random number generator instructions".
 */
#ifndef X86_FMT_HWRNG_H
#define X86_FMT_HWRNG_H

#include <kern/types.h>

#define HWRNG_TRIES 32u /* for one word; Intel's advice is 10 for RDRAND, and RDSEED runs dry sooner */

enum hwrng_result { HWRNG_GOOD, HWRNG_EMPTY, HWRNG_STUCK };

/* Fills out[0..count), count >= 2, by `read`, which answers whether it had a word. EMPTY: too often not. STUCK: two words
 * in a row are the same, which a good generator does once in 2^64. What is in `out` then is of no use. */
enum hwrng_result hwrng_collect(bool (*read)(uint64_t *word), uint64_t *out, size_t count);

#endif
