/* The entropy pool: ChaCha20 against RFC 8439, the pool over a machine whose bytes are known, the generators of processors. */
#include "clockwork.h"

#include <fmt/hwrng.h>
#include <kern/chacha20.h>
#include <kern/clock.h>
#include <kern/entropy.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- ChaCha20 ---- */

struct vector {
  uint32_t key[CHACHA20_KEY_WORDS], counter, nonce[CHACHA20_NONCE_WORDS];
  uint8_t out[CHACHA20_BLOCK_SIZE];
};

#define ALL_ZERO \
  {              \
    0            \
  }
static const struct vector vectors[] = {
  /* RFC 8439, 2.3.2: key 00 01 02 .. 1f, nonce 00 00 00 09 00 00 00 4a 00 00 00 00 */
  {{0x03020100, 0x07060504, 0x0B0A0908, 0x0F0E0D0C, 0x13121110, 0x17161514, 0x1B1A1918, 0x1F1E1D1C},
   1,
   {0x09000000, 0x4A000000, 0},
   {0x10, 0xF1, 0xE7, 0xE4, 0xD1, 0x3B, 0x59, 0x15, 0x50, 0x0F, 0xDD, 0x1F, 0xA3, 0x20, 0x71, 0xC4,
    0xC7, 0xD1, 0xF4, 0xC7, 0x33, 0xC0, 0x68, 0x03, 0x04, 0x22, 0xAA, 0x9A, 0xC3, 0xD4, 0x6C, 0x4E,
    0xD2, 0x82, 0x64, 0x46, 0x07, 0x9F, 0xAA, 0x09, 0x14, 0xC2, 0xD7, 0x05, 0xD9, 0x8B, 0x02, 0xA2,
    0xB5, 0x12, 0x9C, 0xD1, 0xDE, 0x16, 0x4E, 0xB9, 0xCB, 0xD0, 0x83, 0xE8, 0xA2, 0x50, 0x3C, 0x4E}},
  /* A.1, test vectors 1 and 2 */
  {ALL_ZERO, 0, ALL_ZERO, {0x76, 0xB8, 0xE0, 0xAD, 0xA0, 0xF1, 0x3D, 0x90, 0x40, 0x5D, 0x6A, 0xE5, 0x53,
                           0x86, 0xBD, 0x28, 0xBD, 0xD2, 0x19, 0xB8, 0xA0, 0x8D, 0xED, 0x1A, 0xA8, 0x36,
                           0xEF, 0xCC, 0x8B, 0x77, 0x0D, 0xC7, 0xDA, 0x41, 0x59, 0x7C, 0x51, 0x57, 0x48,
                           0x8D, 0x77, 0x24, 0xE0, 0x3F, 0xB8, 0xD8, 0x4A, 0x37, 0x6A, 0x43, 0xB8, 0xF4,
                           0x15, 0x18, 0xA1, 0x1C, 0xC3, 0x87, 0xB6, 0x69, 0xB2, 0xEE, 0x65, 0x86}},
  {ALL_ZERO, 1, ALL_ZERO, {0x9F, 0x07, 0xE7, 0xBE, 0x55, 0x51, 0x38, 0x7A, 0x98, 0xBA, 0x97, 0x7C, 0x73,
                           0x2D, 0x08, 0x0D, 0xCB, 0x0F, 0x29, 0xA0, 0x48, 0xE3, 0x65, 0x69, 0x12, 0xC6,
                           0x53, 0x3E, 0x32, 0xEE, 0x7A, 0xED, 0x29, 0xB7, 0x21, 0x76, 0x9C, 0xE6, 0x4E,
                           0x43, 0xD5, 0x71, 0x33, 0xB0, 0x74, 0xD8, 0x39, 0xD5, 0x31, 0xED, 0x1F, 0x28,
                           0x51, 0x0A, 0xFB, 0x45, 0xAC, 0xE1, 0x0A, 0x1F, 0x4B, 0x79, 0x4D, 0x6F}},
};

START_TEST(known_answers)
{
  uint8_t out[CHACHA20_BLOCK_SIZE];
  const struct vector *v = &vectors[_i];
  chacha20_block(v->key, v->counter, v->nonce, out);
  ck_assert_mem_eq(out, v->out, sizeof out);
}
END_TEST

/* ---- the pool, over a machine that counts how often it was asked ---- */

static uint64_t machine_says;
static unsigned asked;

const char *arch_entropy_read(uint64_t out[ARCH_ENTROPY_WORDS])
{
  asked++;
  for (unsigned i = 0; i < ARCH_ENTROPY_WORDS; i++) out[i] = machine_says + i;
  return "a test";
}

static void start(void)
{
  clockwork_reset();
  machine_says = 1;
  asked = 0;
  entropy_init();
}

/* What a machine gives that says `says` and mixes `mixed`; each in a process of its own, so each pool begins empty. */
static void pool_of(uint64_t says, const char *mixed, uint8_t out[32])
{
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  pid_t child = fork();
  if (child == 0) {
    clockwork_reset();
    machine_says = says;
    entropy_init();
    entropy_mix(mixed, strlen(mixed));
    entropy_read(out, 32);
    _exit(write(ends[1], out, 32) == 32 ? 0 : 1);
  }
  ck_assert_int_eq(read(ends[0], out, 32), 32);
  ck_assert_int_eq(waitpid(child, NULL, 0), child);
  close(ends[0]);
  close(ends[1]);
}

START_TEST(same_entropy_gives_the_same_bytes)
{
  uint8_t a[32], b[32];
  pool_of(7, "", a);
  pool_of(7, "", b);
  ck_assert_mem_eq(a, b, 32);
}
END_TEST

START_TEST(other_entropy_gives_other_bytes)
{
  uint8_t a[32], b[32];
  pool_of(7, "", a);
  pool_of(8, "", b);
  ck_assert_mem_ne(a, b, 32);
}
END_TEST

START_TEST(every_mixed_byte_counts)
{
  /* The last differs in what comes after a key's length of bytes, the fourth in its length alone. */
  static const char *const mixed[] = {
    "", "a", "b", "a\1", "0123456789012345678901234567890123456789", "0123456789012345678901234567890123456780"};
  uint8_t out[6][32];
  for (int i = 0; i < 6; i++) {
    pool_of(7, mixed[i], out[i]);
    for (int j = 0; j < i; j++) ck_assert_mem_ne(out[i], out[j], 32);
  }
}
END_TEST

START_TEST(reads_do_not_repeat)
{
  static uint8_t out[100][64];
  for (int i = 0; i < 100; i++) {
    entropy_read(out[i], 64);
    for (int j = 0; j < i; j++) {
      ck_assert_mem_ne(out[i], out[j], 32);
      ck_assert_mem_ne(out[i] + 32, out[j] + 32, 32);
    }
  }
}
END_TEST

/* Exactly what was asked for, at lengths around a block's. */
START_TEST(reads_fill_what_they_should)
{
  uint8_t out[300];
  for (size_t len = 0; len <= 260; len++) {
    memset(out, 0xAA, sizeof out);
    entropy_read(out + 8, len);
    for (size_t i = 0; i < 8; i++) ck_assert_uint_eq(out[i], 0xAA);
    for (size_t i = 8 + len; i < sizeof out; i++) ck_assert_uint_eq(out[i], 0xAA);
    size_t same = 0;
    for (size_t i = 8; i < 8 + len; i++) same += out[i] == 0xAA;
    ck_assert_uint_lt(same, 12);
  }
}
END_TEST

START_TEST(asks_the_machine_again_after_much)
{
  uint8_t out[1024];
  ck_assert_uint_eq(asked, 1);
  for (int i = 0; i < 64; i++) entropy_read(out, sizeof out);
  ck_assert_uint_eq(asked, 1);
  for (int i = 0; i < 3; i++) entropy_read(out, sizeof out);
  ck_assert_uint_eq(asked, 2);
}
END_TEST

START_TEST(asks_the_machine_again_after_a_minute)
{
  uint8_t out[8];
  clockwork.now += 60 * NS_PER_SEC;
  entropy_read(out, sizeof out);
  ck_assert_uint_eq(asked, 1);
  clockwork.now += 1;
  entropy_read(out, sizeof out);
  ck_assert_uint_eq(asked, 2);
  entropy_read(out, sizeof out);
  ck_assert_uint_eq(asked, 2);
}
END_TEST

/* What the machine says at that moment has a part in what is read. */
START_TEST(asking_again_changes_what_is_read)
{
  uint8_t out[2][8];
  for (int i = 0; i < 2; i++) {
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    if (fork() == 0) {
      machine_says = 1000 + (uint64_t)i;
      clockwork.now += 61 * NS_PER_SEC;
      entropy_read(out[i], 8);
      _exit(write(ends[1], out[i], 8) == 8 ? 0 : 1);
    }
    ck_assert_int_eq(read(ends[0], out[i], 8), 8);
  }
  ck_assert_mem_ne(out[0], out[1], 8);
}
END_TEST

/* ---- processors' generators ---- */

static unsigned calls, empty_for;
static uint64_t (*generator)(unsigned call);

static bool read_generator(uint64_t *word)
{
  calls++;
  if (empty_for) return empty_for--, false;
  *word = generator(calls);
  return true;
}
static uint64_t counting(unsigned call)
{
  return call;
}
static uint64_t stuck(unsigned call)
{
  return (void)call, UINT64_MAX;
}
static uint64_t stuck_later(unsigned call)
{
  return call < 5 ? call : 5;
}

static enum hwrng_result collect(uint64_t (*g)(unsigned), unsigned empty, uint64_t out[8])
{
  generator = g;
  calls = 0;
  empty_for = empty;
  return hwrng_collect(read_generator, out, 8);
}

START_TEST(generator_that_works)
{
  uint64_t out[8];
  ck_assert_int_eq(collect(counting, 0, out), HWRNG_GOOD);
  for (unsigned i = 0; i < 8; i++) ck_assert_uint_eq(out[i], i + 1);
}
END_TEST

START_TEST(generator_that_is_empty)
{
  uint64_t out[8];
  ck_assert_int_eq(collect(counting, HWRNG_TRIES - 1, out), HWRNG_GOOD);
  ck_assert_uint_eq(out[0], HWRNG_TRIES);
  ck_assert_int_eq(collect(counting, HWRNG_TRIES, out), HWRNG_EMPTY);
  ck_assert_uint_eq(calls, HWRNG_TRIES);
}
END_TEST

START_TEST(generator_that_is_stuck)
{
  uint64_t out[8];
  ck_assert_int_eq(collect(stuck, 0, out), HWRNG_STUCK);
  ck_assert_int_eq(collect(stuck_later, 0, out), HWRNG_STUCK);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("entropy");
  TCase *t = suite_case(suite, "chacha20", NULL, NULL);
  tcase_add_loop_test(t, known_answers, 0, (int)(sizeof vectors / sizeof vectors[0]));
  t = suite_case(suite, "pool", start, NULL);
  tcase_add_test(t, same_entropy_gives_the_same_bytes);
  tcase_add_test(t, other_entropy_gives_other_bytes);
  tcase_add_test(t, every_mixed_byte_counts);
  tcase_add_test(t, reads_do_not_repeat);
  tcase_add_test(t, reads_fill_what_they_should);
  tcase_add_test(t, asks_the_machine_again_after_much);
  tcase_add_test(t, asks_the_machine_again_after_a_minute);
  tcase_add_test(t, asking_again_changes_what_is_read);
  t = suite_case(suite, "generators", NULL, NULL);
  tcase_add_test(t, generator_that_works);
  tcase_add_test(t, generator_that_is_empty);
  tcase_add_test(t, generator_that_is_stuck);
  return suite_run(suite);
}
