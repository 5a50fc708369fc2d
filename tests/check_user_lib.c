/* libveridian's pure parts, on the host: against the host's C library where both have the function, else against a model. */
#include "suite.h"
#include "user_host.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 88172645463325252ull;

static uint64_t next_random(void)
{
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static unsigned pick(unsigned below)
{
  return (unsigned)(next_random() % below);
}

static void setup(void)
{
  host_reset();
}

/* ---- printf ---- */

/* Both printfs with the same arguments; a size of 16 cuts long results. */
#define SAME(...)                                          \
  do {                                                     \
    char ours[300], theirs[300];                           \
    memset(ours, 'z', sizeof ours);                        \
    memset(theirs, 'z', sizeof theirs);                    \
    int n = user_snprintf(ours, sizeof ours, __VA_ARGS__); \
    int m = snprintf(theirs, sizeof theirs, __VA_ARGS__);  \
    ck_assert_str_eq(ours, theirs);                        \
    ck_assert_int_eq(n, m);                                \
    n = user_snprintf(ours, 16, __VA_ARGS__);              \
    m = snprintf(theirs, 16, __VA_ARGS__);                 \
    ck_assert_str_eq(ours, theirs);                        \
    ck_assert_int_eq(n, m);                                \
  } while (0)

#pragma GCC diagnostic push
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wformat-truncation"
#endif
#pragma GCC diagnostic ignored "-Wformat"

START_TEST(test_format_fixed)
{
  SAME("plain text, 100%% of it");
  SAME("%d %i %u", -1, INT_MIN, UINT_MAX);
  SAME("%ld %lu %lld %zu", LONG_MIN, ULONG_MAX, LLONG_MAX, (size_t)7);
  SAME("%hhd %hd %hhu %hu", 300, 70000, 300, 70000);
  SAME("[%5d][%-5d][%05d][%+d][% d]", 42, 42, 42, 42, 42);
  SAME("[%.0d][%.3d][%8.3d][%-8.3d][%08.3d]", 0, 5, 5, 5, 5);
  SAME("%x %X %#x %#X %#o %o %#x", 0xbeef, 0xbeef, 0xbeef, 0xbeef, 8, 8, 0);
  SAME("[%s][%10s][%-10s][%.2s][%c]", "text", "text", "text", "text", 'c');
  SAME("[%*d][%-*d][%.*s][%*s]", 6, 1, 6, 1, 2, "text", -6, "x");
  SAME("%p", (void *)0x1234);
  SAME("%40d|%-40d|%040d", 1, 2, 3);
}
END_TEST

START_TEST(test_format_random)
{
  static const char *const lengths[] = {"hh", "h", "", "l", "ll", "z"};
  for (unsigned round = 0, rounds = stress(20000); round < rounds; round++) {
    char format[64];
    int at = snprintf(format, sizeof format, "<%%");
    for (const char *flag = "-0+ #"; *flag != '\0'; flag++)
      if (pick(3) == 0) format[at++] = *flag;
    if (pick(2)) at += snprintf(format + at, sizeof format - (size_t)at, "%u", pick(30));
    if (pick(2)) at += snprintf(format + at, sizeof format - (size_t)at, ".%u", pick(30));
    snprintf(format + at, sizeof format - (size_t)at, "%s%c>", lengths[pick(6)], "diuxXo"[pick(6)]);
    uint64_t value = next_random() >> pick(64);
    SAME(format, value);
  }
}
END_TEST

#pragma GCC diagnostic pop

START_TEST(test_format_edges)
{
  char buf[8] = "unharmed";
  ck_assert_int_eq(user_snprintf(NULL, 0, "%s", "four"), 4);
  ck_assert_int_eq(user_snprintf(buf, 1, "%s", "four"), 4);
  ck_assert_int_eq(buf[0], '\0');
  ck_assert_int_eq(buf[1], 'n');
  user_snprintf(buf, sizeof buf, "%s", (const char *)NULL);
  ck_assert_str_eq(buf, "(null)");
  user_snprintf(buf, sizeof buf, "%y%");
  ck_assert_str_eq(buf, "%y%");
  ck_assert_int_eq(user_snprintf(NULL, 0, "%*d%*d", INT_MAX, 1, INT_MAX, 1), -1);
  ck_assert_int_eq(user_errno, EOVERFLOW);
  ck_assert_int_eq(user_snprintf(NULL, 0, "%#.*x", INT_MAX, 1), -1);
}
END_TEST

/* ---- streams ---- */

START_TEST(test_stream_console_flushes_lines)
{
  host_is_console = true;
  user_printf("one ");
  ck_assert_str_eq(host_output, "");
  user_printf("two\nthree");
  ck_assert_str_eq(host_output, "one two\nthree");
  user_puts(" four");
  ck_assert_uint_eq(host_writes, 2);
  ck_assert_str_eq(host_output, "one two\nthree four\n");
}
END_TEST

START_TEST(test_stream_file_fills_buffer)
{
  for (int i = 0; i < 300; i++) user_puts("line");
  ck_assert_uint_eq(host_writes, 2);
  ck_assert_uint_eq(strlen(host_output), 1024);
  user_dprintf(2, "%d%s", 1, "\n");
  ck_assert_uint_eq(host_writes, 3);
  int escaped = setjmp(host_escape);
  if (escaped == 0) user_exit(3);
  ck_assert_int_eq(escaped, 1003);
  ck_assert_uint_eq(strlen(host_output), 1502);
}
END_TEST

/* Output that nobody could take makes the program fail; a reader that left is no news. */
START_TEST(test_exit_write_error)
{
  static const struct {
    int error;
    const char *message;
  } cases[] = {{ENOSPC, "test: write: no space left\n"}, {EPIPE, ""}};
  host_write_error = cases[_i].error;
  user_puts("lost");
  int escaped = setjmp(host_escape);
  if (escaped == 0) user_exit(0);
  ck_assert_int_eq(escaped, 1001);
  ck_assert_str_eq(host_output, cases[_i].message);
}
END_TEST

static void say_last(void)
{
  user_puts("last");
}
static void say_first(void)
{
  user_puts("first");
}

START_TEST(test_exit_order)
{
  user_atexit(say_last);
  user_atexit(say_first);
  int escaped = setjmp(host_escape);
  if (escaped == 0) user_exit(0);
  ck_assert_str_eq(host_output, "first\nlast\n");
}
END_TEST

/* ---- strings and numbers ---- */

static int sign(int n)
{
  return (n > 0) - (n < 0);
}

START_TEST(test_strings_random)
{
  for (unsigned round = 0, rounds = stress(5000); round < rounds; round++) {
    char a[40], b[40], set[4] = {(char)('a' + pick(3)), (char)('a' + pick(3)), 0};
    for (unsigned i = 0; i < sizeof a; i++) {
      a[i] = pick(12) == 0 ? '\0' : pick(9) == 0 ? (char)0xE9 : (char)('a' + pick(3));
      b[i] = pick(4) == 0 ? (char)('a' + pick(3)) : a[i];
    }
    a[39] = b[39] = '\0';
    unsigned n = pick(40);
    char c = set[0];
    ck_assert_uint_eq(user_strlen(a), strlen(a));
    ck_assert_uint_eq(user_strnlen(a, n), strnlen(a, n));
    ck_assert_int_eq(sign(user_strcmp(a, b)), sign(strcmp(a, b)));
    ck_assert_int_eq(sign(user_strncmp(a, b, n)), sign(strncmp(a, b, n)));
    ck_assert_int_eq(sign(user_memcmp(a, b, n)), sign(memcmp(a, b, n)));
    ck_assert_ptr_eq(user_strchr(a, c), strchr(a, c));
    ck_assert_ptr_eq(user_strchr(a, 0), strchr(a, 0));
    ck_assert_ptr_eq(user_strrchr(a, c), strrchr(a, c));
    ck_assert_ptr_eq(user_strrchr(a, 0), strrchr(a, 0));
    ck_assert_ptr_eq(user_memchr(a, c, n), memchr(a, c, n));
    ck_assert_ptr_eq(user_strstr(a, set), strstr(a, set));
    ck_assert_uint_eq(user_strspn(a, set), strspn(a, set));
    ck_assert_uint_eq(user_strcspn(a, set), strcspn(a, set));
  }
}
END_TEST

START_TEST(test_copies_random)
{
  for (unsigned round = 0, rounds = stress(5000); round < rounds; round++) {
    char a[64], b[64];
    for (unsigned i = 0; i < sizeof a; i++) a[i] = b[i] = pick(10) == 0 ? '\0' : (char)('a' + pick(26));
    a[63] = b[63] = '\0';
    unsigned to = pick(32), from = pick(32), n = pick(32);
    unsigned which = pick(4);
    if (which == 0) {
      user_memmove(a + to, a + from, n);
      memmove(b + to, b + from, n);
    } else if (which == 1) {
      user_memset(a + to, 'x', n);
      memset(b + to, 'x', n);
    } else if (which == 2) {
      user_memcpy(a, a + 32, n);
      memcpy(b, b + 32, n);
    } else {
      char source[33] = "";
      memcpy(source, b + 31, 32);
      user_strncpy(a, source, n);
      size_t copied = strnlen(source, n);
      memcpy(b, source, copied);
      memset(b + copied, 0, n - copied);
    }
    ck_assert_mem_eq(a, b, sizeof a);
  }
}
END_TEST

START_TEST(test_string_copies)
{
  char buf[8];
  ck_assert_uint_eq(user_strlcpy(buf, "0123456789", sizeof buf), 10);
  ck_assert_str_eq(buf, "0123456");
  ck_assert_uint_eq(user_strlcpy(NULL, "abc", 0), 3);
  user_strcat(user_strcpy(buf, "abc"), "def");
  ck_assert_str_eq(buf, "abcdef");
  char words[] = "::a:bc::d:", *rest;
  ck_assert_str_eq(user_strtok_r(words, ":", &rest), "a");
  ck_assert_str_eq(user_strtok_r(NULL, ":", &rest), "bc");
  ck_assert_str_eq(user_strtok_r(NULL, ":", &rest), "d");
  ck_assert_ptr_null(user_strtok_r(NULL, ":", &rest));
  for (int e = 0; e < 130; e++) ck_assert_ptr_nonnull(user_strerror(e));
  ck_assert_str_eq(user_strerror(ENOENT), "no such file or directory");
}
END_TEST

START_TEST(test_numbers)
{
  static const char *const texts[] = {"0",
                                      "42",
                                      "-42",
                                      "+7",
                                      "  12x",
                                      "0x1fG",
                                      "0x",
                                      "0xg",
                                      "077",
                                      "089",
                                      "z",
                                      "",
                                      "-",
                                      " -0x10",
                                      "zz",
                                      "9223372036854775807",
                                      "9223372036854775808",
                                      "-9223372036854775808",
                                      "-9223372036854775809",
                                      "18446744073709551615",
                                      "18446744073709551616",
                                      "99999999999999999999999",
                                      "1e3",
                                      "7fffffff",
                                      "-1"};
  static const int bases[] = {0, 2, 8, 10, 16, 36};
  for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
    for (size_t b = 0; b < sizeof bases / sizeof *bases; b++) {
      char *ours, *theirs;
      errno = user_errno = 0;
      ck_assert_int_eq(user_strtol(texts[t], &ours, bases[b]), strtol(texts[t], &theirs, bases[b]));
      ck_assert_ptr_eq(ours, theirs);
      ck_assert_int_eq(user_errno, errno == ERANGE ? ERANGE : 0);
      errno = user_errno = 0;
      ck_assert_uint_eq(user_strtoul(texts[t], &ours, bases[b]), strtoul(texts[t], &theirs, bases[b]));
      ck_assert_ptr_eq(ours, theirs);
      ck_assert_int_eq(user_errno, errno == ERANGE ? ERANGE : 0);
    }
  }
}
END_TEST

static int compare_ints(const void *a, const void *b)
{
  int x = *(const int *)a, y = *(const int *)b;
  return (x > y) - (x < y);
}

START_TEST(test_qsort)
{
  int ours[100], theirs[100];
  for (int round = 0; round < 500; round++) {
    unsigned n = pick(100);
    for (unsigned i = 0; i < n; i++) ours[i] = theirs[i] = (int)pick(50) - 25;
    user_qsort(ours, n, sizeof *ours, compare_ints);
    qsort(theirs, n, sizeof *theirs, compare_ints);
    ck_assert_mem_eq(ours, theirs, n * sizeof *ours);
  }
}
END_TEST

START_TEST(test_getopt)
{
  char *argv[] = {"test", "-la", "-n", "5", "-nx", "--", "-l", NULL};
  ck_assert_int_eq(user_getopt(7, argv, "lan:"), 'l');
  ck_assert_int_eq(user_getopt(7, argv, "lan:"), 'a');
  ck_assert_int_eq(user_getopt(7, argv, "lan:"), 'n');
  ck_assert_str_eq(user_optarg, "5");
  ck_assert_int_eq(user_getopt(7, argv, "lan:"), 'n');
  ck_assert_str_eq(user_optarg, "x");
  ck_assert_int_eq(user_getopt(7, argv, "lan:"), -1);
  ck_assert_int_eq(user_optind, 6);
  char *wrong[] = {"test", "-q", "-n", NULL};
  user_optind = 1;
  ck_assert_int_eq(user_getopt(3, wrong, "n:"), '?');
  ck_assert_int_eq(user_getopt(3, wrong, "n:"), '?');
  ck_assert_str_eq(host_output, "test: unknown option -q\ntest: option -n needs an argument\n");
}
END_TEST

START_TEST(test_getenv)
{
  char *env[] = {"PATHS=no", "PATH=/bin", NULL};
  user_environ = env;
  ck_assert_str_eq(user_getenv("PATH"), "/bin");
  ck_assert_ptr_null(user_getenv("PAT"));
}
END_TEST

/* ---- malloc ---- */

#define BLOCKS 300

struct held {
  unsigned char *p;
  size_t size;
  unsigned char fill;
};

static bool all_are(const unsigned char *p, unsigned char fill, size_t len)
{
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
  return pick(50) == 0 ? 131072 + pick(300000) : pick(10) == 0 ? pick(20000) : pick(300);
}

/* Random requests; every block keeps its bytes, and what is freed as a whole goes back to the system. */
START_TEST(test_malloc_random)
{
  static struct held held[BLOCKS];
  for (unsigned round = 0, rounds = stress(20000); round < rounds; round++) {
    struct held *h = &held[pick(BLOCKS)];
    if (h->p != NULL && pick(3) == 0) {
      size_t size = random_size(), kept = size < h->size ? size : h->size;
      h->p = user_realloc(h->p, size);
      ck_assert_ptr_nonnull(h->p);
      ck_assert(all_are(h->p, h->fill, kept));
      memset(h->p, h->fill, size);
      h->size = size;
    } else if (h->p != NULL) {
      check_and_free(h);
    } else {
      *h = (struct held){.size = random_size(), .fill = (unsigned char)pick(256)};
      h->p = user_malloc(h->size);
      ck_assert_ptr_nonnull(h->p);
      ck_assert_uint_eq((uintptr_t)h->p % 16, 0);
      memset(h->p, h->fill, h->size);
    }
  }
  for (size_t i = 0; i < BLOCKS; i++)
    if (held[i].p != NULL) check_and_free(&held[i]);
  ck_assert_uint_eq(host_mapped, 65536); /* joined again into one free arena */
}
END_TEST

START_TEST(test_malloc_refuses)
{
  ck_assert_ptr_null(user_malloc(SIZE_MAX));
  ck_assert_int_eq(user_errno, ENOMEM);
  ck_assert_ptr_null(user_calloc(SIZE_MAX / 2, 3));
  char *p = user_malloc(100);
  memset(p, 7, 100);
  ck_assert_ptr_null(user_realloc(p, SIZE_MAX - 8));
  host_no_memory = true;
  ck_assert_ptr_null(user_realloc(p, 1 << 20));
  for (int i = 0; i < 100; i++) ck_assert_int_eq(p[i], 7);
  user_free(p);
  user_free(NULL);
}
END_TEST

START_TEST(test_calloc_is_zero)
{
  char *p = user_malloc(1000);
  memset(p, 0xFF, 1000);
  user_free(p);
  p = user_calloc(10, 100);
  for (int i = 0; i < 1000; i++) ck_assert_int_eq(p[i], 0);
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

START_TEST(test_malloc_detects)
{
  char *volatile a = user_malloc(40), *volatile b = user_malloc(40), *volatile c = user_malloc(40);
  user_free(b);
  ABORTS(user_free(b), "was freed before");
  ABORTS(user_free(a + 8), "not a block");
  c = user_malloc(40);
  char *volatile d = user_malloc(24);
  memset(c, 0, 64);
  ABORTS(user_free(c), "written past its end");
  (void)d;
}
END_TEST

int main(void)
{
  Suite *s = suite_create("user_lib");
  TCase *t = tcase_create("lib");
  tcase_add_checked_fixture(t, setup, NULL);
  tcase_add_test(t, test_format_fixed);
  tcase_add_test(t, test_format_random);
  tcase_add_test(t, test_format_edges);
  tcase_add_test(t, test_stream_console_flushes_lines);
  tcase_add_test(t, test_stream_file_fills_buffer);
  tcase_add_test(t, test_exit_order);
  tcase_add_loop_test(t, test_exit_write_error, 0, 2);
  tcase_add_test(t, test_strings_random);
  tcase_add_test(t, test_copies_random);
  tcase_add_test(t, test_string_copies);
  tcase_add_test(t, test_numbers);
  tcase_add_test(t, test_qsort);
  tcase_add_test(t, test_getopt);
  tcase_add_test(t, test_getenv);
  tcase_add_test(t, test_malloc_random);
  tcase_add_test(t, test_malloc_refuses);
  tcase_add_test(t, test_calloc_is_zero);
  tcase_add_test(t, test_malloc_detects);
  suite_add_tcase(s, t);
  return suite_run(s);
}
