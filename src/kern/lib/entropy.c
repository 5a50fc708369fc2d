/*
 * The entropy pool: a ChaCha20 key that is replaced whenever it was used ("fast key erasure").
 *
 * A read makes one block under the pool's key: its first half is the next key, its second half the key of a stream that
 * serves this read alone. Mixing adds the bytes to the key by exclusive or, a key's length at a time, and replaces it by
 * the first half of a block, too, under another nonce: who knows the bytes but not the key before, or the key but not
 * the bytes, cannot tell the key after. The machine is asked for fresh bytes when enough was read or time has passed.
 */
#include <kern/arch.h>
#include <kern/chacha20.h>
#include <kern/clock.h>
#include <kern/entropy.h>
#include <kern/log.h>
#include <kern/panic.h>
#include <kern/spinlock.h>
#include <kern/string.h>

#define KEY_SIZE (CHACHA20_KEY_WORDS * sizeof(uint32_t))
#define RESEED_BYTES 65536u
#define RESEED_NS (60 * NS_PER_SEC)

_Static_assert(2 * KEY_SIZE == CHACHA20_BLOCK_SIZE, "a block is two keys");

static const uint32_t nonce_read[CHACHA20_NONCE_WORDS] = {0x64616572u};   /* "read": the pool's key */
static const uint32_t nonce_mix[CHACHA20_NONCE_WORDS] = {0x2078696Du};    /* "mix ": the pool's key, other use */
static const uint32_t nonce_stream[CHACHA20_NONCE_WORDS] = {0x65727473u}; /* "stre": a read's own key */

static struct {
  struct spinlock lock;
  bool seeded;                      /* lock */
  uint32_t key[CHACHA20_KEY_WORDS]; /* lock */
  uint64_t given;                   /* lock; bytes read since the machine was last asked */
  uint64_t asked_at;                /* lock; ns */
} pool = {.lock = SPINLOCK_INIT("entropy")};

/* A memset that stays although nobody reads what it wrote. */
static void wipe(void *p, size_t n)
{
  for (volatile uint8_t *byte = p; n > 0; n--) *byte++ = 0;
}

static void mix_locked(const uint8_t *bytes, size_t len)
{
  uint8_t block[CHACHA20_BLOCK_SIZE];
  while (len > 0) {
    size_t n = MIN(len, KEY_SIZE);
    for (size_t i = 0; i < n; i++) ((uint8_t *)pool.key)[i] ^= bytes[i];
    chacha20_block(pool.key, (uint32_t)n, nonce_mix, block);
    memcpy(pool.key, block, KEY_SIZE);
    bytes += n;
    len -= n;
  }
  wipe(block, sizeof block);
}

void entropy_mix(const void *bytes, size_t len)
{
  spin_lock(&pool.lock);
  mix_locked(bytes, len);
  spin_unlock(&pool.lock);
}

/* Asks the machine; answers the name of what it gave. */
static const char *reseed(void)
{
  uint64_t fresh[ARCH_ENTROPY_WORDS];
  const char *source = arch_entropy_read(fresh);
  entropy_mix(fresh, sizeof fresh);
  wipe(fresh, sizeof fresh);
  return source;
}

void entropy_init(void)
{
  const char *source = reseed();
  pool.asked_at = clock_monotonic_ns();
  pool.seeded = true;
  log_info("entropy: from %s", source);
}

/* Whether the caller has to ask the machine again. */
static bool reseed_due(size_t len)
{
  uint64_t now = clock_monotonic_ns();
  spin_lock(&pool.lock);
  bool due = pool.given > RESEED_BYTES || now - pool.asked_at > RESEED_NS;
  if (due) {
    pool.given = 0;
    pool.asked_at = now;
  }
  pool.given += len;
  spin_unlock(&pool.lock);
  return due;
}

/* Takes a key for one read out of the pool. */
static void key_take(uint32_t key[CHACHA20_KEY_WORDS])
{
  uint8_t block[CHACHA20_BLOCK_SIZE];
  spin_lock(&pool.lock);
  kassert(pool.seeded);
  chacha20_block(pool.key, 0, nonce_read, block);
  memcpy(pool.key, block, KEY_SIZE);
  spin_unlock(&pool.lock);
  memcpy(key, block + KEY_SIZE, KEY_SIZE);
  wipe(block, sizeof block);
}

void entropy_read(void *out, size_t len)
{
  uint32_t key[CHACHA20_KEY_WORDS];
  uint8_t block[CHACHA20_BLOCK_SIZE], *at = out;
  if (reseed_due(len)) (void)reseed();
  key_take(key);
  for (uint32_t counter = 0; len > 0; counter++) {
    size_t n = MIN(len, sizeof block);
    chacha20_block(key, counter, nonce_stream, block);
    memcpy(at, block, n);
    at += n;
    len -= n;
  }
  wipe(key, sizeof key);
  wipe(block, sizeof block);
}
