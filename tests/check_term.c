/* The terminal: what it shows for the kernel's and the shell's output, and that no input leaves the cells. */
#include "suite.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kern/dev/term.h>

#define GUARD 0xDEADu

#define ROWS 25u
#define COLUMNS 80u
#define MOST_CELLS 4096u

static struct {
  uint16_t before[COLUMNS];
  uint16_t cells[MOST_CELLS];
  uint16_t after[COLUMNS];
} memory;
static struct term_span changed[MOST_CELLS];
static struct term t;

static void start(unsigned rows, unsigned columns)
{
  for (unsigned i = 0; i < COLUMNS; i++) memory.before[i] = memory.after[i] = GUARD;
  for (unsigned i = 0; i < MOST_CELLS; i++) memory.cells[i] = GUARD;
  term_init(&t, rows, columns, memory.cells, changed);
}

static void setup(void)
{
  start(ROWS, COLUMNS);
}

static void teardown(void)
{
  for (unsigned i = 0; i < COLUMNS; i++) ck_assert(memory.before[i] == GUARD && memory.after[i] == GUARD);
  for (unsigned i = t.rows * t.columns; i < MOST_CELLS; i++) ck_assert_uint_eq(memory.cells[i], GUARD);
}

static void write_text(const char *text)
{
  term_write(&t, text, strlen(text));
}

/* A row of the screen without the blanks at its end. */
static const char *row(unsigned r)
{
  static char text[MOST_CELLS + 1];
  unsigned n = 0;
  for (unsigned i = 0; i < t.columns; i++) {
    text[i] = (char)term_row(&t, r)[i];
    if (text[i] != ' ') n = i + 1;
  }
  text[n] = '\0';
  return text;
}

static uint8_t attribute(unsigned r, unsigned column)
{
  return (uint8_t)(term_row(&t, r)[column] >> 8);
}

static void assert_cursor(unsigned r, unsigned column)
{
  ck_assert_uint_eq(t.row, r);
  ck_assert_uint_eq(t.column, column);
}

START_TEST(starts_blank)
{
  for (unsigned r = 0; r < ROWS; r++) ck_assert_str_eq(row(r), "");
  ck_assert_uint_eq(attribute(24, 79), 0x0E);
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
  char full[COLUMNS + 1];
  memset(full, 'm', COLUMNS);
  full[COLUMNS] = '\0';
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
    unsigned first = i < ROWS - 1 ? 0 : i - (ROWS - 2);
    snprintf(line, sizeof line, "line %u", first);
    ck_assert_str_eq(row(0), line);
    snprintf(line, sizeof line, "line %u", i);
    ck_assert_str_eq(row(i - first), line);
    ck_assert_str_eq(row(i - first + 1), "");
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
  for (unsigned i = 0; i < ROWS; i++) write_text(i ? "\r\nabcdef" : "abcdef");
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
  for (unsigned r = 0; r < ROWS; r++) ck_assert_str_eq(row(r), "");
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

/* What whoever shows the terminal relies on: a copy that follows the scrolling and takes over the spans that changed is the
 * screen, however much was written between two looks, on screens of any size. */
START_TEST(changes_are_complete)
{
  static const unsigned sizes[][2] = {{25, 80}, {1, 1}, {1, 80}, {25, 1}, {2, 2}, {51, 80}, {3, 7}};
  static const char alphabet[] = "\033\033[[[;012359ABCDHJKmf\n\n\r\b\t\xC3\xFF xyz";
  static uint16_t copy[MOST_CELLS];
  unsigned rows = sizes[_i][0], columns = sizes[_i][1];
  start(rows, columns);
  srand((unsigned)_i + 1);
  for (unsigned n = 0; n < 5000; n++) {
    for (unsigned len = (unsigned)rand() % 50; len > 0; len--) {
      char c = rand() % 8 ? alphabet[(unsigned)rand() % (sizeof alphabet - 1)] : (char)rand();
      term_write(&t, &c, 1);
      if (t.row >= rows || t.column >= columns || t.top >= rows) ck_abort_msg("%u, %u, %u", t.row, t.column, t.top);
    }
    unsigned gone = t.scrolled < rows ? t.scrolled : rows;
    memmove(copy, copy + gone * columns, (rows - gone) * columns * sizeof copy[0]);
    bool same = true;
    for (unsigned r = 0; r < rows; r++) {
      struct term_span span = term_changed(&t, r);
      same = same && span.to <= columns;
      for (unsigned i = span.from; i < span.to; i++) copy[r * columns + i] = term_row(&t, r)[i];
      same = same && !memcmp(copy + r * columns, term_row(&t, r), columns * sizeof copy[0]);
    }
    ck_assert(same);
    term_settle(&t);
  }
}
END_TEST

START_TEST(changes_are_small)
{
  term_settle(&t);
  write_text("\033[3;5Hab\033[3;9Hc");
  struct term_span span = term_changed(&t, 2);
  ck_assert_uint_eq(span.from, 4);
  ck_assert_uint_eq(span.to, 9);
  for (unsigned r = 0; r < ROWS; r++)
    if (r != 2) ck_assert_uint_eq(term_changed(&t, r).to, 0);
  ck_assert_uint_eq(t.scrolled, 0);
  write_text("\033[25;1H\n");
  ck_assert_uint_eq(t.scrolled, 1);
  ck_assert_uint_eq(term_changed(&t, 1).from, 4);
  ck_assert_uint_eq(term_changed(&t, 24).to, COLUMNS);
  ck_assert_uint_eq(term_changed(&t, 23).to, 0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("term");
  TCase *tc = suite_case(suite, "cells", setup, teardown);
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
  tcase_add_loop_test(tc, changes_are_complete, 0, 7);
  tcase_add_test(tc, changes_are_small);
  return suite_run(suite);
}
