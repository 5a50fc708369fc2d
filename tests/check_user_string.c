/* libveridian's strings, against the host's where it has the function. */
#include "suite.h"
#include "user_host.h"
#include <errno.h>
#include <string.h>

static char random_letter(unsigned of)
{
  return (char)('a' + test_random(of));
}

static int sign(int n)
{
  return (n > 0) - (n < 0);
}

START_TEST(comparing_and_searching)
{
  for (unsigned round = 0, rounds = stress(5000); round < rounds; round++) {
    char a[40], b[40], set[] = {random_letter(3), random_letter(3), '\0'};
    for (size_t i = 0; i < sizeof a; i++) {
      a[i] = test_random(12) == 0 ? '\0' : test_random(9) == 0 ? (char)0xE9 : random_letter(3);
      b[i] = test_random(4) == 0 ? random_letter(3) : a[i];
    }
    a[39] = b[39] = '\0';
    size_t n = test_random(40);
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
    ck_assert_ptr_eq(user_strstr(a, ""), a);
    ck_assert_uint_eq(user_strspn(a, set), strspn(a, set));
    ck_assert_uint_eq(user_strcspn(a, set), strcspn(a, set));
  }
}
END_TEST

/* What lies around the bytes that are written is compared, too. */
START_TEST(copying)
{
  for (unsigned round = 0, rounds = stress(5000); round < rounds; round++) {
    char a[64], b[64];
    for (size_t i = 0; i < sizeof a; i++) a[i] = b[i] = test_random(10) == 0 ? '\0' : random_letter(26);
    a[63] = b[63] = '\0';
    size_t to = test_random(32), from = test_random(32), n = test_random(32);
    switch (test_random(4)) {
    case 0:
      ck_assert_ptr_eq(user_memmove(a + to, a + from, n), a + to);
      memmove(b + to, b + from, n);
      break;
    case 1:
      ck_assert_ptr_eq(user_memset(a + to, 'x', n), a + to);
      memset(b + to, 'x', n);
      break;
    case 2:
      ck_assert_ptr_eq(user_memcpy(a, a + 32, n), a);
      memcpy(b, b + 32, n);
      break;
    default: {
      char source[33] = "";
      memcpy(source, b + 31, 32);
      ck_assert_ptr_eq(user_strncpy(a, source, n), a);
      size_t copied = strnlen(source, n);
      memcpy(b, source, copied);
      memset(b + copied, 0, n - copied);
    }
    }
    ck_assert_mem_eq(a, b, sizeof a);
  }
}
END_TEST

START_TEST(strlcpy_ends_what_it_cuts)
{
  static const char text[] = "0123456789", before[8] = "zzzzzzz|";
  for (size_t from = 0; from < sizeof text; from++) {
    char buf[8];
    size_t length = strlen(text + from), kept = length < 7 ? length : 6;
    memcpy(buf, before, sizeof buf);
    ck_assert_uint_eq(user_strlcpy(buf, text + from, 7), length);
    ck_assert_mem_eq(buf, text + from, kept);
    ck_assert_int_eq(buf[kept], '\0');
    ck_assert_mem_eq(buf + kept + 1, before + kept + 1, sizeof buf - kept - 1);
  }
  ck_assert_uint_eq(user_strlcpy(NULL, "abc", 0), 3);
}
END_TEST

START_TEST(joining)
{
  char buf[] = "0123456|";
  ck_assert_ptr_eq(user_strcpy(buf, "abc"), buf);
  ck_assert_ptr_eq(user_strcat(buf, "def"), buf);
  ck_assert_str_eq(buf, "abcdef");
  ck_assert_str_eq(buf + 7, "|");
}
END_TEST

START_TEST(splitting_into_words)
{
  char words[] = "::a:bc::d:", *rest;
  ck_assert_str_eq(user_strtok_r(words, ":", &rest), "a");
  ck_assert_str_eq(user_strtok_r(NULL, ":", &rest), "bc");
  ck_assert_str_eq(user_strtok_r(NULL, ":", &rest), "d");
  ck_assert_ptr_null(user_strtok_r(NULL, ":", &rest));
  ck_assert_ptr_null(user_strtok_r(NULL, ":", &rest));
}
END_TEST

START_TEST(a_duplicate_is_a_block_of_its_own)
{
  char text[] = "text", *copy = user_strdup(text);
  ck_assert_ptr_ne(copy, text);
  ck_assert_str_eq(copy, "text");
  user_free(copy);
  host_no_memory = true;
  static char long_text[200000];
  memset(long_text, 'x', sizeof long_text - 1);
  ck_assert_ptr_null(user_strdup(long_text));
  ck_assert_int_eq(user_errno, ENOMEM);
}
END_TEST

START_TEST(every_error_has_words)
{
  for (int e = -1; e < 200; e++) ck_assert_ptr_nonnull(user_strerror(e));
  ck_assert_str_eq(user_strerror(ENOENT), "no such file or directory");
  ck_assert_str_ne(user_strerror(EIO), user_strerror(ENOENT));
}
END_TEST

int main(void)
{
  Suite *s = suite_create("user_string");
  TCase *t = suite_case(s, "string", host_reset, NULL);
  tcase_add_test(t, comparing_and_searching);
  tcase_add_test(t, copying);
  tcase_add_test(t, strlcpy_ends_what_it_cuts);
  tcase_add_test(t, joining);
  tcase_add_test(t, splitting_into_words);
  tcase_add_test(t, a_duplicate_is_a_block_of_its_own);
  tcase_add_test(t, every_error_has_words);
  return suite_run(s);
}
