/*
 * Faults on purpose (kern/inject.h), the machine's side. The options' faults and the plan file become one word of the kernel's
 * command line, fault=PLAN, so that a record has them as it has the rest of the command line. A kind's occasions are where they
 * come: readings of the clock, points (arch_record.c), bytes and so on, never host time; so under the virtual clock, and in a
 * replay, a fault strikes where it did.
 */
#include "machine.h"

#include <kern/inject.h>
#include <kern/print.h>
#include <kern/string.h>

#define PLAN_MOST 65536

bool arch_can_inject(unsigned kind)
{
  return kind != INJECT_RECEIVE || machine.virtual_clock;
}

void arch_inject_note(unsigned kind, uint64_t occasion)
{
  machine_trace(EVENT_FAULT, kind, occasion);
}

void arch_inject_announce(const struct inject *fault, uint64_t occasion)
{
  char text[INJECT_TEXT];
  inject_format(text, fault);
  host_note("fault: %s %llu, by %s", inject_name(fault->kind), (unsigned long long)occasion, text);
}

void machine_inject_irq(void)
{
  const struct inject *fault = inject_occasion(INJECT_IRQ);
  if (!fault) return;
  for (unsigned irq = 0; irq < IRQ_COUNT; irq++)
    if ((!fault->detailed || irq == (unsigned)fault->detail) && host_crossing.unmasked & 1ull << irq)
      machine_irq_raise(irq);
}

/* ---- options ---- */

/* The command line being made: `fault=`, faults, the rest. */
struct word {
  char text[BOOTINFO_CMDLINE_MAX];
  size_t length;
};

static void append(struct word *word, const char *text)
{
  size_t n = strlen(text);
  if (n >= sizeof word->text - word->length)
    host_fatal(HOST_EXIT_USAGE, "the kernel command line with the faults is longer than %d bytes",
               BOOTINFO_CMDLINE_MAX - 1);
  memcpy(word->text + word->length, text, n + 1);
  word->length += n;
}

/* `file`: where the plan is from; null: the options. */
static void append_plan(struct word *word, const char *plan, size_t size, const char *file, bool virtual_clock)
{
  const char *at = plan, *why = NULL;
  unsigned line = 1;
  for (;;) {
    char text[INJECT_TEXT];
    struct inject fault;
    int r = inject_next(&at, plan + size, &line, &fault, &why);
    if (r == 0) return;
    if (r == 1 && fault.kind == INJECT_RECEIVE && !virtual_clock) why = "receive needs --clock=virtual";
    if (why && file) host_fatal(HOST_EXIT_USAGE, "%s:%u: %s", file, line, why);
    if (why) host_fatal(HOST_EXIT_USAGE, "--fault=%s: %s", plan, why);
    inject_format(text, &fault);
    append(word, word->length ? ";" : "fault=");
    append(word, text);
  }
}

static void append_file(struct word *word, const char *path, bool virtual_clock)
{
  char error[256];
  int64_t size = host_file_size(path, error, sizeof error);
  if (size > PLAN_MOST) host_fatal(HOST_EXIT_USAGE, "fault plan: %s: larger than %d bytes", path, PLAN_MOST);
  char *plan = size < 0 ? NULL : host_alloc((size_t)size + 1);
  if (size >= 0) size = host_file_load(path, plan, (uint64_t)size, error, sizeof error);
  if (size < 0) host_fatal(HOST_EXIT_USAGE, "fault plan: %s", error);
  append_plan(word, plan, (size_t)size, path, virtual_clock);
  host_free(plan);
}

void machine_inject_options(struct machine_options *options)
{
  static struct word word;
  char had[2];
  if (!options->faults && !options->fault_plan) return;
  if (cmdline_get(options->cmdline, "fault", had, sizeof had))
    host_fatal(HOST_EXIT_USAGE, "give faults by options, or by fault= on the kernel command line");
  if (options->faults) append_plan(&word, options->faults, strlen(options->faults), NULL, options->virtual_clock);
  if (options->fault_plan) append_file(&word, options->fault_plan, options->virtual_clock);
  if (!word.length) return;
  append(&word, " ");
  append(&word, options->cmdline);
  options->cmdline = word.text;
}
