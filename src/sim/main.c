/* veridian-sim: options. */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif
#ifndef PKGDATADIR
#define PKGDATADIR "/usr/local/share/veridian"
#endif
#define INITRD_NAME "initrd.cpio"
#define MEMORY_DEFAULT (64ull << 20)
#define PAGE 4096ull
#define SCREEN_LEAST 16
#define CMDLINE_MAX 1024

static const char usage[] =
  "Usage: veridian-sim [OPTION]...\n"
  "Boots the Veridian kernel on a simulated x86-64 machine inside this process.\n"
  "The console is standard input and output; Ctrl-A x leaves, Ctrl-A h helps.\n"
  "\n"
  "  --mem=SIZE          RAM in bytes or with suffix K, M, G (default 64M)\n"
  "  --initrd=FILE       initial RAM disk (default: initrd.cpio beside the program, else\n"
  "                      " PKGDATADIR "/" INITRD_NAME ")\n"
  "  --append=TEXT       kernel command line\n"
  "  --fault=KIND:WHEN[,DETAIL]  something fails at the WHENth occasion (N; N+: from then on; N+M: at\n"
  "                      every Mth from then on): alloc, copy, flush, clock, irq, late, send, receive,\n"
  "                      hangup; see the manual\n"
  "  --fault-plan=FILE   the faults in FILE, one a line\n"
  "  --log-level=LEVEL   what the kernel logs on the console: error, warn, info, debug, trace\n"
  "  --clock=KIND        real, or virtual: time moves with the kernel's work and runs repeat\n"
  "                      (default: real on a terminal, else virtual)\n"
  "  --seed=N            seed of the virtual clock's choices (default 0)\n"
  "  --check-tlb         compare all translations with the page tables at every return to user mode\n"
  "  --debugcon=FILE     debug console (port 0xE9), written to FILE\n"
  "  --screen=WxH        a framebuffer of so many pixels, W across and H down\n"
  "  --screendump=FILE   what is on it at the end, as a picture (PPM)\n"
  "  --switch=KIND       context switch by ucontext (default) or asm, the image's own\n"
  "  --trap=KIND         trap system calls by sud (Syscall User Dispatch) or seccomp (default: the\n"
  "                      first that the host has)\n"
  "  --record=FILE       write what comes from outside to FILE: input, time, interrupts\n"
  "  --replay=FILE       repeat the run recorded in FILE, on the machine it says\n"
  "  --preempt=N         virtual clock: end the running thread's time slice at one in N of the points\n"
  "                      where interrupts are looked for, lock edges among them\n"
  "  --preempt-at=LIST   the same at these points, by number, ascending: 12,407,9310\n"
  "  --help, --version\n"
  "\n"
  "Exit status: the system's own; 2 for a usage or host error; 70 after a panic;\n"
  "71 when a replay does not do what its record has.\n";

enum option_id {
  OPT_MEM = 1,
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

static char cmdline[CMDLINE_MAX + 1], faults[CMDLINE_MAX + 1];

HOST_NORETURN static void bad_value(const char *option, const char *value, const char *wanted)
{
  host_fatal(HOST_EXIT_USAGE, "--%s=%s: %s", option, value, wanted);
}

static uint64_t parse_number(const char *option, const char *text, char **end)
{
  errno = 0;
  unsigned long long n = strtoull(text, end, 0);
  if (*end == text || errno || strchr(text, '-')) bad_value(option, text, "not a number");
  return n;
}

static uint64_t parse_size(const char *text)
{
  static const char suffixes[] = "KMG";
  char *end;
  uint64_t n = parse_number("mem", text, &end);
  const char *suffix = *end ? strchr(suffixes, *end >= 'a' ? *end - 'a' + 'A' : *end) : NULL;
  if (*end && (!suffix || end[1])) bad_value("mem", text, "not a size: give bytes, or a suffix K, M or G");
  for (const char *s = suffixes; suffix && s <= suffix; s++)
    if (__builtin_mul_overflow(n, 1024ull, &n)) bad_value("mem", text, "too much");
  if (n < MACHINE_MEMORY_LEAST) bad_value("mem", text, "too little memory, at least 4M");
  if (n > MACHINE_MEMORY_MOST) bad_value("mem", text, "too much memory, at most 64G");
  return n & ~(PAGE - 1);
}

static uint64_t parse_whole(const char *option, const char *text)
{
  char *end;
  uint64_t n = parse_number(option, text, &end);
  if (*end) bad_value(option, text, "not a number");
  return n;
}

static void parse_screen(const char *text, struct machine_options *options)
{
  unsigned width, height;
  char rest;
  if (sscanf(text, "%5ux%5u%c", &width, &height, &rest) != 2 || width < SCREEN_LEAST || width > MACHINE_SCREEN_MOST ||
      height < SCREEN_LEAST || height > MACHINE_SCREEN_MOST)
    bad_value("screen", text, "give width and height in pixels, 16x16 to 16384x16384");
  options->screen_width = width;
  options->screen_height = height;
}
static uint64_t parse_rate(const char *text)
{
  uint64_t n = parse_whole("preempt", text);
  if (n == 0) bad_value("preempt", text, "at one in none");
  return n;
}

/* Positive numbers and commas, ascending. */
static const char *parse_points(const char *text)
{
  uint64_t last = 0;
  for (const char *at = text;; at++) {
    char *end;
    errno = 0;
    uint64_t n = *at >= '0' && *at <= '9' ? strtoull(at, &end, 10) : 0;
    if (n <= last || errno || (*end && *end != ',')) bad_value("preempt-at", text, "not ascending numbers and commas");
    if (!*end) return text;
    last = n;
    at = end;
  }
}

/* Which of two words. */
static bool parse_choice(const char *option, const char *text, const char *no, const char *yes)
{
  char wanted[64];
  if (!strcmp(text, yes)) return true;
  if (!strcmp(text, no)) return false;
  snprintf(wanted, sizeof wanted, "give %s or %s", no, yes);
  bad_value(option, text, wanted);
}

static void add_to_cmdline(const char *before, const char *text)
{
  size_t used = strlen(cmdline), need = (used ? 1 : 0) + strlen(before) + strlen(text);
  if (used + need >= sizeof cmdline) host_fatal(HOST_EXIT_USAGE, "the kernel command line is too long");
  snprintf(cmdline + used, sizeof cmdline - used, "%s%s%s", used ? " " : "", before, text);
}

static void parse_log_level(const char *text)
{
  static const char *const levels[] = {"error", "warn", "info", "debug", "trace", "0", "1", "2", "3", "4"};
  for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
    if (strcmp(text, levels[i])) continue;
    add_to_cmdline("loglevel=", text);
    return;
  }
  bad_value("log-level", text, "give error, warn, info, debug or trace");
}

/* Their plan is read by the machine. */
static void add_fault(const char *text, struct machine_options *options)
{
  size_t used = strlen(faults);
  if (!*text) bad_value("fault", text, "give KIND:WHEN[,DETAIL]");
  if (used + 1 + strlen(text) >= sizeof faults) host_fatal(HOST_EXIT_USAGE, "--fault=%s: too many faults", text);
  snprintf(faults + used, sizeof faults - used, "%s%s", used ? ";" : "", text);
  options->faults = faults;
}

/* The RAM disk beside the executable (the build directory), else where an installation has it from there, wherever it was
 * moved to, else where this build was to be installed. */
static const char *default_initrd(void)
{
  static const char *const places[] = {INITRD_NAME, "../share/veridian/" INITRD_NAME};
  static char path[4096];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path - 64);
  char *slash = n > 0 ? memrchr(path, '/', (size_t)n) : NULL;
  for (size_t i = 0; slash && i < sizeof places / sizeof places[0]; i++) {
    strcpy(slash + 1, places[i]);
    if (access(path, F_OK) == 0) return path;
  }
  return access(PKGDATADIR "/" INITRD_NAME, F_OK) == 0 ? PKGDATADIR "/" INITRD_NAME : NULL;
}

HOST_NORETURN static void print_and_leave(const char *text)
{
  fputs(text, stdout);
  if (fflush(stdout) || ferror(stdout)) host_fatal(HOST_EXIT_USAGE, "cannot write to standard output");
  exit(0);
}

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

static void check_together(const struct machine_options *options, bool described)
{
  if (options->replay && described)
    host_fatal(HOST_EXIT_USAGE,
               "--replay: the record says what the machine is; give --initrd, --check-tlb, --debugcon, "
               "--switch and --trap at most");
  if (options->record && options->preempt_at)
    host_fatal(HOST_EXIT_USAGE, "--preempt-at repeats by itself: it cannot be recorded");
  if ((options->preempt_rate || options->preempt_at) && !options->virtual_clock)
    host_fatal(HOST_EXIT_USAGE, "--preempt needs --clock=virtual");
}

static void parse_option(int id, struct machine_options *options)
{
  switch (id) {
  case OPT_MEM: options->memory = parse_size(optarg); break;
  case OPT_INITRD: options->initrd = optarg; break;
  case OPT_APPEND: add_to_cmdline("", optarg); break;
  case OPT_FAULT: add_fault(optarg, options); break;
  case OPT_FAULT_PLAN: options->fault_plan = optarg; break;
  case OPT_LOG_LEVEL: parse_log_level(optarg); break;
  case OPT_CLOCK: options->virtual_clock = parse_choice("clock", optarg, "real", "virtual"); break;
  case OPT_SEED: options->seed = parse_whole("seed", optarg); break;
  case OPT_CHECK_TLB: options->check_tlb = true; break;
  case OPT_DEBUGCON: options->debugcon = optarg; break;
  case OPT_SCREEN: parse_screen(optarg, options); break;
  case OPT_SCREENDUMP: options->screendump = optarg; break;
  case OPT_SWITCH: options->switch_asm = parse_choice("switch", optarg, "ucontext", "asm"); break;
  case OPT_TRAP: options->trap = parse_choice("trap", optarg, "sud", "seccomp") ? "seccomp" : "sud"; break;
  case OPT_RECORD: options->record = optarg; break;
  case OPT_REPLAY: options->replay = optarg; break;
  case OPT_PREEMPT: options->preempt_rate = parse_rate(optarg); break;
  case OPT_PREEMPT_AT: options->preempt_at = parse_points(optarg); break;
  case OPT_HELP: print_and_leave(usage);
  case OPT_VERSION: print_and_leave("veridian-sim " PACKAGE_VERSION "\n");
  default: fputs("Try 'veridian-sim --help'.\n", stderr); exit(HOST_EXIT_USAGE);
  }
}

int main(int argc, char **argv)
{
  struct machine_options options = {
    .memory = MEMORY_DEFAULT,
    .cmdline = cmdline,
    .virtual_clock = !(host_input_is_terminal() && host_output_is_terminal()),
  };
  bool described = false;
  int id;
  host_exit_init(argv);
  while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
    parse_option(id, &options);
    described |= in_record(id);
  }
  check_together(&options, described);
  if (optind < argc) host_fatal(HOST_EXIT_USAGE, "unexpected argument: %s", argv[optind]);
  if (options.screendump && !options.screen_width && !options.replay)
    host_fatal(HOST_EXIT_USAGE, "--screendump: there is no --screen");
  if (!options.initrd) options.initrd = default_initrd();
  machine_start(&options);
}
