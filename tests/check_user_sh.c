/*
 * The shell on the host: what a line starts (recorded by tests/user_host.c), what words expand to, and the line editor
 * before a small terminal whose screen must always show the prompt, the line and the cursor where a model has them.
 */
#include "suite.h"
#include "user_host.h"
#include <stdio.h>
#include <string.h>

/* From bin/sh/sh.h, which cannot be included beside the host's headers. */
enum { PARSE_OK, PARSE_INCOMPLETE, PARSE_ERROR };
int run_text(const char *text);
void var_set(const char *name, size_t len, const char *value);
bool var_export(const char *name);
void job_report(void);
extern int last_status;
extern bool interactive;
extern char *const *positional;
extern int npositional;

static void setup(void)
{
  host_reset();
  var_set("PATH", 4, "/bin");
}

static void teardown(void)
{
  ck_assert_int_eq(host_open_handles, 0);
}

/* Runs a line; the log must be exactly this. */
static void check_run(const char *line, const char *log)
{
  host_reset();
  ck_assert_int_eq(run_text(line), PARSE_OK);
  ck_assert_str_eq(host_log, log);
}

START_TEST(test_run_simple)
{
  check_run("ls -l /bin", "spawn /bin/ls [ls] [-l] [/bin] 0 1 2 = 100\nwait 100\n");
  check_run("  # nothing\n\n", "");
  check_run("a; b;", "spawn /bin/a [a] 0 1 2 = 100\nwait 100\nspawn /bin/b [b] 0 1 2 = 101\nwait 101\n");
  check_run("a\nb#c # d", "spawn /bin/a [a] 0 1 2 = 100\nwait 100\nspawn /bin/b#c [b#c] 0 1 2 = 101\nwait 101\n");
  check_run("/bin/x", "spawn /bin/x [/bin/x] 0 1 2 = 100\nwait 100\n");
}
END_TEST

START_TEST(test_run_status)
{
  check_run("status 3", "spawn /bin/status [status] [3] 0 1 2 = 100\nwait 100\n");
  ck_assert_int_eq(last_status, 3);
  run_text("status 1011");
  ck_assert_int_eq(last_status, 139);
  run_text("nothing");
  ck_assert_int_eq(last_status, 127);
  ck_assert_ptr_nonnull(strstr(host_output, "sh: nothing: not found\n"));
  run_text("/elsewhere/x");
  ck_assert_int_eq(last_status, 127);
  run_text("bad");
  ck_assert_int_eq(last_status, 126);
  ck_assert_ptr_nonnull(strstr(host_output, "sh: bad: not an executable this system runs\n"));
  run_text("status 5 | status 0");
  ck_assert_int_eq(last_status, 0);
  run_text("status 0 | status 5");
  ck_assert_int_eq(last_status, 5);
  run_text("status 0 | nothing");
  ck_assert_int_eq(last_status, 127);
}
END_TEST

START_TEST(test_run_and_or)
{
  check_run("status 0 && a",
            "spawn /bin/status [status] [0] 0 1 2 = 100\nwait 100\nspawn /bin/a [a] 0 1 2 = 101\nwait 101\n");
  check_run("status 1 && a", "spawn /bin/status [status] [1] 0 1 2 = 100\nwait 100\n");
  check_run("status 1 && a || b",
            "spawn /bin/status [status] [1] 0 1 2 = 100\nwait 100\nspawn /bin/b [b] 0 1 2 = 101\nwait 101\n");
  check_run("status 0 || a && \n b",
            "spawn /bin/status [status] [0] 0 1 2 = 100\nwait 100\nspawn /bin/b [b] 0 1 2 = 101\nwait 101\n");
}
END_TEST

START_TEST(test_run_redirections)
{
  check_run("a <in >out", "open in 0x0 = 100\nopen out 0x241 = 101\nspawn /bin/a [a] 100 101 2 = 102\nwait 102\n");
  check_run("2> err a >>log",
            "open err 0x241 = 100\nopen log 0x441 = 101\nspawn /bin/a [a] 0 101 100 = 102\nwait 102\n");
  check_run("a >f 2>&1", "open f 0x241 = 100\ndup 100 = 101\nspawn /bin/a [a] 0 100 101 = 102\nwait 102\n");
  check_run("a 2>&1 >f", "dup 1 = 100\nopen f 0x241 = 101\nspawn /bin/a [a] 0 101 100 = 102\nwait 102\n");
  check_run("a >f >g", "open f 0x241 = 100\nopen g 0x241 = 101\nspawn /bin/a [a] 0 101 2 = 102\nwait 102\n");
  check_run("> f", "open f 0x241 = 100\n");
  check_run("a2>f", "open f 0x241 = 100\nspawn /bin/a2 [a2] 0 100 2 = 101\nwait 101\n");
  check_run("a < missing > f", "");
  ck_assert_int_eq(last_status, 1);
  ck_assert_str_eq(host_output, "test: missing: no such file or directory\n");
}
END_TEST

START_TEST(test_run_pipes)
{
  check_run("a | b",
            "pipe 100 101\nspawn /bin/a [a] 0 101 2 = 102\nspawn /bin/b [b] 100 1 2 = 103\nwait 102\nwait 103\n");
  check_run("a|b 2>e|c",
            "pipe 100 101\nspawn /bin/a [a] 0 101 2 = 102\npipe 103 104\nopen e 0x241 = 105\n"
            "spawn /bin/b [b] 100 104 105 = 106\nspawn /bin/c [c] 103 1 2 = 107\nwait 102\nwait 106\nwait 107\n");
  check_run("a > f | b", "pipe 100 101\nopen f 0x241 = 102\nspawn /bin/a [a] 0 102 2 = 103\nspawn /bin/b [b] 100 1 2 = "
                         "104\nwait 103\nwait 104\n");
  check_run("a |\n b",
            "pipe 100 101\nspawn /bin/a [a] 0 101 2 = 102\nspawn /bin/b [b] 100 1 2 = 103\nwait 102\nwait 103\n");
  check_run("nothing | b", "pipe 100 101\nspawn /bin/b [b] 100 1 2 = 102\nwait 102\n");
  check_run("cd 'a b' | b", "pipe 100 101\nspawn /bin/sh [sh] [-c] ['cd' 'a b'] 0 101 2 = 102\n"
                            "spawn /bin/b [b] 100 1 2 = 103\nwait 102\nwait 103\n");
}
END_TEST

START_TEST(test_run_jobs)
{
  host_is_console = interactive = true;
  ck_assert_int_eq(run_text("a x | b"), PARSE_OK);
  ck_assert_str_eq(host_log, "pipe 100 101\nspawn /bin/a [a] [x] 0 101 2 new = 102\nforeground 102\n"
                             "spawn /bin/b [b] 100 1 2 job 102 = 103\nwait 102\nwait 103\nforeground 0\n");
  host_log[0] = '\0';
  run_text("status 4 &");
  run_text("b && c &");
  ck_assert_str_eq(host_log, "open /dev/null 0x0 = 104\nspawn /bin/status [status] [4] 104 1 2 new = 105\n"
                             "open /dev/null 0x0 = 106\nspawn /bin/sh [/bin/sh] [-c] [b && c] 106 1 2 new = 107\n");
  ck_assert_str_eq(host_output, "[1] 105\n[2] 107\n");
  host_log[0] = host_output[0] = '\0';
  run_text("jobs; kill %1 7 %2");
  ck_assert_str_eq(host_output, "[1] running  status 4\n[2] running  b && c\n");
  ck_assert_str_eq(host_log,
                   "spawn /bin/kill [kill] [105] [7] [107] 0 1 2 new = 108\nforeground 108\nwait 108\nforeground 0\n");
  host_log[0] = '\0';
  run_text("wait 1"); /* a process id, not job 1 */
  ck_assert_int_eq(last_status, 127);
  run_text("wait %1");
  ck_assert_int_eq(last_status, 4);
  ck_assert_str_eq(host_log, "foreground 105\nwait 105\nforeground 0\n");
  run_text("wait");
  ck_assert_int_eq(last_status, 0);
  host_output[0] = '\0';
  run_text("jobs; wait %1");
  ck_assert_str_eq(host_output, "sh: wait: %1: no such job\n");
}
END_TEST

/* The arguments a line gives to a program named x. */
static void check_words(const char *line, const char *words)
{
  char text[256], log[512];
  snprintf(text, sizeof text, "x %s", line);
  snprintf(log, sizeof log, "spawn /bin/x [x]%s%s 0 1 2 = 100\nwait 100\n", *words != '\0' ? " " : "", words);
  check_run(text, log);
}

START_TEST(test_words)
{
  char *const parameters[] = {"one", "two words", NULL};
  positional = parameters;
  npositional = 2;
  var_set("V", 1, "a  b");
  var_set("EMPTY", 5, "");
  last_status = 42;
  check_words("$?", "[42]");
  check_words("'a  b' \"c  d\" e\\ f", "[a  b] [c  d] [e f]");
  check_words("$V \"$V\" '$V' \\$V", "[a] [b] [a  b] [$V] [$V]");
  check_words("x${V}y pre$V", "[xa] [by] [prea] [b]");
  check_words("$EMPTY \"$EMPTY\" '' $UNSET", "[] []");
  check_words("$1 $# \"$2\" $2 $3 $0", "[one] [2] [two words] [two] [words] [sh]");
  check_words("\"$@\"", "[one] [two words]");
  check_words("\"<$@>\" \"$*\"", "[<one] [two words>] [one two words]");
  check_words("$$ $ a$ $% \"$\"", "[77] [$] [a$] [$%] [$]");
  check_words("\"a\\\"b\\$V\\\\ \\n\"", "[a\"b$V\\ \\n]");
  check_words("a'b'\"c\"\\d", "[abcd]");
  check_words("a\\\nb", "[ab]");
  check_words("\"a\nb\" ';|&<>#'", "[a\nb] [;|&<>#]");
  npositional = 0;
  check_words("\"$@\" a \"\"", "[a] []");
}
END_TEST

START_TEST(test_variables)
{
  check_run("A=1 B='x y'; x $A \"$B\"", "spawn /bin/x [x] [1] [x y] 0 1 2 = 100\nwait 100\n");
  check_run("A=$A$A; x $A A=2", "spawn /bin/x [x] [11] [A=2] 0 1 2 = 100\nwait 100\n");
  check_run("C=now x", "spawn /bin/x [x] {C=now} 0 1 2 = 100\nwait 100\n");
  check_run("x $C", "spawn /bin/x [x] 0 1 2 = 100\nwait 100\n");
  check_run("export D=d; x; D=e x; unset D; x",
            "spawn /bin/x [x] {D=d} 0 1 2 = 100\nwait 100\nspawn /bin/x [x] {D=e} 0 1 2 = 101\nwait 101\n"
            "spawn /bin/x [x] 0 1 2 = 102\nwait 102\n");
  run_text("export 1x");
  ck_assert_int_eq(last_status, 1);
}
END_TEST

START_TEST(test_builtins)
{
  check_run("cd /tmp; cd missing; cd", "chdir /tmp\nchdir missing\nchdir /\n");
  ck_assert_str_eq(host_output, "sh: cd: missing: no such file or directory\n");
  check_run("pwd", "");
  ck_assert_str_eq(host_output, "/here\n");
  check_run("pwd > f", "open f 0x241 = 100\n");
  ck_assert_str_eq(host_output, "");
  int escaped = setjmp(host_escape);
  if (escaped == 0) run_text("status 6; exit");
  ck_assert_int_eq(escaped, 1006);
  escaped = setjmp(host_escape);
  if (escaped == 0) run_text("exit 259");
  ck_assert_int_eq(escaped, 1003);
}
END_TEST

START_TEST(test_incomplete_and_wrong)
{
  static const char *const incomplete[] = {"a 'b", "a \"b", "a \"b\\", "a &&",   "a ||\n",
                                           "a |",  "a \\",  "a \\\n",  "ab\\\n", "x; y &&\n\n"};
  for (size_t i = 0; i < sizeof incomplete / sizeof *incomplete; i++)
    ck_assert_msg(run_text(incomplete[i]) == PARSE_INCOMPLETE, "%s", incomplete[i]);
  static const char *const wrong[] = {";",       "a ;; b",  "| a", "a | ; b", "&& a",   "a && ; b", "a >",
                                      "a > > b", "a > | b", "& a", "a & & b", "a 3> f", "a | | b"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    ck_assert_msg(run_text(wrong[i]) == PARSE_ERROR, "%s", wrong[i]);
    ck_assert_int_eq(last_status, 2);
  }
  ck_assert_str_eq(host_log, "");
  ck_assert_ptr_nonnull(strstr(host_output, "syntax error at ;\n"));
  ck_assert_ptr_nonnull(strstr(host_output, "syntax error at end of line\n"));
}
END_TEST

/* Any bytes: an answer, no crash, no handle left open. (The sanitizers watch.) */
START_TEST(test_random_lines)
{
  static const char pieces[] = "ab '\"\\$?{}@*<>>|&;#\n12=\t";
  uint64_t state = 12345;
  for (unsigned round = 0, rounds = stress(20000); round < rounds; round++) {
    char line[24];
    size_t len = 0;
    while (len < sizeof line - 1) {
      state = state * 6364136223846793005ull + 1442695040888963407ull;
      line[len++] = pieces[(state >> 33) % (sizeof pieces - 1)];
    }
    line[len] = '\0';
    if (strchr(line, '&') != NULL && strstr(line, "&&") == NULL && round % 2)
      continue; /* background jobs only pile up */
    run_text(line);
    run_text("wait");
    host_log[0] = host_output[0] = '\0';
  }
}
END_TEST

/* ---- the editor ---- */

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
  Suite *s = suite_create("user_sh");
  TCase *t = tcase_create("run");
  tcase_set_timeout(t, 120);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, test_run_simple);
  tcase_add_test(t, test_run_status);
  tcase_add_test(t, test_run_and_or);
  tcase_add_test(t, test_run_redirections);
  tcase_add_test(t, test_run_pipes);
  tcase_add_test(t, test_run_jobs);
  tcase_add_test(t, test_words);
  tcase_add_test(t, test_variables);
  tcase_add_test(t, test_builtins);
  tcase_add_test(t, test_incomplete_and_wrong);
  tcase_add_test(t, test_random_lines);
  suite_add_tcase(s, t);
  TCase *e = tcase_create("edit");
  tcase_set_timeout(e, 120);
  tcase_add_checked_fixture(e, setup, NULL);
  tcase_add_test(e, test_edit_keys);
  tcase_add_test(e, test_edit_plain);
  tcase_add_test(e, test_edit_ends);
  tcase_add_test(e, test_edit_history);
  tcase_add_test(e, test_edit_random);
  tcase_add_test(e, test_edit_long_line);
  suite_add_tcase(s, e);
  return suite_run(s);
}
