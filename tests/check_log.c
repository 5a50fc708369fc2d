/* The log's ring and sinks, the command line, lists, string_copy, and names of addresses. */
#include "clockwork.h"

#include <kern/bootinfo.h>
#include <kern/clock.h>
#include <kern/list.h>
#include <kern/log.h>
#include <kern/string.h>
#include <kern/symbols.h>
#include <stdio.h>

#define RING 65536

/* ---- log ---- */

static char sunk[4096];
static size_t sunk_length;

static void keep(const char *text, size_t len)
{
  ck_assert_uint_lt(sunk_length + len, sizeof sunk);
  memcpy(sunk + sunk_length, text, len);
  sunk_length += len;
  sunk[sunk_length] = '\0';
}

static void sink_reset(void)
{
  sunk_length = 0;
  sunk[0] = '\0';
}

static struct log_sink sink = {.write = keep};

START_TEST(line_has_stamp_and_level)
{
  char text[256] = {0};
  uint64_t offset = 0;

  clockwork.now = 12345678901;
  log_write(LOG_WARN, "%s %d", "value", 7);
  size_t n = log_copy(&offset, text, sizeof text - 1);
  ck_assert_str_eq(text, "[   12.345678] warn: value 7\n");
  ck_assert_uint_eq(offset, n);
  ck_assert_uint_eq(log_copy(&offset, text, sizeof text), 0);
}
END_TEST

START_TEST(level_decides_what_shows)
{
  log_add_sink(&sink);
  log_error("one");
  log_warn("two");
  log_info("three");
  ck_assert_str_eq(sunk, "[    0.000000] error: one\n[    0.000000] warn: two\n");
  sink_reset();
  log_set_level(LOG_DEBUG);
  log_debug("four");
  log_trace("five");
  ck_assert_str_eq(sunk, "[    0.000000] debug: four\n");
  sink_reset();
  log_set_level(LOG_ERROR);
  log_warn("six");
  log_notice("seven %d", 7);
  ck_assert_str_eq(sunk, "seven 7\n");

  char text[512] = {0};
  uint64_t offset = 0;
  log_copy(&offset, text, sizeof text - 1);
  ck_assert_ptr_nonnull(strstr(text, "trace: five\n"));
  ck_assert_ptr_nonnull(strstr(text, "info: seven 7\n"));
}
END_TEST

START_TEST(early_console_before_the_first_sink)
{
  log_error("early");
  ck_assert_str_eq(clockwork.printed, "[    0.000000] error: early\r\n");
}
END_TEST

START_TEST(every_sink_gets_it)
{
  struct log_sink other = {.write = keep};

  log_add_sink(&sink);
  log_add_sink(&other);
  log_sink_write("ab", 2);
  ck_assert_str_eq(sunk, "abab");
  ck_assert_uint_eq(clockwork.printed_length, 0);
}
END_TEST

START_TEST(long_line_is_cut)
{
  char text[1024];
  uint64_t offset = 0;

  memset(text, 'x', 900);
  text[900] = '\0';
  log_info("%s", text);
  size_t n = log_copy(&offset, text, sizeof text);
  ck_assert_uint_eq(n, strlen("[    0.000000] info: ") + 256 + 1);
  ck_assert_int_eq(text[n - 1], '\n');
}
END_TEST

START_TEST(ring_forgets_the_oldest_lines)
{
  static char text[RING + 1];
  unsigned lines = 5000, first;
  uint64_t offset = 0;

  for (unsigned i = 0; i < lines; i++) log_info("line %u", i);
  size_t n = log_copy(&offset, text, sizeof text - 1);
  text[n] = '\0';
  ck_assert_uint_gt(n, RING - 64);
  ck_assert_uint_le(n, RING);
  ck_assert_int_eq(sscanf(text, "[    0.000000] info: line %u\n", &first), 1); /* begins with a whole line */
  const char *at = text;
  for (unsigned i = first; i < lines; i++) {
    char line[64];
    int len = snprintf(line, sizeof line, "[    0.000000] info: line %u\n", i);
    ck_assert_int_eq(strncmp(at, line, (size_t)len), 0);
    at += len;
  }
  ck_assert_int_eq(*at, '\0');
  ck_assert_uint_gt(offset, RING);
}
END_TEST

START_TEST(small_reads_give_the_same)
{
  static char whole[RING], parts[RING + 100];
  uint64_t offset = 0;
  size_t n, total = 0;

  for (unsigned i = 0; i < 3000; i++) log_info("entry %u", i * i);
  size_t size = log_copy(&offset, whole, sizeof whole);
  offset = 0;
  while ((n = log_copy(&offset, parts + total, 97))) total += n;
  ck_assert_uint_eq(total, size);
  ck_assert_mem_eq(whole, parts, size);
}
END_TEST

START_TEST(offset_past_the_end_reads_nothing)
{
  uint64_t offset = 1000000;
  char c;

  log_info("short");
  ck_assert_uint_eq(log_copy(&offset, &c, 1), 0);
  ck_assert_uint_eq(offset, 1000000);
}
END_TEST

START_TEST(levels_parse)
{
  enum log_level level;

  ck_assert(log_level_parse("error", &level) && level == LOG_ERROR);
  ck_assert(log_level_parse("trace", &level) && level == LOG_TRACE);
  ck_assert(log_level_parse("2", &level) && level == LOG_INFO);
  ck_assert(!log_level_parse("5", &level));
  ck_assert(!log_level_parse("", &level));
  ck_assert(!log_level_parse("22", &level));
  ck_assert(!log_level_parse("verbose", &level));
}
END_TEST

START_TEST(clocks_never_go_back)
{
  clockwork.now = 500;
  ck_assert_uint_eq(clock_monotonic_ns(), 500);
  clockwork.now = 400; /* another processor's counter */
  ck_assert_uint_eq(clock_monotonic_ns(), 500);
  clockwork.now = 501;
  ck_assert_uint_eq(clock_monotonic_ns(), 501);
  ck_assert_uint_eq(clock_realtime_ns(), 1501);
}
END_TEST

/* ---- command line ---- */

static bool is_value(const char *cmdline, const char *key, const char *expected)
{
  char value[32] = "untouched";
  return cmdline_get(cmdline, key, value, sizeof value) && strcmp(value, expected) == 0;
}

static bool is_absent(const char *cmdline, const char *key)
{
  char value[32];
  return !cmdline_get(cmdline, key, value, sizeof value);
}

START_TEST(cmdline_words)
{
  ck_assert(is_value("ktest", "ktest", ""));
  ck_assert(is_value("ktest=arch", "ktest", "arch"));
  ck_assert(is_value("  a   b=1 c ", "b", "1"));
  ck_assert(is_value("  a   b=1 c ", "c", ""));
  ck_assert(is_value("x=1 x=2", "x", "1"));
  ck_assert(is_value("k=a=b", "k", "a=b"));
  ck_assert(is_value("k=", "k", ""));
  ck_assert(is_absent("", "k"));
  ck_assert(is_absent("kk=1 ak k1", "k"));
  ck_assert(is_absent("a=k", "k"));
}
END_TEST

START_TEST(cmdline_quotes)
{
  ck_assert(is_value("k=\"two words\" l=3", "k", "two words"));
  ck_assert(is_value("k=\"two words\" l=3", "l", "3"));
  ck_assert(is_value("\"k=two words\"", "k", "two words"));
  ck_assert(is_absent("a=\"x k=1\"", "k"));
  ck_assert(is_value("k=\"open", "k", "open"));
}
END_TEST

START_TEST(cmdline_cuts_values)
{
  char value[4];
  ck_assert(cmdline_get("k=abcdef", "k", value, sizeof value));
  ck_assert_str_eq(value, "abc");
}
END_TEST

/* ---- string_copy ---- */

START_TEST(string_copy_terminates)
{
  char buf[4];

  ck_assert(string_copy(buf, "abc", sizeof buf));
  ck_assert_str_eq(buf, "abc");
  ck_assert(!string_copy(buf, "abcd", sizeof buf));
  ck_assert_str_eq(buf, "abc");
  ck_assert(!string_copy(buf, "x", 1));
  ck_assert_str_eq(buf, "");
}
END_TEST

/* ---- list ---- */

struct item {
  int value;
  struct list link;
};

static int list_digits(struct list *head)
{
  int n = 0;
  list_for_each (it, head, struct item, link) n = n * 10 + it->value;
  return n;
}

START_TEST(list_operations)
{
  struct list head = LIST_INIT(head);
  struct item a = {.value = 1}, b = {.value = 2}, c = {.value = 3};

  ck_assert(list_empty(&head));
  list_push_back(&head, &b.link);
  list_push_back(&head, &c.link);
  list_push_front(&head, &a.link);
  ck_assert_int_eq(list_digits(&head), 123);
  ck_assert_ptr_eq(list_first(&head, struct item, link), &a);
  list_remove(&b.link);
  ck_assert_int_eq(list_digits(&head), 13);
  list_remove(&b.link); /* twice is harmless */
  ck_assert_int_eq(list_digits(&head), 13);
  list_for_each_safe (it, &head, struct item, link) list_remove(&it->link);
  ck_assert(list_empty(&head));
}
END_TEST

/* ---- symbols: this program's own table takes the place of the generated one ---- */

const uint32_t ksym_count = 3;
const struct ksym ksym_table[] = {{0x10, 0}, {0x20, 6}, {0x100, 13}};
const char ksym_names[] = "first\0second\0third";

START_TEST(symbols_are_found)
{
  uintptr_t distance;

  clockwork.text_base = 0x400000;
  ck_assert_ptr_null(symbol_lookup(0x3FFFFF, &distance));
  ck_assert_ptr_null(symbol_lookup(0x40000F, &distance));
  ck_assert_str_eq(symbol_lookup(0x400010, &distance), "first");
  ck_assert_uint_eq(distance, 0);
  ck_assert_str_eq(symbol_lookup(0x40001F, &distance), "first");
  ck_assert_uint_eq(distance, 0xF);
  ck_assert_str_eq(symbol_lookup(0x400020, &distance), "second");
  ck_assert_str_eq(symbol_lookup(0x4000FF, &distance), "second");
  ck_assert_uint_eq(distance, 0xDF);
  ck_assert_str_eq(symbol_lookup(0x400150, &distance), "third");
  ck_assert_ptr_null(symbol_lookup(0x480000, &distance)); /* too far to belong to it */
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("log");
  TCase *tc = suite_case(suite, "log", sink_reset, NULL);
  tcase_add_test(tc, line_has_stamp_and_level);
  tcase_add_test(tc, level_decides_what_shows);
  tcase_add_test(tc, early_console_before_the_first_sink);
  tcase_add_test(tc, every_sink_gets_it);
  tcase_add_test(tc, long_line_is_cut);
  tcase_add_test(tc, ring_forgets_the_oldest_lines);
  tcase_add_test(tc, small_reads_give_the_same);
  tcase_add_test(tc, offset_past_the_end_reads_nothing);
  tcase_add_test(tc, levels_parse);
  tcase_add_test(tc, clocks_never_go_back);
  tcase_add_test(tc, cmdline_words);
  tcase_add_test(tc, cmdline_quotes);
  tcase_add_test(tc, cmdline_cuts_values);
  tcase_add_test(tc, string_copy_terminates);
  tcase_add_test(tc, list_operations);
  tcase_add_test(tc, symbols_are_found);
  return suite_run(suite);
}
