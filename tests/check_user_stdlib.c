/* libveridian's numbers and sorting against the host's; the environment, option letters, and the end of a program. */
#include "suite.h"
#include "user_host.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

START_TEST(numbers)
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
  ck_assert_int_eq(user_strtol("12x", NULL, 10), 12);
  ck_assert_uint_eq(user_strtoul("12x", NULL, 10), 12);
}
END_TEST

static int compare_ints(const void *a, const void *b)
{
  int x = *(const int *)a, y = *(const int *)b;
  return (x > y) - (x < y);
}

START_TEST(sorting)
{
  int ours[100], theirs[100];
  for (int round = 0; round < 500; round++) {
    size_t n = test_random(100);
    for (size_t i = 0; i < n; i++) ours[i] = theirs[i] = (int)test_random(50) - 25;
    user_qsort(ours, n, sizeof *ours, compare_ints);
    qsort(theirs, n, sizeof *theirs, compare_ints);
    ck_assert_mem_eq(ours, theirs, n * sizeof *ours);
  }
}
END_TEST

START_TEST(option_letters)
{
  char *argv[] = {"test", "-la", "-n", "5", "-nx", "--", "-l", NULL};
  ck_assert_int_eq(user_getopt(7, argv, "lan:"), 'l');
  ck_assert_int_eq(user_getopt(7, argv, "lan:"), 'a');
  ck_assert_int_eq(user_getopt(7, argv, "lan:"), 'n');
  ck_assert_str_eq(user_optarg, "5");
  ck_assert_int_eq(user_getopt(7, argv, "lan:"), 'n');
  ck_assert_str_eq(user_optarg, "x");
  for (int i = 0; i < 2; i++) ck_assert_int_eq(user_getopt(6, argv, "lan:"), -1); /* and it stays there */
  ck_assert_int_eq(user_optind, 6);
  ck_assert_str_eq(host_output, "");
}
END_TEST

/* A dash alone is one, too: it means standard input to most programs. */
START_TEST(options_end_at_the_first_operand)
{
  static char *const operands[] = {"file", "-"};
  char *argv[] = {"test", "-l", operands[_i], "-a", NULL};
  ck_assert_int_eq(user_getopt(4, argv, "la"), 'l');
  ck_assert_int_eq(user_getopt(4, argv, "la"), -1);
  ck_assert_int_eq(user_optind, 2);
}
END_TEST

START_TEST(wrong_options_are_named)
{
  char *argv[] = {"test", "-q", "-:", "-n", NULL};
  static const char letters[] = "q:n";
  for (size_t i = 0; i < 3; i++) {
    ck_assert_int_eq(user_getopt(4, argv, "n:"), '?');
    ck_assert_int_eq(user_optopt, letters[i]);
  }
  ck_assert_int_eq(user_getopt(4, argv, "n:"), -1);
  ck_assert_str_eq(host_output,
                   "test: unknown option -q\ntest: unknown option -:\ntest: option -n needs an argument\n");
}
END_TEST

START_TEST(other_arguments_are_read_from_their_beginning)
{
  char first[] = "-l", second[] = "-a";
  char *argv[] = {"test", first, NULL};
  ck_assert_int_eq(user_getopt(2, argv, "la"), 'l');
  ck_assert_int_eq(user_getopt(2, argv, "la"), -1);
  memset(first, 'l', sizeof first); /* nothing of it is looked at again */
  argv[1] = second;
  user_optind = 1;
  ck_assert_int_eq(user_getopt(2, argv, "la"), 'a');
  ck_assert_int_eq(user_getopt(2, argv, "la"), -1);
  ck_assert_int_eq(user_optind, 2);
}
END_TEST

START_TEST(variables_are_found_by_their_whole_name)
{
  char *env[] = {"PATHS=no", "PATH=/bin", "EMPTY=", NULL};
  user_environ = env;
  ck_assert_str_eq(user_getenv("PATH"), "/bin");
  ck_assert_str_eq(user_getenv("EMPTY"), "");
  ck_assert_ptr_null(user_getenv("PAT"));
}
END_TEST

static int exit_status(int code)
{
  int escaped = setjmp(host_escape);
  if (escaped == 0) user_exit(code);
  return escaped - 1000;
}

static void say_last(void)
{
  user_puts("last");
}

static void say_first(void)
{
  user_puts("first");
}

START_TEST(exit_runs_the_last_function_first)
{
  ck_assert_int_eq(user_atexit(say_last), 0);
  ck_assert_int_eq(user_atexit(say_first), 0);
  ck_assert_int_eq(exit_status(5), 5);
  ck_assert_str_eq(host_output, "first\nlast\n");
}
END_TEST

static unsigned runs;

static void run(void)
{
  runs++;
}

START_TEST(exit_runs_32_functions_and_no_more)
{
  for (int i = 0; i < 32; i++) ck_assert_int_eq(user_atexit(run), 0);
  ck_assert_int_ne(user_atexit(run), 0);
  ck_assert_int_eq(exit_status(0), 0);
  ck_assert_uint_eq(runs, 32);
}
END_TEST

/* Output that nobody could take makes the program fail; a reader that left is no news. */
START_TEST(exit_fails_when_output_is_lost)
{
  static const struct {
    int error;
    const char *message;
  } cases[] = {{ENOSPC, "test: write: no space left\n"}, {EPIPE, ""}};
  host_write_error = cases[_i].error;
  user_puts("lost");
  ck_assert_int_eq(exit_status(0), 1);
  ck_assert_str_eq(host_output, cases[_i].message);
}
END_TEST

int main(void)
{
  Suite *s = suite_create("user_stdlib");
  TCase *t = suite_case(s, "stdlib", host_reset, NULL);
  tcase_add_test(t, numbers);
  tcase_add_test(t, sorting);
  tcase_add_test(t, option_letters);
  tcase_add_loop_test(t, options_end_at_the_first_operand, 0, 2);
  tcase_add_test(t, wrong_options_are_named);
  tcase_add_test(t, other_arguments_are_read_from_their_beginning);
  tcase_add_test(t, variables_are_found_by_their_whole_name);
  tcase_add_test(t, exit_runs_the_last_function_first);
  tcase_add_test(t, exit_runs_32_functions_and_no_more);
  tcase_add_loop_test(t, exit_fails_when_output_is_lost, 0, 2);
  return suite_run(s);
}
