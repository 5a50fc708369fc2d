/*
 * The command line: arguments to options or a message, and nothing else. No file is looked at, nothing is printed, and what is
 * given twice counts as it was given last, but for words of the kernel's command line and faults, which add up.
 */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <getopt.h>
#include <plant.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_DEFAULT (64ull << 20)
#define PAGE 4096ull
#define SCREEN_LEAST 16

enum option_id {
  OPT_MEM = 256, /* above any letter */
  OPT_INITRD,
  OPT_APPEND,
  OPT_FAULT,
  OPT_FAULT_PLAN,
  OPT_LOG_LEVEL,
  OPT_CLOCK,
  OPT_SEED,
  OPT_CHECK_TLB,
  OPT_DEBUGCON,
  OPT_SCREEN,
  OPT_SCREENDUMP,
  OPT_SWITCH,
  OPT_TRAP,
  OPT_RECORD,
  OPT_REPLAY,
  OPT_PREEMPT,
  OPT_PREEMPT_AT,
  OPT_HELP,
  OPT_VERSION,
};

static const struct option long_options[] = {
  {"mem", required_argument, NULL, OPT_MEM},
  {"initrd", required_argument, NULL, OPT_INITRD},
  {"append", required_argument, NULL, OPT_APPEND},
  {"fault", required_argument, NULL, OPT_FAULT},
  {"fault-plan", required_argument, NULL, OPT_FAULT_PLAN},
  {"log-level", required_argument, NULL, OPT_LOG_LEVEL},
  {"clock", required_argument, NULL, OPT_CLOCK},
  {"seed", required_argument, NULL, OPT_SEED},
  {"check-tlb", no_argument, NULL, OPT_CHECK_TLB},
  {"debugcon", required_argument, NULL, OPT_DEBUGCON},
  {"screen", required_argument, NULL, OPT_SCREEN},
  {"screendump", required_argument, NULL, OPT_SCREENDUMP},
  {"switch", required_argument, NULL, OPT_SWITCH},
  {"trap", required_argument, NULL, OPT_TRAP},
  {"record", required_argument, NULL, OPT_RECORD},
  {"replay", required_argument, NULL, OPT_REPLAY},
  {"preempt", required_argument, NULL, OPT_PREEMPT},
  {"preempt-at", required_argument, NULL, OPT_PREEMPT_AT},
  {"help", no_argument, NULL, OPT_HELP},
  {"version", no_argument, NULL, OPT_VERSION},
  {NULL, 0, NULL, 0},
};

/* ---- refusing ---- */

/* False, for the caller to answer. */
HOST_PRINTF(2, 3) static bool refuse(struct host_options *o, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(o->error, sizeof o->error, fmt, ap);
  va_end(ap);
  return false;
}

/* However long the value is, the reason is there. */
static bool bad_value(struct host_options *o, const char *option, const char *value, const char *wanted)
{
  return refuse(o, "--%s=%.300s: %s", option, value, wanted);
}

static const char *option_name(int id)
{
  const struct option *l = long_options;
  while (l->val != id) l++;
  return l->name;
}

/* How many options begin like that. */
static unsigned count_completions(const char *name)
{
  unsigned count = 0;
  for (const struct option *l = long_options; l->name; l++) count += !strncmp(l->name, name, strcspn(name, "="));
  return count;
}

/* getopt_long answered '?', or ':' when an argument is missing; `text` is what it looked at last. */
static bool bad_option(struct host_options *o, int answer, const char *text)
{
  if (answer == ':') return refuse(o, "option '--%s' requires an argument", option_name(optopt));
  if (optopt >= OPT_MEM) return refuse(o, "option '--%s' doesn't allow an argument", option_name(optopt));
  if (optopt) return refuse(o, "invalid option -- '%c'; try --help", optopt);
  if (count_completions(text + 2) > 1) return refuse(o, "option '%s' is ambiguous", text);
  return refuse(o, "unrecognized option '%s'; try --help", text);
}

/* ---- values: false when they are refused ---- */

static bool parse_number(struct host_options *o, const char *option, const char *text, char **end, uint64_t *n)
{
  errno = 0;
  *n = strtoull(text, end, 0);
  return (*end > text && !errno && !strchr(text, '-')) || bad_value(o, option, text, "not a number");
}

static bool parse_whole(struct host_options *o, const char *option, const char *text, uint64_t *n)
{
  char *end;
  return parse_number(o, option, text, &end, n) && (!*end || bad_value(o, option, text, "not a number"));
}

static bool parse_size(struct host_options *o, const char *text)
{
  static const char suffixes[] = "KMG";
  char *end;
  uint64_t n;
  if (!parse_number(o, "mem", text, &end, &n)) return false;
  const char *suffix = *end ? strchr(suffixes, *end >= 'a' ? *end - 'a' + 'A' : *end) : NULL;
  if (*end && (!suffix || end[1])) return bad_value(o, "mem", text, "not a size: give bytes, or a suffix K, M or G");
  for (const char *s = suffixes; suffix && s <= suffix; s++)
    if (__builtin_mul_overflow(n, 1024ull, &n)) return bad_value(o, "mem", text, "too much");
  if (n < MACHINE_MEMORY_LEAST) return bad_value(o, "mem", text, "too little memory, at least 4M");
  if (n > MACHINE_MEMORY_MOST) return bad_value(o, "mem", text, "too much memory, at most 64G");
  o->machine.memory = n & ~(PAGE - 1);
  return true;
}

static bool parse_screen(struct host_options *o, const char *text)
{
  unsigned width, height;
  char rest;
  if (sscanf(text, "%5ux%5u%c", &width, &height, &rest) != 2 || width < SCREEN_LEAST || width > MACHINE_SCREEN_MOST ||
      height < SCREEN_LEAST || height > MACHINE_SCREEN_MOST)
    return bad_value(o, "screen", text, "give width and height in pixels, 16x16 to 16384x16384");
  o->machine.screen_width = width;
  o->machine.screen_height = height;
  return true;
}

static bool parse_rate(struct host_options *o, const char *text)
{
  uint64_t *rate = &o->machine.preempt_rate;
  return parse_whole(o, "preempt", text, rate) && (*rate || bad_value(o, "preempt", text, "at one in none"));
}

/* Positive numbers and commas, ascending. */
static bool parse_points(struct host_options *o, const char *text)
{
  uint64_t last = 0;
  for (const char *at = text;; at++) {
    char *end;
    errno = 0;
    uint64_t n = *at >= '0' && *at <= '9' ? strtoull(at, &end, 10) : 0;
    if (n <= last || errno || (*end && *end != ','))
      return bad_value(o, "preempt-at", text, "not ascending numbers and commas");
    if (!*end) break;
    last = n;
    at = end;
  }
  o->machine.preempt_at = text;
  return true;
}

/* Which of two words. */
static bool parse_choice(struct host_options *o, const char *option, const char *text, const char *no, const char *yes,
                         bool *chosen)
{
  *chosen = !strcmp(text, yes);
  return *chosen || !strcmp(text, no) || refuse(o, "--%s=%.300s: give %s or %s", option, text, no, yes);
}

static bool parse_trap(struct host_options *o, const char *text)
{
  bool seccomp;
  if (!parse_choice(o, "trap", text, "sud", "seccomp", &seccomp)) return false;
  o->machine.trap = seccomp ? "seccomp" : "sud";
  return true;
}

/* Adds `before` and `text` to a list, behind `separator`. */
static bool add_to(char list[HOST_CMDLINE_MAX + 1], char separator, const char *before, const char *text)
{
  size_t used = strlen(list), need = (used ? 1 : 0) + strlen(before) + strlen(text);
  if (need > HOST_CMDLINE_MAX + PLANTED(options) - used) return false;
  if (used) list[used++] = separator;
  strcpy(stpcpy(list + used, before), text);
  return true;
}

static bool add_to_cmdline(struct host_options *o, const char *before, const char *text)
{
  return add_to(o->cmdline, ' ', before, text) || refuse(o, "the kernel command line is too long");
}

static bool parse_log_level(struct host_options *o, const char *text)
{
  static const char *const levels[] = {"error", "warn", "info", "debug", "trace", "0", "1", "2", "3", "4"};
  for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
    if (!strcmp(text, levels[i])) return add_to_cmdline(o, "loglevel=", text);
  return bad_value(o, "log-level", text, "give error, warn, info, debug or trace");
}

/* Their plan is read by the machine. */
static bool add_fault(struct host_options *o, const char *text)
{
  if (!*text) return bad_value(o, "fault", text, "give KIND:WHEN[,DETAIL]");
  if (!add_to(o->faults, ';', "", text)) return refuse(o, "--fault: too many faults");
  o->machine.faults = o->faults;
  return true;
}

/* ---- all of it ---- */

/* What a record says for itself. */
static bool in_record(int id)
{
  switch (id) {
  case OPT_MEM:
  case OPT_APPEND:
  case OPT_FAULT:
  case OPT_FAULT_PLAN:
  case OPT_LOG_LEVEL:
  case OPT_CLOCK:
  case OPT_SEED:
  case OPT_SCREEN:
  case OPT_RECORD:
  case OPT_PREEMPT:
  case OPT_PREEMPT_AT: return true;
  default: return false;
  }
}

static bool check_together(struct host_options *o, bool described)
{
  const struct machine_options *m = &o->machine;
  if (m->replay && described)
    return refuse(o, "--replay: the record says what the machine is; give --initrd, --check-tlb, --debugcon, "
                     "--switch and --trap at most");
  if (m->record && m->preempt_at) return refuse(o, "--preempt-at repeats by itself: it cannot be recorded");
  if ((m->preempt_rate || m->preempt_at) && !m->virtual_clock) return refuse(o, "--preempt needs --clock=virtual");
  return true;
}

static bool parse_option(struct host_options *o, int id, const char *text)
{
  struct machine_options *m = &o->machine;
  switch (id) {
  case OPT_MEM: return parse_size(o, text);
  case OPT_INITRD: m->initrd = text; return true;
  case OPT_APPEND: return add_to_cmdline(o, "", text);
  case OPT_FAULT: return add_fault(o, text);
  case OPT_FAULT_PLAN: m->fault_plan = text; return true;
  case OPT_LOG_LEVEL: return parse_log_level(o, text);
  case OPT_CLOCK: return parse_choice(o, "clock", text, "real", "virtual", &m->virtual_clock);
  case OPT_SEED: return parse_whole(o, "seed", text, &m->seed);
  case OPT_CHECK_TLB: return m->check_tlb = true;
  case OPT_DEBUGCON: m->debugcon = text; return true;
  case OPT_SCREEN: return parse_screen(o, text);
  case OPT_SCREENDUMP: m->screendump = text; return true;
  case OPT_SWITCH: return parse_choice(o, "switch", text, "ucontext", "asm", &m->switch_asm);
  case OPT_TRAP: return parse_trap(o, text);
  case OPT_RECORD: m->record = text; return true;
  case OPT_REPLAY: m->replay = text; return true;
  case OPT_PREEMPT: return parse_rate(o, text);
  case OPT_PREEMPT_AT: return parse_points(o, text);
  default: return true;
  }
}

bool host_options_parse(struct host_options *o, int argc, char **argv, bool terminal)
{
  bool described = false;
  int id;
  *o = (struct host_options){.machine = {.memory = MEMORY_DEFAULT, .cmdline = o->cmdline, .virtual_clock = !terminal}};
  optind = opterr = 0;
  while ((id = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
    if (id == ':' || id == '?') return bad_option(o, id, argv[optind - 1]);
    if (id == OPT_HELP || id == OPT_VERSION) {
      o->wish = id == OPT_HELP ? HOST_HELP : HOST_VERSION;
      return true;
    }
    if (!parse_option(o, id, optarg)) return false;
    described |= in_record(id);
  }
  if (!check_together(o, described)) return false;
  if (optind < argc) return refuse(o, "unexpected argument: %s", argv[optind]);
  if (o->machine.screendump && !o->machine.screen_width && !o->machine.replay)
    return refuse(o, "--screendump: there is no --screen");
  return true;
}
