/* libveridian's printf against the host's, and its streams. */
#include "suite.h"
#include "user_host.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* ---- printf ---- */

/* Both printfs with the same arguments; a size of 16 cuts long results, and nothing behind it is written. */
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
    ck_assert_mem_eq(ours + 16, theirs + 16, 300 - 16);    \
    ck_assert_int_eq(n, m);                                \
  } while (0)

#pragma GCC diagnostic push
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wformat-truncation"
#endif
#pragma GCC diagnostic ignored "-Wformat"

START_TEST(printf_is_the_hosts)
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
  SAME("[%.0s][%.*s][%.*d]", "text", -1, "text", -1, 0);
  SAME("%p", (void *)0x1234);
  SAME("%40d|%-40d|%040d", 1, 2, 3);
}
END_TEST

static size_t add_number(char *text, size_t size, const char *before)
{
  return test_random(2) ? (size_t)snprintf(text, size, "%s%u", before, (unsigned)test_random(30)) : 0;
}

START_TEST(any_printed_integer_is_the_hosts)
{
  static const char *const lengths[] = {"hh", "h", "", "l", "ll", "z", "j", "t"};
  for (unsigned round = 0, rounds = stress(20000); round < rounds; round++) {
    char format[64] = "<%";
    size_t at = 2;
    for (const char *flag = "-0+ #"; *flag != '\0'; flag++)
      if (test_random(3) == 0) format[at++] = *flag;
    at += add_number(format + at, sizeof format - at, "");
    at += add_number(format + at, sizeof format - at, ".");
    snprintf(format + at, sizeof format - at, "%s%c>", lengths[test_random(8)], "diuxXo"[test_random(6)]);
    uint64_t value = (test_random(1ull << 32) << 32 | test_random(1ull << 32)) >> test_random(64);
    SAME(format, value);
  }
}
END_TEST

#pragma GCC diagnostic pop

START_TEST(printf_where_the_hosts_may_differ)
{
  char buf[8] = "unharmed";
  ck_assert_int_eq(user_snprintf(NULL, 0, "%s", "four"), 4);
  ck_assert_int_eq(user_snprintf(buf, 1, "%s", "four"), 4);
  ck_assert_mem_eq(buf, "\0nharmed", 8);
  ck_assert_int_eq(user_snprintf(buf, sizeof buf, "%s", (const char *)NULL), 6);
  ck_assert_str_eq(buf, "(null)");
  ck_assert_int_eq(user_snprintf(buf, sizeof buf, "%y%"), 3);
  ck_assert_str_eq(buf, "%y%");
}
END_TEST

/* More than an int can count, by padding that is not made: it would take a while. */
START_TEST(what_is_too_long_is_not_begun)
{
  static const struct {
    const char *format, *first;
    int number;
  } cases[] = {{"ab%*d", "ab", INT_MAX}, {"ab%-*d", "ab1", INT_MAX}, {"ab%*d", "ab1", INT_MIN},
               {"%#.*x", "0x", INT_MAX}, {"ab%.*d", "ab", INT_MAX},  {"ab%0*d", "ab", INT_MAX}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char buf[8];
    user_errno = 0;
    ck_assert_int_eq(user_snprintf(buf, sizeof buf, cases[i].format, cases[i].number, 1), -1);
    ck_assert_int_eq(user_errno, EOVERFLOW);
    ck_assert_str_eq(buf, cases[i].first);
  }
}
END_TEST

/* ---- streams ---- */

START_TEST(a_console_gets_whole_lines)
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

START_TEST(a_file_gets_full_buffers)
{
  for (int i = 0; i < 300; i++) user_puts("line");
  ck_assert_uint_eq(host_writes, 2);
  ck_assert_uint_eq(strlen(host_output), 1024);
  ck_assert_int_eq(user_dprintf(2, "%d%s", 1, "\n"), 2); /* is not kept waiting */
  ck_assert_uint_eq(host_writes, 3);
  int escaped = setjmp(host_escape);
  if (escaped == 0) user_exit(3);
  ck_assert_int_eq(escaped, 1003);
  ck_assert_uint_eq(strlen(host_output), 1502);
}
END_TEST

static void long_text(char *text, size_t size)
{
  for (size_t i = 0; i + 1 < size; i++) text[i] = (char)('a' + i % 26);
  text[size - 1] = '\0';
}

/* In as many writes as it takes: longer than both buffers. */
START_TEST(long_output_arrives_whole)
{
  char text[2000];
  long_text(text, sizeof text);
  if (_i)
    ck_assert_int_eq(user_dprintf(1, "%s", text), 1999);
  else
    ck_assert_int_eq(user_printf("%s", text), 1999);
  int escaped = setjmp(host_escape);
  if (escaped == 0) user_exit(0);
  ck_assert_str_eq(host_output, text);
}
END_TEST

START_TEST(looking_for_a_console_leaves_no_error)
{
  user_errno = ENOENT;
  user_printf("text");
  ck_assert_int_eq(user_errno, ENOENT);
}
END_TEST

START_TEST(a_message_is_one_write)
{
  user_warnx("%s: %d", "wrong", 7);
  ck_assert_uint_eq(host_writes, 1);
  ck_assert_str_eq(host_output, "test: wrong: 7\n");
}
END_TEST

START_TEST(a_failed_write_is_told_and_kept)
{
  host_is_console = true;
  ck_assert_int_eq(user_ferror(user_stdout), 0);
  host_write_error = ENOSPC;
  ck_assert_int_lt(user_printf("lost\n"), 0);
  ck_assert_int_ne(user_ferror(user_stdout), 0);
  ck_assert_int_lt(user_dprintf(1, "lost"), 0);
  ck_assert_str_eq(host_output, "");
}
END_TEST

START_TEST(input_comes_in_lines)
{
  char buf[6];
  host_input = "one\nlonger line\nend";
  user_printf("prompt");
  ck_assert_ptr_eq(user_fgets(buf, sizeof buf, user_stdin), buf);
  ck_assert_str_eq(buf, "one\n");
  ck_assert_str_eq(host_output, "prompt"); /* was seen before */
  ck_assert_str_eq(user_fgets(buf, 1, user_stdin), "");
  ck_assert_str_eq(user_fgets(buf, sizeof buf, user_stdin), "longe");
  ck_assert_int_eq(user_getchar(), 'r');
  ck_assert_str_eq(user_fgets(buf, sizeof buf, user_stdin), " line");
  ck_assert_str_eq(user_fgets(buf, sizeof buf, user_stdin), "\n");
  ck_assert_str_eq(user_fgets(buf, sizeof buf, user_stdin), "end");
  ck_assert_ptr_null(user_fgets(buf, sizeof buf, user_stdin));
  ck_assert_int_eq(user_getchar(), EOF);
  host_input = "more"; /* the end is the end */
  ck_assert_int_eq(user_getchar(), EOF);
  ck_assert_int_eq(user_ferror(user_stdin), 0);
}
END_TEST

START_TEST(a_line_that_cannot_be_read_is_none)
{
  char buf[20];
  host_input = "whole\nbroken ";
  host_read_error = EIO;
  ck_assert_str_eq(user_fgets(buf, sizeof buf, user_stdin), "whole\n");
  ck_assert_ptr_null(user_fgets(buf, sizeof buf, user_stdin));
  ck_assert_int_ne(user_ferror(user_stdin), 0);
  host_read_error = 0; /* it was not the end */
  host_input = "off\n";
  ck_assert_str_eq(user_fgets(buf, sizeof buf, user_stdin), "off\n");
}
END_TEST

START_TEST(long_input_is_read_on)
{
  char text[2000];
  long_text(text, sizeof text);
  host_input = text;
  for (size_t i = 0; i < sizeof text - 1; i++) ck_assert_int_eq(user_getchar(), text[i]);
  ck_assert_int_eq(user_getchar(), EOF);
}
END_TEST

int main(void)
{
  Suite *s = suite_create("user_stdio");
  TCase *t = suite_case(s, "printf", host_reset, NULL);
  tcase_add_test(t, printf_is_the_hosts);
  tcase_add_test(t, any_printed_integer_is_the_hosts);
  tcase_add_test(t, printf_where_the_hosts_may_differ);
  tcase_add_test(t, what_is_too_long_is_not_begun);
  t = suite_case(s, "streams", host_reset, NULL);
  tcase_add_test(t, a_console_gets_whole_lines);
  tcase_add_test(t, a_file_gets_full_buffers);
  tcase_add_loop_test(t, long_output_arrives_whole, 0, 2);
  tcase_add_test(t, looking_for_a_console_leaves_no_error);
  tcase_add_test(t, a_message_is_one_write);
  tcase_add_test(t, a_failed_write_is_told_and_kept);
  tcase_add_test(t, input_comes_in_lines);
  tcase_add_test(t, a_line_that_cannot_be_read_is_none);
  tcase_add_test(t, long_input_is_read_on);
  return suite_run(s);
}
