/* Text mode's cells: what a terminal shows for the kernel's and the shell's output, and that no input leaves the cells. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fmt/vgatext.h>

#define GUARD 0xDEADu

static struct {
  uint16_t before[VGATEXT_COLUMNS];
  uint16_t cells[VGATEXT_CELLS];
  uint16_t after[VGATEXT_COLUMNS];
} memory;
static struct vgatext t;

static void setup(void)
{
  for (unsigned i = 0; i < VGATEXT_COLUMNS; i++) memory.before[i] = memory.after[i] = GUARD;
  memset(memory.cells, 0x55, sizeof memory.cells);
  vgatext_init(&t, memory.cells);
}

static void teardown(void)
{
  for (unsigned i = 0; i < VGATEXT_COLUMNS; i++) ck_assert(memory.before[i] == GUARD && memory.after[i] == GUARD);
}

static void write_text(const char *text)
{
  vgatext_write(&t, text, strlen(text));
}

/* A row of the screen without the blanks at its end. */
static const char *row(unsigned r)
{
  static char text[VGATEXT_COLUMNS + 1];
  unsigned n = 0;
  for (unsigned i = 0; i < VGATEXT_COLUMNS; i++) {
    text[i] = (char)memory.cells[vgatext_origin(&t) + r * VGATEXT_COLUMNS + i];
    if (text[i] != ' ') n = i + 1;
  }
  text[n] = '\0';
  return text;
}

static uint8_t attribute(unsigned r, unsigned column)
{
  return (uint8_t)(memory.cells[vgatext_origin(&t) + r * VGATEXT_COLUMNS + column] >> 8);
}

static void assert_cursor(unsigned r, unsigned column)
{
  ck_assert_uint_eq(vgatext_cursor(&t), vgatext_origin(&t) + r * VGATEXT_COLUMNS + column);
}

START_TEST(starts_blank)
{
  for (unsigned r = 0; r < VGATEXT_ROWS; r++) ck_assert_str_eq(row(r), "");
  ck_assert_uint_eq(attribute(24, 79), 0x0E);
  ck_assert_uint_eq(memory.cells[VGATEXT_ROWS * VGATEXT_COLUMNS], 0x5555);
  assert_cursor(0, 0);
}
END_TEST

START_TEST(text_and_controls)
{
  write_text("one\r\ntwo\a\r\n\ta\tb\rc\r\nabc\b\bX");
  ck_assert_str_eq(row(0), "one");
  ck_assert_str_eq(row(1), "two");
  ck_assert_str_eq(row(2), "c       a       b");
  ck_assert_str_eq(row(3), "aXc");
  assert_cursor(3, 2);
  ck_assert_uint_eq(memory.cells[0], 0x0E00 | 'o');
  write_text("\r\b\b");
  assert_cursor(3, 0);
}
END_TEST

START_TEST(tab_stays_in_the_row)
{
  write_text("\033[1;79H\t\t");
  assert_cursor(0, 79);
}
END_TEST

/* The shell's editor counts on the cursor waiting at the margin: a full row and a newline make no empty row. */
START_TEST(waits_at_the_margin)
{
  char full[VGATEXT_COLUMNS + 1];
  memset(full, 'm', VGATEXT_COLUMNS);
  full[VGATEXT_COLUMNS] = '\0';
  write_text(full);
  assert_cursor(0, 79);
  write_text("\r\nnext");
  ck_assert_str_eq(row(1), "next");
  write_text("\r\n");
  write_text(full);
  write_text(" \b"); /* how the editor steps into the next row */
  assert_cursor(3, 0);
  write_text("\033[H");
  write_text(full);
  write_text("\r#");
  ck_assert_int_eq(row(0)[0], '#');
  ck_assert_str_eq(row(1), "next");
}
END_TEST

START_TEST(not_ascii)
{
  write_text("a\xC3\xA4z\xE2\x82\xAC.\xF0\x9F\x98\x80|\x80\x80\xC3x\xFF");
  ck_assert_str_eq(row(0), "a\xFEz\xFE.\xFE|\xFE\xFE\xFEx\xFE");
}
END_TEST

START_TEST(scrolls)
{
  char line[16];
  for (unsigned i = 0; i < 1000; i++) {
    snprintf(line, sizeof line, "line %u\r\n", i);
    write_text(line);
    unsigned first = i < VGATEXT_ROWS - 1 ? 0 : i - (VGATEXT_ROWS - 2);
    snprintf(line, sizeof line, "line %u", first);
    ck_assert_str_eq(row(0), line);
    snprintf(line, sizeof line, "line %u", i);
    ck_assert_str_eq(row(i - first), line);
    ck_assert_str_eq(row(i - first + 1), "");
    ck_assert_uint_le(vgatext_origin(&t) + VGATEXT_ROWS * VGATEXT_COLUMNS, VGATEXT_CELLS);
  }
}
END_TEST

START_TEST(cursor_sequences)
{
  write_text("\033[5;10H");
  assert_cursor(4, 9);
  write_text("\033[2A\033[3C");
  assert_cursor(2, 12);
  write_text("\033[B\033[D");
  assert_cursor(3, 11);
  write_text("\033[99A\033[99D");
  assert_cursor(0, 0);
  write_text("\033[99B\033[99C");
  assert_cursor(24, 79);
  write_text("\033[H");
  assert_cursor(0, 0);
  write_text("\033[999999999999;999999999999H");
  assert_cursor(24, 79);
  write_text("\033[0;0f");
  assert_cursor(0, 0);
}
END_TEST

static void fill(void)
{
  write_text("\033[H");
  for (unsigned i = 0; i < VGATEXT_ROWS; i++) write_text(i ? "\r\nabcdef" : "abcdef");
}

START_TEST(erasing)
{
  fill();
  write_text("\033[3;3H\033[K");
  ck_assert_str_eq(row(2), "ab");
  write_text("\033[4;3H\033[1K");
  ck_assert_str_eq(row(3), "   def");
  write_text("\033[2K");
  ck_assert_str_eq(row(3), "");
  write_text("\033[20;3H\033[J");
  ck_assert_str_eq(row(18), "abcdef");
  ck_assert_str_eq(row(19), "ab");
  ck_assert_str_eq(row(24), "");
  write_text("\033[2;3H\033[1J");
  ck_assert_str_eq(row(0), "");
  ck_assert_str_eq(row(1), "   def");
  write_text("\033[H\033[2J");
  for (unsigned r = 0; r < VGATEXT_ROWS; r++) ck_assert_str_eq(row(r), "");
  assert_cursor(0, 0);
}
END_TEST

START_TEST(colours)
{
  write_text("\033[31mr\033[1mR\033[97;44mw\033[100mg\033[39;49my\033[36mc\033[0md\033[me");
  const uint8_t expected[] = {0x04, 0x0C, 0x1F, 0x8F, 0x0E, 0x03, 0x0E, 0x0E};
  for (unsigned i = 0; i < sizeof expected; i++) ck_assert_uint_eq(attribute(0, i), expected[i]);
}
END_TEST

START_TEST(foreign_sequences_show_nothing)
{
  write_text("a\033[?25lb\033[>1;2cc\033[1 qd\033(e\033[1;2;3;4;5;6;7;8;9;31mf\033[zg");
  ck_assert_str_eq(row(0), "abcdefg");
  ck_assert_uint_eq(attribute(0, 5), 0x0E);
  write_text("\r\033\033[2C!\033[1\r2;3Hx");
  ck_assert_str_eq(row(0), "ab!defg");
  ck_assert_str_eq(row(11), "  x");
}
END_TEST

START_TEST(any_bytes_stay_inside)
{
  static const char alphabet[] = "\033\033[[[;012359ABCDHJKmf\n\n\r\b\t\xC3\xFF xyz";
  srand((unsigned)_i + 1);
  for (unsigned n = 0; n < 200000; n++) {
    char c = rand() % 8 ? alphabet[(unsigned)rand() % (sizeof alphabet - 1)] : (char)rand();
    vgatext_write(&t, &c, 1);
    ck_assert_uint_lt(t.row, VGATEXT_ROWS);
    ck_assert_uint_lt(t.column, VGATEXT_COLUMNS);
    ck_assert_uint_le(t.top, VGATEXT_MEMORY_ROWS - VGATEXT_ROWS);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("vgatext");
  TCase *tc = tcase_create("cells");
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_test(tc, starts_blank);
  tcase_add_test(tc, text_and_controls);
  tcase_add_test(tc, tab_stays_in_the_row);
  tcase_add_test(tc, waits_at_the_margin);
  tcase_add_test(tc, not_ascii);
  tcase_add_test(tc, scrolls);
  tcase_add_test(tc, cursor_sequences);
  tcase_add_test(tc, erasing);
  tcase_add_test(tc, colours);
  tcase_add_test(tc, foreign_sequences_show_nothing);
  tcase_add_loop_test(tc, any_bytes_stay_inside, 0, 4);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
