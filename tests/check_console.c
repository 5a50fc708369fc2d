/* The console's line discipline, without a device: what is typed comes to its readers, and is echoed. */
#include "console_rig.h"

#include <string.h>

#include <kern/process.h>

/* That many of these, in reads of whatever size. */
static void expect_bytes(size_t left, const char *byte)
{
  while (left > 0) {
    ssize_type n = read_some(MIN(left, 1000));
    ck_assert_int_gt(n, 0);
    ck_assert_uint_eq(strspn(got, byte), (size_t)n);
    left -= (size_t)n;
  }
}

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
  expect_bytes(2999, "y");
  expect_read(1, "\n");
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
  ck_assert_uint_gt(room, 0);
  for (size_t i = 0; i < room + 1000; i++) type("x");
  ck_assert_uint_eq(console_input_room(), 0);
  expect_bytes(room, "x");
  ck_assert_int_eq(read_some(1), -EINTR);
}
END_TEST

static unsigned resumed;

static void resume(void)
{
  ck_assert_uint_gt(locks_held, 0);
  resumed++;
}

/* Two drivers, and a ring that was found full. */
static void stopped_setup(void)
{
  static struct console_input drivers[2] = {{.name = "one", .resume = resume}, {.name = "other", .resume = resume}};
  console_setup();
  console_add_input(&drivers[0]);
  console_add_input(&drivers[1]);
  while (console_input_room() > 0) type("x");
}

START_TEST(drivers_resume_when_room_appears)
{
  set_mode(0);
  expect_read(1, "x");
  ck_assert_uint_eq(resumed, 0); /* so little is not worth it */
  while (resumed == 0) ck_assert_int_gt(read_some(100), 0);
  ck_assert_uint_eq(resumed, 2);
  size_t room = console_input_room(); /* some: nobody stops */
  for (size_t i = 0; i < room; i++) type("x");
  expect_bytes(room, "x");
  ck_assert_uint_eq(resumed, 2);
}
END_TEST

START_TEST(drivers_resume_when_control_c_makes_room)
{
  ck_assert_int_eq(console_control(CONSOLE_SET_FOREGROUND, 42), 0);
  type("\x03");
  ck_assert_int_eq(killed_job, 42);
  ck_assert_uint_eq(resumed, 2);
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
  t = suite_case(s, "drivers", stopped_setup, NULL);
  tcase_add_test(t, drivers_resume_when_room_appears);
  tcase_add_test(t, drivers_resume_when_control_c_makes_room);
  return suite_run(s);
}
