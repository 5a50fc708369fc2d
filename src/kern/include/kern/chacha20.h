/* The ChaCha20 block function (RFC 8439, 2.3): what kern/entropy.h is made of. Pure. */
#ifndef KERN_CHACHA20_H
#define KERN_CHACHA20_H

#include <kern/types.h>

#define CHACHA20_KEY_WORDS 8
#define CHACHA20_NONCE_WORDS 3
#define CHACHA20_BLOCK_SIZE 64u /* bytes */

/* One block of the key stream. Words are little-endian numbers, as the RFC writes keys and nonces down. */
void chacha20_block(const uint32_t key[CHACHA20_KEY_WORDS], uint32_t counter,
                    const uint32_t nonce[CHACHA20_NONCE_WORDS], uint8_t out[CHACHA20_BLOCK_SIZE]);

#endif
