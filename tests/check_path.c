/* Paths as text. */
#include "suite.h"
#include <stdlib.h>
#include <string.h>

#include <kern/vfs.h>

static void expect_path(const char *cwd, const char *path, const char *expected)
{
  char out[PATH_MAX];
  ck_assert_int_eq(path_normalize(cwd, path, out), 0);
  ck_assert_str_eq(out, expected);
}

START_TEST(absolute_paths)
{
  expect_path("/x", "/", "/");
  expect_path("/x", "/bin/sh", "/bin/sh");
  expect_path("/x", "//bin///sh", "/bin/sh");
  expect_path("/x", "/./bin/./sh", "/bin/sh");
  expect_path("/x", "/bin/../etc/passwd", "/etc/passwd");
  expect_path("/x", "/a/b/../../c", "/c");
  expect_path("/x", "/...", "/...");
  expect_path("/x", "/.a/..b", "/.a/..b");
}
END_TEST

START_TEST(relative_paths)
{
  expect_path("/", "a", "/a");
  expect_path("/home", "a/b", "/home/a/b");
  expect_path("/home/", "a", "/home/a");
  expect_path("/home/me", "../you", "/home/you");
  expect_path("/home/me", "./a", "/home/me/a");
}
END_TEST

START_TEST(dot_dot_stays_at_the_root)
{
  expect_path("/", "..", "/");
  expect_path("/", "../../a", "/a");
  expect_path("/a", "../../../b", "/b");
  expect_path("/a/b", "/../..", "/");
}
END_TEST

START_TEST(a_slash_behind_asks_for_a_directory)
{
  expect_path("/", "a/", "/a/");
  expect_path("/", "/a//", "/a/");
  expect_path("/", "a/.", "/a/");
  expect_path("/a", ".", "/a/");
  expect_path("/a/b", "..", "/a/");
  expect_path("/", "a/b/..", "/a/");
  expect_path("/", "//", "/");
}
END_TEST

START_TEST(that_slash_is_stripped)
{
  char a[] = "/a/b/", b[] = "/", c[] = "/a";
  path_strip_slash(a);
  path_strip_slash(b);
  path_strip_slash(c);
  ck_assert_str_eq(a, "/a/b");
  ck_assert_str_eq(b, "/");
  ck_assert_str_eq(c, "/a");
}
END_TEST

START_TEST(without_a_path_or_an_absolute_directory_there_is_none)
{
  char out[PATH_MAX];
  ck_assert_int_eq(path_normalize("/", "", out), -ENOENT);
  ck_assert_int_eq(path_normalize("relative", "a", out), -EINVAL);
  ck_assert_int_eq(path_normalize("", "a", out), -EINVAL);
}
END_TEST

START_TEST(names_and_paths_that_just_fit)
{
  char name[NAME_MAX + 3] = "/", out[PATH_MAX];
  memset(name + 1, 'n', NAME_MAX);
  expect_path("/", name, name);
  name[NAME_MAX + 1] = 'n';
  ck_assert_int_eq(path_normalize("/", name, out), -ENAMETOOLONG);

  char longest[PATH_MAX + 1];
  for (size_t i = 0; i < PATH_MAX; i++) longest[i] = i % 2 ? 'a' : '/';
  longest[PATH_MAX - 2] = '\0'; /* "/a/a...": 1022 bytes */
  expect_path("/", longest, longest);
  ck_assert_int_eq(path_normalize(longest, "b", out), -ENAMETOOLONG);
  strcpy(out, longest);
  out[PATH_MAX - 3] = 'b';
  expect_path(longest, "../b", out);
  longest[PATH_MAX - 2] = '/';
  longest[PATH_MAX - 1] = '\0'; /* 1023 bytes and the null: just fits */
  expect_path("/", longest, longest);
  longest[PATH_MAX - 1] = 'a';
  longest[PATH_MAX] = '\0';
  ck_assert_int_eq(path_normalize("/", longest, out), -ENAMETOOLONG);
}
END_TEST

START_TEST(never_writes_past_the_result)
{
  /* Exactly PATH_MAX bytes on the heap: the sanitizer watches the byte behind. */
  char *out = malloc(PATH_MAX);
  char path[2 * PATH_MAX];
  for (size_t length = PATH_MAX - 8; length < PATH_MAX + 8; length++) {
    for (size_t period = 1; period < 5; period++) {
      for (size_t i = 0; i < length; i++) path[i] = i % period ? 'p' : '/';
      path[length] = '\0';
      if (path_normalize("/cwd", path, out) == 0) ck_assert_uint_lt(strlen(out), PATH_MAX);
      if (path_normalize("/cwd", path + 1, out) == 0) ck_assert_uint_lt(strlen(out), PATH_MAX);
    }
  }
  free(out);
}
END_TEST

int main(void)
{
  Suite *s = suite_create("path");
  TCase *t = suite_case(s, "normalize", NULL, NULL);
  tcase_add_test(t, absolute_paths);
  tcase_add_test(t, relative_paths);
  tcase_add_test(t, dot_dot_stays_at_the_root);
  tcase_add_test(t, a_slash_behind_asks_for_a_directory);
  tcase_add_test(t, that_slash_is_stripped);
  tcase_add_test(t, without_a_path_or_an_absolute_directory_there_is_none);
  tcase_add_test(t, names_and_paths_that_just_fit);
  tcase_add_test(t, never_writes_past_the_result);
  return suite_run(s);
}
