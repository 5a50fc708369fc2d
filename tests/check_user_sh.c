/* The shell on the host: what a line starts (recorded by tests/user_host.c), and what words expand to. */
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

int main(void)
{
  Suite *suite = suite_create("user_sh");
  TCase *tc = suite_case(suite, "run", setup, teardown);
  tcase_add_test(tc, test_run_simple);
  tcase_add_test(tc, test_run_status);
  tcase_add_test(tc, test_run_and_or);
  tcase_add_test(tc, test_run_redirections);
  tcase_add_test(tc, test_run_pipes);
  tcase_add_test(tc, test_run_jobs);
  tcase_add_test(tc, test_words);
  tcase_add_test(tc, test_variables);
  tcase_add_test(tc, test_builtins);
  tcase_add_test(tc, test_incomplete_and_wrong);
  tcase_add_test(tc, test_random_lines);
  return suite_run(suite);
}
