/* libveridian's heap: blocks keep their bytes, what is freed goes back to the system, and misuse is noticed. */
#include "suite.h"
#include "user_host.h"
#include <errno.h>
#include <string.h>

#define BLOCKS 300

struct held {
  unsigned char *p;
  size_t size;
  unsigned char fill;
};

static bool all_are(const void *block, unsigned char fill, size_t len)
{
  const unsigned char *p = block;
  size_t i = 0;
  while (i < len && p[i] == fill) i++;
  return i == len;
}

static void check_and_free(struct held *h)
{
  ck_assert(all_are(h->p, h->fill, h->size));
  user_free(h->p);
  h->p = NULL;
}

static size_t random_size(void)
{
  return test_random(50) == 0   ? 131072 + test_random(300000)
         : test_random(10) == 0 ? test_random(20000)
                                : test_random(300);
}

/* Random requests: every block keeps its bytes, and at the end nothing is held but one free arena. */
START_TEST(blocks_keep_their_bytes)
{
  static struct held held[BLOCKS];
  for (unsigned round = 0, rounds = stress(20000); round < rounds; round++) {
    struct held *h = &held[test_random(BLOCKS)];
    if (h->p != NULL && test_random(3) == 0) {
      size_t size = random_size(), kept = size < h->size ? size : h->size;
      h->p = user_realloc(h->p, size);
      ck_assert_ptr_nonnull(h->p);
      ck_assert(all_are(h->p, h->fill, kept));
      memset(h->p, h->fill, size);
      h->size = size;
    } else if (h->p != NULL) {
      check_and_free(h);
    } else {
      *h = (struct held){.size = random_size(), .fill = (unsigned char)test_random(256)};
      h->p = user_malloc(h->size);
      ck_assert_ptr_nonnull(h->p);
      ck_assert_uint_eq((uintptr_t)h->p % 16, 0);
      memset(h->p, h->fill, h->size);
    }
  }
  for (size_t i = 0; i < BLOCKS; i++)
    if (held[i].p != NULL) check_and_free(&held[i]);
  ck_assert_uint_eq(host_mapped, 65536); /* joined again */
}
END_TEST

START_TEST(what_is_too_large_is_refused)
{
  ck_assert_ptr_null(user_malloc(SIZE_MAX));
  ck_assert_int_eq(user_errno, ENOMEM);
  user_errno = 0;
  ck_assert_ptr_null(user_calloc(SIZE_MAX / 2, 3));
  ck_assert_int_eq(user_errno, ENOMEM);
  ck_assert_uint_eq(host_mapped, 0);
}
END_TEST

START_TEST(a_block_that_cannot_grow_is_as_before)
{
  static const size_t sizes[] = {SIZE_MAX - 8, 1 << 20, 70000};
  char *p = user_malloc(100);
  memset(p, 7, 100);
  host_no_memory = true;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    user_errno = 0;
    ck_assert_ptr_null(user_realloc(p, sizes[i]));
    ck_assert_int_eq(user_errno, ENOMEM);
    ck_assert(all_are(p, 7, 100));
  }
  user_free(p);
}
END_TEST

START_TEST(null_is_a_block_of_nothing)
{
  user_free(NULL);
  char *p = user_realloc(NULL, 40);
  ck_assert_ptr_nonnull(p);
  memset(p, 1, 40);
  user_free(p);
}
END_TEST

START_TEST(calloc_clears_memory_that_was_used)
{
  char *p = user_malloc(1000), *again;
  memset(p, 0xFF, 1000);
  user_free(p);
  again = user_calloc(10, 100);
  ck_assert_ptr_eq(again, p);
  ck_assert(all_are(again, 0, 1000));
}
END_TEST

/* Misuse ends in abort with a message. */
#define ABORTS(statement, words)                       \
  do {                                                 \
    host_output[0] = '\0';                             \
    int escaped = setjmp(host_escape);                 \
    if (escaped == 0) {                                \
      statement;                                       \
      ck_abort_msg("not detected: " #statement);       \
    }                                                  \
    ck_assert_int_eq(escaped, HOST_ABORT);             \
    ck_assert_ptr_nonnull(strstr(host_output, words)); \
  } while (0)

START_TEST(misuse_is_detected)
{
  char *volatile a = user_malloc(40), *volatile b = user_malloc(40), *volatile c = user_malloc(40);
  user_free(b);
  ABORTS(user_free(b), "free: ");
  ABORTS(user_free(b), "was freed before");
  ABORTS(user_realloc(b, 80), "was freed before");
  ABORTS(user_free(a + 8), "not a block");
  ABORTS(user_realloc(a + 8, 80), "realloc: ");
  c = user_malloc(40);
  ck_assert_ptr_nonnull(user_malloc(24)); /* behind it */
  memset(c, 0, 64);
  ABORTS(user_free(c), "written past its end");
}
END_TEST

int main(void)
{
  Suite *s = suite_create("user_malloc");
  TCase *t = suite_case(s, "malloc", host_reset, NULL);
  tcase_add_test(t, blocks_keep_their_bytes);
  tcase_add_test(t, what_is_too_large_is_refused);
  tcase_add_test(t, a_block_that_cannot_grow_is_as_before);
  tcase_add_test(t, null_is_a_block_of_nothing);
  tcase_add_test(t, calloc_clears_memory_that_was_used);
  tcase_add_test(t, misuse_is_detected);
  return suite_run(s);
}
