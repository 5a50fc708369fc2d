/* Formatted text, against the host's own snprintf: every conversion with every mix of flags, widths and precisions. */
#include "suite.h"
#include <kern/print.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"

static char ours[512], theirs[512];

/* Both must agree on the text and on its length. */
#define SAME(fmt, ...)                                                                               \
  do {                                                                                               \
    int a = format_text(ours, sizeof ours, fmt, __VA_ARGS__);                                        \
    int b = snprintf(theirs, sizeof theirs, fmt, __VA_ARGS__);                                       \
    ck_assert_msg(a == b && strcmp(ours, theirs) == 0, "%s: \"%s\", not \"%s\"", fmt, ours, theirs); \
  } while (0)

static const char *const flag_sets[] = {"", "-", "0", "+", " ", "#", "-0", "+0", " 0", "#0", "-+", "-#", "+ ", "-#+ 0"};
static const char *const sizes[] = {"", "1", "8", "20", ".0", ".1", ".5", "8.5", "20.0", "3.9", "."};

START_TEST(integers)
{
  static const char *const conversions[] = {"d", "i", "u", "x", "X"};
  static const long long values[] = {0, 1, -1, 9, 10, 255, 65535, INT_MAX, INT_MIN, 0x80, 0x8000, LLONG_MAX, LLONG_MIN};
  char fmt[32];

  for (size_t f = 0; f < sizeof flag_sets / sizeof *flag_sets; f++)
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
      for (size_t c = 0; c < 5; c++)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
#define WITH(length, type)                                                                   \
  snprintf(fmt, sizeof fmt, "<%%%s%s" length "%s>", flag_sets[f], sizes[s], conversions[c]); \
  SAME(fmt, (type)values[v])
          WITH("", int);
          WITH("hh", int);
          WITH("h", int);
          WITH("l", long);
          WITH("ll", long long);
          WITH("z", size_t);
          WITH("t", ptrdiff_t);
        }
}
END_TEST

START_TEST(strings_and_characters)
{
  static const char *const flags[] = {"", "-"};
  char fmt[32];

  for (size_t f = 0; f < 2; f++)
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
      snprintf(fmt, sizeof fmt, "<%%%s%ss>", flags[f], sizes[s]);
      SAME(fmt, "");
      SAME(fmt, "hello");
      SAME(fmt, "a longer text than any width");
    }
  SAME("<%c%5c%-5c>", 'a', 'b', 'c');
  SAME("%d%%", 50);
  SAME("%s", (const char *)"no more");
}
END_TEST

START_TEST(stars)
{
  SAME("<%*d>", 6, 42);
  SAME("<%*d>", -6, 42);
  SAME("<%.*d>", 4, 42);
  SAME("<%.*d>", -1, 42);
  SAME("<%*.*s>", 6, 2, "hello");
  SAME("<%-*.*s>", 6, 2, "hello");
}
END_TEST

START_TEST(pointers)
{
  SAME("<%p>", (void *)0x1234);
  SAME("<%20p>", (void *)0x7FFFFFFFFFFF);
  SAME("<%-20p>", (void *)1);
}
END_TEST

START_TEST(small_buffers)
{
  for (size_t size = 0; size < 12; size++) {
    memset(ours, 'X', sizeof ours);
    memset(theirs, 'X', sizeof theirs);
    int a = format_text(ours, size, "%s-%d", "abc", 12345);
    int b = snprintf(theirs, size, "%s-%d", "abc", 12345);
    ck_assert_int_eq(a, b);
    ck_assert_mem_eq(ours, theirs, sizeof ours);
  }
  ck_assert_int_eq(format_text(NULL, 0, "%d", 100), 3);
}
END_TEST

START_TEST(unknown_conversions_stay)
{
  format_text(ours, sizeof ours, "<%q> <%-5y> %d", 7);
  ck_assert_str_eq(ours, "<%q> <%-5y> 7");
  format_text(ours, sizeof ours, "100%");
  ck_assert_str_eq(ours, "100%");
  const char *volatile nothing = NULL;
  format_text(ours, sizeof ours, "%s", nothing);
  ck_assert_str_eq(ours, "(null)");
}
END_TEST

START_TEST(random_mixes)
{
  static const char conversions[] = "diuxXsc";
  char fmt[64];

  srand(11);
  for (unsigned i = 0, n = stress(20000); i < n; i++) {
    char c = conversions[(size_t)rand() % (sizeof conversions - 1)];
    const char *flags = c == 's' || c == 'c' ? flag_sets[rand() % 2] : flag_sets[(size_t)rand() % 14];
    int value = (int)((unsigned)rand() * 2654435761u >> rand() % 31);
    if (c == 'c')
      snprintf(fmt, sizeof fmt, "%%d %%%s%d%c.", flags, rand() % 30, c);
    else
      snprintf(fmt, sizeof fmt, "%%d %%%s%d.%d%c.", flags, rand() % 30, rand() % 25, c);
    if (c == 's')
      SAME(fmt, value, "some text here");
    else
      SAME(fmt, value, c == 'c' ? 'a' + value % 5 % 26 : value);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("print");
  TCase *tc = suite_case(suite, "print", NULL, NULL);
  tcase_add_test(tc, integers);
  tcase_add_test(tc, strings_and_characters);
  tcase_add_test(tc, stars);
  tcase_add_test(tc, pointers);
  tcase_add_test(tc, small_buffers);
  tcase_add_test(tc, unknown_conversions_stay);
  tcase_add_test(tc, random_mixes);
  return suite_run(suite);
}
