/* The console and its line discipline, without a device: what is typed comes to its readers, what they write goes out. */
#include "console_rig.h"

#include <string.h>

#include <kern/process.h>

/* ---- cooked ---- */

START_TEST(cooked_gives_lines)
{
  type("one\ntwo\n");
  expect_read(100, "one\n");
  expect_shown("one\r\n");
  expect_read(100, "two\n");
  expect_shown("two\r\n");
}
END_TEST

START_TEST(cooked_waits_for_the_whole_line)
{
  script[0] = "a";
  script[1] = "bc";
  script[2] = "d\re";
  expect_read(100, "abcd\n"); /* the carriage return is a newline */
  expect_shown("abcd\r\n");
  script[3] = "\n";
  expect_read(100, "e\n");
}
END_TEST

START_TEST(short_buffer_gets_the_rest_later)
{
  type("hello\nx\n");
  expect_read(2, "he");
  expect_read(3, "llo");
  expect_read(3, "\n");
  expect_read(3, "x\n");
}
END_TEST

START_TEST(erases_characters)
{
  type("\bab\x7F"
       "c\b\b\b\bd\n");
  expect_read(100, "d\n");
  expect_shown("ab\b \bc\b \b\b \bd\r\n");
}
END_TEST

START_TEST(erases_what_was_echoed_wide)
{
  type("\x01\b\xC3\xA9\b\t\b\x1B\xE2\x82\xAC\x15z\n");
  expect_read(100, "z\n");
  expect_shown("^A\b \b\b \b\xC3\xA9\b \b \b \b^[\xE2\x82\xAC\b \b\b \b\b \bz\r\n");
}
END_TEST

START_TEST(erases_words_and_lines)
{
  type("ls  foo \x17"
       "bar\n");
  expect_read(100, "ls  bar\n");
  type("\x17");
  type("some words\x15more\n");
  expect_read(100, "more\n");
}
END_TEST

START_TEST(kill_of_a_long_line_echoes_everything)
{
  char line[1000];
  memset(line, 'x', sizeof(line) - 3);
  strcpy(line + sizeof(line) - 3, "\x15\n");
  type(line);
  expect_read(100, "\n");
  ck_assert_uint_eq(shown_length, 997 * 4 + 2);
}
END_TEST

START_TEST(control_d_ends_the_file)
{
  type("\x04");
  ck_assert_int_eq(read_some(10), 0);
  type("part\x04\x04next\n");
  expect_read(10, "part");
  ck_assert_int_eq(read_some(10), 0);
  expect_read(10, "next\n");
}
END_TEST

START_TEST(echo_can_be_off)
{
  set_mode(CONSOLE_CANON);
  type("secret\b\n");
  expect_read(100, "secre\n");
  expect_shown("");
}
END_TEST

START_TEST(longest_line_loses_nothing)
{
  char line[3001];
  memset(line, 'y', 3000);
  strcpy(line + 2999, "\n");
  type(line);
  size_t total = 0;
  while (total < 3000) {
    ssize_type n = read_some(4000);
    ck_assert_int_gt(n, 0);
    ck_assert_mem_eq(got, line + total, (size_t)n);
    total += (size_t)n;
  }
  ck_assert_uint_eq(total, 3000);
}
END_TEST

/* ---- raw ---- */

START_TEST(raw_gives_bytes_as_they_come)
{
  set_mode(0);
  type("\x03\x04\r\x7F");
  expect_read(100, "\x03\x04\r\x7F");
  script[0] = "k";
  expect_read(100, "k");
  expect_shown("");
  set_mode(CONSOLE_ECHO);
  type("ab");
  expect_read(1, "a");
  expect_shown("a");
}
END_TEST

START_TEST(type_ahead_is_read_in_the_mode_of_its_reader)
{
  set_mode(0);
  type("cat\nabx\x7F"
       "c\n\x04q");
  expect_read(4, "cat\n");
  expect_shown("");
  set_mode(CONSOLE_COOKED);
  expect_read(100, "abc\n");
  expect_shown("abx\b \bc\r\n");
  ck_assert_int_eq(read_some(100), 0);
  set_mode(0);
  expect_read(100, "q");
}
END_TEST

START_TEST(a_line_given_up_is_there_for_a_raw_reader)
{
  script[0] = "abc";
  ck_assert_int_eq(read_some(100), -EINTR); /* killed while it waits */
  set_mode(0);
  expect_read(2, "ab");
  type("d");
  expect_read(100, "c");
  expect_read(100, "d");
}
END_TEST

/* ---- ^C, hangup, errors ---- */

START_TEST(control_c_ends_the_foreground_job)
{
  ck_assert_int_eq(console_control(CONSOLE_SET_FOREGROUND, 42), 0);
  type("gone\x03"
       "after\n");
  ck_assert_int_eq(killed_job, 42);
  expect_shown("^C");
  expect_read(100, "after\n");
}
END_TEST

START_TEST(control_c_without_a_job_interrupts_the_reader)
{
  script[0] = "half a line\x03";
  ck_assert_int_eq(read_some(100), -EINTR);
  ck_assert_int_eq(killed_job, 0);
  expect_shown("half a line^C");
  type("x\n");
  expect_read(100, "x\n");
}
END_TEST

START_TEST(control_c_typed_ahead_acts_when_read)
{
  type("\x03x\n");
  ck_assert_int_eq(console_control(CONSOLE_SET_FOREGROUND, 7), 0);
  expect_read(100, "x\n");
  ck_assert_int_eq(killed_job, 7);
}
END_TEST

START_TEST(control_c_is_a_byte_without_signals)
{
  ck_assert_int_eq(console_control(CONSOLE_SET_FOREGROUND, 42), 0);
  set_mode(CONSOLE_ECHO | CONSOLE_CANON);
  type("\x03\n");
  expect_read(100, "\x03\n");
  expect_shown("^C\r\n");
  ck_assert_int_eq(killed_job, 0);
}
END_TEST

START_TEST(hangup_ends_the_file_after_what_is_there)
{
  type("line\npart");
  console_input_hangup();
  expect_read(100, "line\n");
  expect_read(100, "part");
  ck_assert_int_eq(read_some(100), 0);
  ck_assert_int_eq(read_some(100), 0);
}
END_TEST

START_TEST(hangup_wakes_the_reader)
{
  script[0] = "";
  ck_assert_int_eq(read_some(100), 0);
  set_mode(0);
  ck_assert_int_eq(read_some(100), 0);
}
END_TEST

START_TEST(bad_buffer_loses_nothing)
{
  type("kept\n");
  copies_before_fault = 0;
  ck_assert_int_eq(read_some(100), -EFAULT);
  expect_read(100, "kept\n");
  ck_assert_int_eq(read_some(0), 0);
}
END_TEST

START_TEST(control_c_during_a_copy)
{
  ck_assert_int_eq(console_control(CONSOLE_SET_FOREGROUND, 42), 0);
  type("first line\n");
  typed_during_copy = "\x03"
                      "ab\n";
  expect_read(3, "fir");
  expect_read(100, "ab\n"); /* not "t line", nor a piece of the new line missing */
}
END_TEST

START_TEST(full_ring_drops_what_a_driver_should_have_kept)
{
  set_mode(0);
  size_t room = console_input_room();
  ck_assert_uint_eq(room, 4096);
  for (int i = 0; i < 5000; i++) type("x");
  ck_assert_uint_eq(console_input_room(), 0);
  size_t total = 0;
  while (total < 4096) {
    ssize_type n = read_some(1000);
    ck_assert_int_gt(n, 0);
    total += (size_t)n;
  }
  ck_assert_uint_eq(total, 4096);
  ck_assert_int_eq(read_some(1), -EINTR);
}
END_TEST

START_TEST(controls)
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

/* ---- output ---- */

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
  ck_assert_int_eq(write_text(text), 256);
  ck_assert_uint_eq(shown_length, 257);
}
END_TEST

START_TEST(killed_writer_stops)
{
  static char text[10001];
  memset(text, 'k', 10000);
  process_current()->killed = true;
  ck_assert_int_eq(write_text(text), 256);
}
END_TEST

int main(void)
{
  Suite *s = suite_create("console");
  TCase *t = suite_case(s, "cooked", console_setup, NULL);
  tcase_add_test(t, cooked_gives_lines);
  tcase_add_test(t, cooked_waits_for_the_whole_line);
  tcase_add_test(t, short_buffer_gets_the_rest_later);
  tcase_add_test(t, erases_characters);
  tcase_add_test(t, erases_what_was_echoed_wide);
  tcase_add_test(t, erases_words_and_lines);
  tcase_add_test(t, kill_of_a_long_line_echoes_everything);
  tcase_add_test(t, control_d_ends_the_file);
  tcase_add_test(t, echo_can_be_off);
  tcase_add_test(t, longest_line_loses_nothing);
  t = suite_case(s, "raw", console_setup, NULL);
  tcase_add_test(t, raw_gives_bytes_as_they_come);
  tcase_add_test(t, type_ahead_is_read_in_the_mode_of_its_reader);
  tcase_add_test(t, a_line_given_up_is_there_for_a_raw_reader);
  t = suite_case(s, "events", console_setup, NULL);
  tcase_add_test(t, control_c_ends_the_foreground_job);
  tcase_add_test(t, control_c_without_a_job_interrupts_the_reader);
  tcase_add_test(t, control_c_typed_ahead_acts_when_read);
  tcase_add_test(t, control_c_is_a_byte_without_signals);
  tcase_add_test(t, hangup_ends_the_file_after_what_is_there);
  tcase_add_test(t, hangup_wakes_the_reader);
  tcase_add_test(t, bad_buffer_loses_nothing);
  tcase_add_test(t, control_c_during_a_copy);
  tcase_add_test(t, full_ring_drops_what_a_driver_should_have_kept);
  tcase_add_test(t, controls);
  tcase_add_test(t, size_follows_the_typist);
  t = suite_case(s, "output", console_setup, NULL);
  tcase_add_test(t, output_without_a_device_is_early_output);
  tcase_add_test(t, newlines_anywhere);
  tcase_add_test(t, long_writes_arrive_whole);
  tcase_add_test(t, write_from_a_bad_buffer);
  tcase_add_test(t, killed_writer_stops);
  return suite_run(s);
}
