/* What the console shows, on which outputs, and what programs ask it. */
#include "console_rig.h"

#include <string.h>

#include <kern/arch.h>
#include <kern/process.h>

START_TEST(output_without_a_device_is_early_output)
{
  ck_assert_int_eq(write_text("a\nb"), 3);
  sink->write("c\n", 2);
  expect_shown("a\r\nbc\r\n");
}
END_TEST

START_TEST(newlines_anywhere)
{
  char text[140], expected[150];
  for (size_t n = 0; n < 130; n++) {
    memset(text, 'x', n);
    strcpy(text + n, "\n\n\n");
    memset(expected, 'x', n);
    strcpy(expected + n, "\r\n\r\n\r\n");
    sink->write(text, n + 3);
    expect_shown(expected);
  }
}
END_TEST

static unsigned pieces;
static char last_piece[512];
static void watch_lines(const char *text, size_t len)
{
  ck_assert_uint_gt(locks_held, 0);
  if (len > 0 && text[len - 1] == '\n') pieces++;
  memcpy(last_piece, text, MIN(len, sizeof(last_piece)));
  for (size_t i = 0; i < len; i++) arch_early_putc(text[i]);
}
static struct console_output watcher = {.name = "watcher", .write = watch_lines};

START_TEST(long_writes_arrive_whole)
{
  static char text[100001], expected[200001];
  size_t n = 0;
  for (size_t i = 0; i < 100000; i++) {
    text[i] = i % 50 == 49 ? '\n' : (char)('a' + i % 26);
    if (text[i] == '\n') expected[n++] = '\r';
    expected[n++] = text[i];
  }
  console_add_output(&watcher);
  ck_assert_int_eq(write_text(text), 100000);
  expect_shown(expected);
  ck_assert_uint_ge(pieces, 100000 / 256); /* it let go of the lock at line ends */
}
END_TEST

START_TEST(write_from_a_bad_buffer)
{
  console_add_output(&watcher);
  copies_before_fault = 0;
  ck_assert_int_eq(write_text("x"), -EFAULT);
  expect_shown("");
  char text[400];
  memset(text, 'z', sizeof(text));
  text[100] = '\n';
  text[399] = '\0';
  copies_before_fault = 1; /* the second piece cannot be read: what was taken is written and counted */
  ssize_type n = write_text(text);
  ck_assert(n > 100 && n < 399);
  ck_assert_uint_eq(shown_length, (size_t)n + 1);
}
END_TEST

START_TEST(killed_writer_stops)
{
  static char text[10001];
  memset(text, 'k', 10000);
  process_current()->killed = true;
  ssize_type n = write_text(text);
  ck_assert(n > 0 && n < 10000);
  ck_assert_uint_eq(shown_length, (size_t)n);
}
END_TEST

/* ---- outputs that let what is written wait ---- */

static size_t waiting, shown_late;

static void let_wait(const char *text, size_t len)
{
  (void)text;
  waiting += len;
}

static void show_waiting(void)
{
  ck_assert_uint_gt(locks_held, 0);
  shown_late += waiting;
  waiting = 0;
}

START_TEST(nothing_is_left_waiting)
{
  static struct console_output lazy = {.name = "lazy", .write = let_wait, .show = show_waiting};
  console_add_output(&lazy);
  ck_assert_int_eq(write_text("one\ntwo"), 7);
  ck_assert_uint_eq(waiting, 0);
  ck_assert_uint_eq(shown_late, 8);
  type("ab\n");
  expect_read(100, "ab\n"); /* and is echoed */
  ck_assert_uint_eq(waiting, 0);
  ck_assert_uint_eq(shown_late, 12);
  sink->write("log\n", 4);
  ck_assert_uint_eq(waiting, 0);
  ck_assert_uint_eq(shown_late, 17);
}
END_TEST

/* ---- control ---- */

START_TEST(wrong_controls_change_nothing)
{
  ck_assert_int_eq(console_control(CONSOLE_GET_MODE, 0), CONSOLE_COOKED);
  ck_assert_int_eq(console_control(CONSOLE_SET_MODE, 8), -EINVAL);
  ck_assert_int_eq(console_control(CONSOLE_SET_MODE, 1ull << 32), -EINVAL);
  ck_assert_int_eq(console_control(CONSOLE_GET_MODE, 0), CONSOLE_COOKED);
  ck_assert_int_eq(console_control(CONSOLE_SET_FOREGROUND, 1ull << 31), -EINVAL);
  ck_assert_int_eq(console_control(CONSOLE_GET_SIZE, 0), 24 << 16 | 80);
  ck_assert_int_eq(console_control(99, 0), -EINVAL);
}
END_TEST

static void show_nothing(const char *text, size_t len)
{
  (void)text, (void)len;
}

/* The size is that of where the last byte was typed; without a serial line it is the screen's. */
START_TEST(size_follows_the_typist)
{
  static struct console_output wide = {.name = "screen", .write = show_nothing, .rows = 50, .columns = 160};
  console_add_output(&wide);
  ck_assert_int_eq(console_control(CONSOLE_GET_SIZE, 0), 50 << 16 | 160);
  start_uart();
  ck_assert_int_eq(console_control(CONSOLE_GET_SIZE, 0), 24 << 16 | 80);
  console_input_bytes((const uint8_t *)"x", 1, CONSOLE_AT_SCREEN);
  ck_assert_int_eq(console_control(CONSOLE_GET_SIZE, 0), 50 << 16 | 160);
  type("y");
  ck_assert_int_eq(console_control(CONSOLE_GET_SIZE, 0), 24 << 16 | 80);
}
END_TEST

int main(void)
{
  Suite *s = suite_create("console output");
  TCase *t = suite_case(s, "output", console_setup, NULL);
  tcase_add_test(t, output_without_a_device_is_early_output);
  tcase_add_test(t, newlines_anywhere);
  tcase_add_test(t, long_writes_arrive_whole);
  tcase_add_test(t, write_from_a_bad_buffer);
  tcase_add_test(t, killed_writer_stops);
  tcase_add_test(t, nothing_is_left_waiting);
  t = suite_case(s, "control", console_setup, NULL);
  tcase_add_test(t, wrong_controls_change_nothing);
  tcase_add_test(t, size_follows_the_typist);
  return suite_run(s);
}
