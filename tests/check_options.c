/* The simulator's options, as veridian-sim(1) has them. */
#include "suite.h"
#include <stdlib.h>
#include <string.h>

#include "../src/sim/host.h"

#define ARGUMENTS_MOST 8

static struct host_options o;

/* The arguments behind the program's name, up to a null. */
static bool parse(const char *const *arguments, bool terminal)
{
  char *argv[ARGUMENTS_MOST + 2] = {(char *)(uintptr_t) "veridian-sim"};
  int argc = 1;
  memset(&o, 0xA5, sizeof o);
  while (arguments[argc - 1]) {
    ck_assert_int_le(argc, ARGUMENTS_MOST);
    argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
    argc++;
  }
  return host_options_parse(&o, argc, argv, terminal);
}
#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL}, false)
#define ACCEPT(...) ck_assert_msg(PARSE(__VA_ARGS__), "%s", o.error)
#define REFUSE(why, ...)                                                             \
  do {                                                                               \
    ck_assert(!PARSE(__VA_ARGS__));                                                  \
    ck_assert_msg(strstr(o.error, why) != NULL, "%s: not for \"%s\"", o.error, why); \
  } while (0)

START_TEST(defaults)
{
  for (int terminal = 0; terminal < 2; terminal++) {
    ck_assert(parse((const char *const[]){NULL}, terminal));
    const struct machine_options *m = &o.machine;
    ck_assert_int_eq(o.wish, HOST_RUN);
    ck_assert_uint_eq(m->memory, 64ull << 20);
    ck_assert_str_eq(m->cmdline, "");
    ck_assert_int_eq(m->virtual_clock, !terminal);
    ck_assert_uint_eq(m->seed, 0);
    ck_assert_uint_eq(m->preempt_rate, 0);
    ck_assert_uint_eq(m->screen_width, 0);
    ck_assert(!m->check_tlb && !m->switch_asm);
    ck_assert(!m->initrd && !m->faults && !m->fault_plan && !m->trap && !m->debugcon && !m->screendump && !m->record &&
              !m->replay && !m->preempt_at);
  }
}
END_TEST

START_TEST(memory_sizes)
{
  static const struct {
    const char *text;
    uint64_t bytes;
  } sizes[] = {
    {"4M", 4ull << 20},       {"4m", 4ull << 20},      {"4194304", 4ull << 20},
    {"0x400000", 4ull << 20}, {"4195000", 4ull << 20}, {"8192K", 8ull << 20},
    {"16384k", 16ull << 20},  {"64G", 64ull << 30},    {"1g", 1ull << 30},
  };
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    ACCEPT("--mem", sizes[i].text);
    ck_assert_uint_eq(o.machine.memory, sizes[i].bytes);
  }
  REFUSE("too little memory", "--mem=4194303");
  REFUSE("too much memory", "--mem=65G");
  REFUSE("too much", "--mem=99999999999999G");
  REFUSE("not a number", "--mem=-1");
  REFUSE("not a number", "--mem=99999999999999999999");
  REFUSE("not a size", "--mem=4MB");
  REFUSE("not a size", "--mem=4T");
}
END_TEST

START_TEST(words_add_up)
{
  ACCEPT("--append=a b", "--log-level=debug", "--append", "c", "--fault=alloc:1", "--fault=copy:2,3");
  ck_assert_str_eq(o.machine.cmdline, "a b loglevel=debug c");
  ck_assert_str_eq(o.machine.faults, "alloc:1;copy:2,3");

  char longest[HOST_CMDLINE_MAX + 2] = {0};
  memset(longest, 'x', HOST_CMDLINE_MAX);
  ACCEPT("--append", longest, "--fault", longest);
  ck_assert_str_eq(o.machine.cmdline, longest);
  ck_assert_str_eq(o.machine.faults, longest);
  REFUSE("command line is too long", "--append", longest, "--append=");
  REFUSE("too many faults", "--fault", longest, "--fault=x");
  longest[HOST_CMDLINE_MAX] = 'x';
  REFUSE("command line is too long", "--append", longest);
  REFUSE("too many faults", "--fault", longest);
  longest[HOST_CMDLINE_MAX - strlen("loglevel=warn")] = '\0';
  REFUSE("command line is too long", "--append", longest, "--log-level=warn");
  longest[HOST_CMDLINE_MAX - strlen("loglevel=warn") - 1] = '\0';
  ACCEPT("--append", longest, "--log-level=warn");
  ck_assert_uint_eq(strlen(o.machine.cmdline), HOST_CMDLINE_MAX);
}
END_TEST

/* Else, what was given last counts. */
START_TEST(the_last_counts)
{
  ACCEPT("--clock=real", "--clock=virtual", "--seed=1", "--seed=0xff", "--switch=asm", "--switch=ucontext",
         "--trap=sud", "--trap=seccomp");
  ck_assert(o.machine.virtual_clock && !o.machine.switch_asm);
  ck_assert_uint_eq(o.machine.seed, 255);
  ck_assert_str_eq(o.machine.trap, "seccomp");
  ACCEPT("--initrd=a", "--initrd=b", "--debugcon", "c", "--check-tlb", "--screen=80x25", "--screen=16384x16",
         "--screendump=d");
  ck_assert_str_eq(o.machine.initrd, "b");
  ck_assert_str_eq(o.machine.debugcon, "c");
  ck_assert_str_eq(o.machine.screendump, "d");
  ck_assert_uint_eq(o.machine.screen_width, 16384);
  ck_assert_uint_eq(o.machine.screen_height, 16);
  ck_assert(o.machine.check_tlb);
  ACCEPT("--preempt=7", "--record=r", "--fault-plan=f");
  ck_assert_uint_eq(o.machine.preempt_rate, 7);
  ck_assert_str_eq(o.machine.record, "r");
  ck_assert_str_eq(o.machine.fault_plan, "f");
  ACCEPT("--preempt-at=1,2,18446744073709551615");
  ck_assert_str_eq(o.machine.preempt_at, "1,2,18446744073709551615");
}
END_TEST

START_TEST(help_and_version_end_it)
{
  ACCEPT("--seed=1", "--help", "--nonsense");
  ck_assert_int_eq(o.wish, HOST_HELP);
  ACCEPT("--version", "--mem=x");
  ck_assert_int_eq(o.wish, HOST_VERSION);
  REFUSE("not a number", "--mem=x", "--help");
}
END_TEST

START_TEST(values_are_refused)
{
  REFUSE("--clock=sundial: give real or virtual", "--clock=sundial");
  REFUSE("--switch=: give ucontext or asm", "--switch=");
  REFUSE("--trap=mouse: give sud or seccomp", "--trap=mouse");
  REFUSE("--log-level=5: give error", "--log-level=5");
  REFUSE("--seed=7x: not a number", "--seed=7x");
  REFUSE("--preempt=0: at one in none", "--preempt=0");
  REFUSE("--fault=: give KIND", "--fault=");
  char *long_value = calloc(1, 10000);
  memset(long_value, 'x', 9999);
  REFUSE("xxx: not a number", "--mem", long_value);
  REFUSE("xxx: give real or virtual", "--clock", long_value);
  free(long_value);
  static const char *const screens[] = {"",         "80",     "80x",    "15x16",      "16x15",
                                        "16385x16", "80x25x", "-80x25", "99999x99999"};
  for (size_t i = 0; i < sizeof screens / sizeof screens[0]; i++)
    REFUSE("give width and height", "--screen", screens[i]);
  static const char *const lists[] = {"", "0", "a", "1,1", "2,1", "1,", ",1", "1 ,2", "+1", "99999999999999999999"};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) REFUSE("not ascending", "--preempt-at", lists[i]);
}
END_TEST

START_TEST(options_are_refused)
{
  REFUSE("unrecognized option '--nonsense'", "--nonsense");
  REFUSE("option '--s=1' is ambiguous", "--s=1");
  REFUSE("option '--mem' requires an argument", "--mem");
  REFUSE("option '--help' doesn't allow an argument", "--help=me");
  REFUSE("invalid option -- 'x'", "-xy");
  REFUSE("unexpected argument: file", "file", "--seed=1");
  REFUSE("unexpected argument: --seed=1", "--", "--seed=1");
  ACCEPT("--me=5M", "--preempt-a=3");
  ck_assert_uint_eq(o.machine.memory, 5ull << 20);
}
END_TEST

START_TEST(what_does_not_go_together)
{
  static const char *const described[] = {"--mem=5M",      "--append=",       "--fault=x",     "--fault-plan=f",
                                          "--log-level=0", "--clock=virtual", "--seed=0",      "--screen=16x16",
                                          "--record=r",    "--preempt=1",     "--preempt-at=1"};
  for (size_t i = 0; i < sizeof described / sizeof described[0]; i++)
    REFUSE("--replay: the record says", described[i], "--replay=r");
  ACCEPT("--replay=r", "--initrd=i", "--check-tlb", "--debugcon=d", "--switch=asm", "--trap=sud", "--screendump=p");
  REFUSE("--screendump: there is no --screen", "--screendump=p");
  REFUSE("cannot be recorded", "--record=r", "--preempt-at=1");
  REFUSE("--preempt needs --clock=virtual", "--preempt=2", "--clock=real");
  ck_assert(!parse((const char *const[]){"--preempt-at=2", NULL}, true));
  ck_assert(parse((const char *const[]){"--preempt-at=2", "--clock=virtual", NULL}, true));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("options");
  TCase *tc = suite_case(suite, "options", NULL, NULL);
  tcase_add_test(tc, defaults);
  tcase_add_test(tc, memory_sizes);
  tcase_add_test(tc, words_add_up);
  tcase_add_test(tc, the_last_counts);
  tcase_add_test(tc, help_and_version_end_it);
  tcase_add_test(tc, values_are_refused);
  tcase_add_test(tc, options_are_refused);
  tcase_add_test(tc, what_does_not_go_together);
  return suite_run(suite);
}
