/*
 * The shell's line editor on the host, before a small terminal whose screen must always show the prompt, the line and
 * the cursor where a model has them.
 */
#include "suite.h"
#include "user_host.h"
#include <stdio.h>
#include <string.h>

#define EDIT_MAX 4096
enum { EDIT_LINE, EDIT_INTERRUPT, EDIT_END };

struct editor {
  int (*read_byte)(void);
  void (*write)(const char *text, size_t len);
  unsigned columns;
  char *history[64];
  size_t history_count;
  bool after_return;
  const char *prompt;
  char *line;
  size_t len, cursor;
  bool at_margin;
  size_t browsing;
  char *unfinished;
};
int edit_line(struct editor *e, const char *prompt, char *line);

#define ROWS 40
#define COLUMNS 20

/* A terminal with automatic margins, as a VT100 has them. Cells hold one byte: the tests use ASCII and count the rest. */
static struct {
  char cell[ROWS][COLUMNS];
  int row, column;
  bool pending; /* the last column is written; the next character wraps */
} screen;

static void screen_clear(void)
{
  memset(&screen, 0, sizeof screen);
  memset(screen.cell, ' ', sizeof screen.cell);
}

static const char *screen_escape(const char *p)
{
  int n = 0;
  ck_assert_int_eq(*p++, '[');
  while (*p >= '0' && *p <= '9') n = n * 10 + *p++ - '0';
  screen.pending = false;
  switch (*p) {
  case 'A': screen.row -= n; break;
  case 'B': screen.row += n; break;
  case 'C': screen.column += n; break;
  case 'H': screen.row = screen.column = 0; break;
  case 'J': memset(screen.cell, ' ', sizeof screen.cell); break;
  default: ck_abort_msg("unknown sequence %c", *p);
  }
  ck_assert_int_ge(screen.row, 0);
  ck_assert_int_lt(screen.row, ROWS);
  ck_assert_int_lt(screen.column, COLUMNS);
  return p + 1;
}

static void screen_write(const char *text, size_t len)
{
  for (const char *p = text; p < text + len;) {
    char c = *p++;
    if (c == '\033') {
      p = screen_escape(p);
    } else if (c == '\r') {
      screen.column = 0;
      screen.pending = false;
    } else if (c == '\n') {
      screen.row++;
      screen.column = 0;
      screen.pending = false;
    } else if (c == '\b') {
      screen.column -= screen.column > 0;
      screen.pending = false;
    } else if (((unsigned char)c & 0xC0) != 0x80 && c != '\a') {
      if (screen.pending) {
        screen.row++;
        screen.column = 0;
      }
      ck_assert_int_lt(screen.row, ROWS);
      screen.cell[screen.row][screen.column] = c;
      screen.pending = screen.column == COLUMNS - 1;
      screen.column += !screen.pending;
    }
  }
}

/* The keys to press, and the model: what the line and the cursor must be after each. */
static const char *keys;
static char line[EDIT_MAX];
static struct editor editor;

static void check_screen(void)
{
  char wanted[ROWS * COLUMNS];
  size_t cursor = 0, at = 0;
  memset(wanted, ' ', sizeof wanted);
  for (const char *p = editor.prompt; *p != '\0'; p++) wanted[at++] = *p;
  for (size_t i = 0; i < editor.len; i++) {
    if (i == editor.cursor) cursor = at;
    if (((unsigned char)editor.line[i] & 0xC0) != 0x80) wanted[at++] = editor.line[i];
  }
  if (editor.cursor == editor.len) cursor = at;
  ck_assert_mem_eq(screen.cell, wanted, sizeof wanted);
  ck_assert_uint_eq((unsigned)(screen.row * COLUMNS + screen.column + screen.pending), cursor);
}

static int key_byte(void)
{
  check_screen();
  return *keys == '\0' ? -1 : (unsigned char)*keys++;
}

static int edit(const char *text)
{
  screen_clear();
  keys = text;
  editor.read_byte = key_byte;
  editor.write = screen_write;
  editor.columns = COLUMNS;
  return edit_line(&editor, "$ ", line);
}

static void check_edit(const char *text, const char *result)
{
  ck_assert_int_eq(edit(text), EDIT_LINE);
  ck_assert_str_eq(line, result);
}

#define UP "\033[A"
#define DOWN "\033[B"
#define RIGHT "\033[C"
#define LEFT "\033[D"

START_TEST(test_edit_keys)
{
  check_edit("hello\n", "hello");
  check_edit("\nabc", "");
  ck_assert_str_eq(keys, "abc"); /* nothing was read ahead */
  check_edit("helo\033[Dl\n", "hello");
  check_edit("abc" LEFT LEFT "\x7F\n", "bc");
  check_edit("abc\x01X\x05Y\n", "XabcY");
  check_edit("abc\033[HX\033[FY\033OHZ\n", "ZXabcY");
  check_edit("abc\033[1~X\033[4~Y\n", "XabcY");
  check_edit("abc" LEFT LEFT "\033[3~\n", "ac");
  check_edit("abc" LEFT LEFT "\x04\n", "ac");
  check_edit("abcdef" LEFT LEFT LEFT "\x0B\n", "abc");
  check_edit("abcdef" LEFT LEFT LEFT "\x15\n", "def");
  check_edit("one two  three  \x17X\n", "one two  X");
  check_edit("a\tb\n", "a b");
  check_edit("ab\x0C"
             "c\n",
             "abc");
  check_edit("\033[99Xa\033[5~b\n", "ab");
  check_edit("0123456789012345678901234567890123456789\x01" RIGHT RIGHT "ab\x05"
             "c\n",
             "01ab23456789012345678901234567890123456789c");
  check_edit("\xC3\xA4\xC3\xB6" LEFT "\x7F\xC3\xBC\n", "\xC3\xBC\xC3\xB6");
}
END_TEST

static int plain_byte(void)
{
  return *keys == '\0' ? -1 : (unsigned char)*keys++;
}

static char plain_text[2 * EDIT_MAX];
static size_t plain_len;

static void plain_write(const char *text, size_t len)
{
  ck_assert_uint_lt(plain_len + len, sizeof plain_text);
  memcpy(plain_text + plain_len, text, len);
  plain_len += len;
}

/* A line typed at its end is plain text, however long: what a log of the console shows. */
START_TEST(test_edit_plain)
{
  const char *text = "a line that is longer than a row of this terminal, and than two of them\n";
  plain_len = 0;
  keys = text;
  struct editor plain = {.columns = COLUMNS, .read_byte = plain_byte, .write = plain_write};
  ck_assert_int_eq(edit_line(&plain, "$ ", line), EDIT_LINE);
  plain_text[plain_len] = '\0';
  ck_assert_str_eq(plain_text + 2, text);
}
END_TEST

START_TEST(test_edit_ends)
{
  ck_assert_int_eq(edit(""), EDIT_END);
  ck_assert_int_eq(edit("\x04"), EDIT_END);
  ck_assert_int_eq(edit("abc\x03"), EDIT_INTERRUPT);
  check_edit("no newline", "no newline");
  check_edit("return\r", "return");
  check_edit("\nnext\n", "next"); /* the newline of \r\n is no line of its own */
}
END_TEST

START_TEST(test_edit_history)
{
  check_edit("first\n", "first");
  check_edit("second\n", "second");
  check_edit("second\n", "second");
  check_edit("  \n", "  ");
  check_edit(UP "\n", "second");
  check_edit(UP UP "\n", "first");
  check_edit(UP UP UP UP UP "\n", "first"); /* the oldest: no further */
  check_edit("draft" UP UP DOWN DOWN "s\n", "drafts");
  check_edit("a much longer line than any other\n", "a much longer line than any other");
  check_edit(UP UP "!\n", "drafts!");
  for (int i = 0; i < 100; i++) {
    char text[16];
    snprintf(text, sizeof text, "%d\n", i);
    edit(text);
  }
  ck_assert_uint_eq(editor.history_count, 64);
}
END_TEST

START_TEST(test_edit_random)
{
  static const char *const strokes[] = {"a",       "b",    " ",    "xyz 01234567", LEFT,   RIGHT,  UP,
                                        DOWN,      "\x01", "\x05", "\x7F",         "\x04", "\x17", "\x0B",
                                        "\033[3~", LEFT,   LEFT,   "\xC3\xA9",     "\x0C", "q"};
  uint64_t state = 99;
  for (unsigned round = 0, rounds = stress(400); round < rounds; round++) {
    char text[2048] = "x"; /* never empty: ^D there ends the input */
    for (int i = 0; i < 80; i++) {
      state = state * 6364136223846793005ull + 1442695040888963407ull;
      strcat(text, strokes[(state >> 33) % (sizeof strokes / sizeof *strokes)]);
    }
    strcat(text, "\n");
    edit(text);
  }
}
END_TEST

/* Too long for the screen model: the terminal is wide, and nobody looks. */
START_TEST(test_edit_long_line)
{
  static char text[EDIT_MAX + 100];
  memset(text, 'a', EDIT_MAX + 50);
  text[EDIT_MAX + 50] = '\n';
  keys = text;
  plain_len = 0;
  struct editor wide = {.columns = 10000, .read_byte = plain_byte, .write = plain_write};
  ck_assert_int_eq(edit_line(&wide, "$ ", line), EDIT_LINE);
  ck_assert_uint_eq(strlen(line), EDIT_MAX - 1);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("user_edit");
  TCase *tc = suite_case(suite, "edit", host_reset, NULL);
  tcase_add_test(tc, test_edit_keys);
  tcase_add_test(tc, test_edit_plain);
  tcase_add_test(tc, test_edit_ends);
  tcase_add_test(tc, test_edit_history);
  tcase_add_test(tc, test_edit_random);
  tcase_add_test(tc, test_edit_long_line);
  return suite_run(suite);
}
