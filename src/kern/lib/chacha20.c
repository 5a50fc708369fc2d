/* The ChaCha20 block function; see kern/chacha20.h. */
#include <kern/chacha20.h>

#define STATE_WORDS 16
#define DOUBLE_ROUNDS 10

static uint32_t rotate(uint32_t word, unsigned bits)
{
  return word << bits | word >> (32 - bits);
}

static void quarter_round(uint32_t s[STATE_WORDS], unsigned a, unsigned b, unsigned c, unsigned d)
{
  s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 16);
  s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 12);
  s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 8);
  s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 7);
}

/* Four columns, then four diagonals. */
static void double_round(uint32_t s[STATE_WORDS])
{
  for (unsigned i = 0; i < 4; i++) quarter_round(s, i, 4 + i, 8 + i, 12 + i);
  for (unsigned i = 0; i < 4; i++) quarter_round(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
}

void chacha20_block(const uint32_t key[CHACHA20_KEY_WORDS], uint32_t counter,
                    const uint32_t nonce[CHACHA20_NONCE_WORDS], uint8_t out[CHACHA20_BLOCK_SIZE])
{
  uint32_t start[STATE_WORDS] = {0x61707865u, 0x3320646Eu, 0x79622D32u, 0x6B206574u}; /* "expand 32-byte k" */
  uint32_t s[STATE_WORDS];
  for (unsigned i = 0; i < CHACHA20_KEY_WORDS; i++) start[4 + i] = key[i];
  start[12] = counter;
  for (unsigned i = 0; i < CHACHA20_NONCE_WORDS; i++) start[13 + i] = nonce[i];
  for (unsigned i = 0; i < STATE_WORDS; i++) s[i] = start[i];
  for (unsigned i = 0; i < DOUBLE_ROUNDS; i++) double_round(s);
  for (unsigned i = 0; i < STATE_WORDS; i++) {
    uint32_t word = s[i] + start[i];
    for (unsigned byte = 0; byte < 4; byte++) out[4 * i + byte] = (uint8_t)(word >> 8 * byte);
  }
}
