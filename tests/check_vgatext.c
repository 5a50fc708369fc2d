/* Text mode's memory: its view is the terminal's screen, and no output leaves the memory. */
#include "suite.h"
#include <stdio.h>
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
  vgatext_show(&t);
}

static void assert_shown(void)
{
  ck_assert_uint_le(vgatext_origin(&t) + VGATEXT_ROWS * VGATEXT_COLUMNS, VGATEXT_CELLS);
  for (unsigned r = 0; r < VGATEXT_ROWS; r++)
    ck_assert_mem_eq(memory.cells + vgatext_origin(&t) + r * VGATEXT_COLUMNS, term_row(&t.term, r),
                     VGATEXT_COLUMNS * sizeof memory.cells[0]);
}

START_TEST(starts_blank)
{
  for (unsigned i = 0; i < VGATEXT_ROWS * VGATEXT_COLUMNS; i++) ck_assert_uint_eq(memory.cells[i], 0x0E20);
  ck_assert_uint_eq(memory.cells[VGATEXT_ROWS * VGATEXT_COLUMNS], 0x5555);
  ck_assert_uint_eq(vgatext_origin(&t), 0);
  ck_assert_uint_eq(vgatext_cursor(&t), 0);
}
END_TEST

START_TEST(text_and_cursor)
{
  write_text("\033[3;4Hab");
  ck_assert_uint_eq(memory.cells[2 * VGATEXT_COLUMNS + 3], 0x0E00 | 'a');
  ck_assert_uint_eq(vgatext_cursor(&t), 2 * VGATEXT_COLUMNS + 5);
  assert_shown();
}
END_TEST

/* As many rows at once as _i says: one, a few, more than the screen has, more than the memory. */
START_TEST(scrolls)
{
  char line[32];
  for (unsigned i = 0; i < 2000; i++) {
    snprintf(line, sizeof line, "line %u\r\n", i);
    vgatext_write(&t, line, strlen(line));
    if (i % (unsigned)_i == 0) {
      vgatext_show(&t);
      assert_shown();
    }
  }
  vgatext_show(&t);
  assert_shown();
  ck_assert_uint_eq(term_row(&t.term, 23)[5], 0x0E00 | '1');
}
END_TEST

/* The memory is not read: what is scribbled over it never comes back when the rows are written again. */
START_TEST(memory_is_not_read)
{
  for (unsigned i = 0; i < VGATEXT_MEMORY_ROWS - VGATEXT_ROWS; i++) write_text("text\r\n");
  memset(memory.cells, 0x55, sizeof memory.cells);
  do {
    write_text("text\r\n");
  } while (vgatext_origin(&t) != 0);
  assert_shown();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("vgatext");
  TCase *tc = suite_case(suite, "memory", setup, teardown);
  tcase_add_test(tc, starts_blank);
  tcase_add_test(tc, text_and_cursor);
  tcase_add_loop_test(tc, scrolls, 1, 4);
  tcase_add_loop_test(tc, scrolls, 30, 31);
  tcase_add_loop_test(tc, scrolls, 500, 501);
  tcase_add_test(tc, memory_is_not_read);
  return suite_run(suite);
}
