/*
 * The simulator's command line: its arguments are the input's lines. What is accepted is in bounds, and its texts are in the
 * arguments or the structure; what is refused has a reason. Both are the same when the arguments, which may be in another order
 * then, are read again.
 */
#include "fuzz.h"

#include "../src/sim/host.h"
#include <string.h>

#define ARGUMENTS_MOST 64

static char text[4096];
static size_t text_size;

static bool in_text(const char *p)
{
  return !p || (p >= text && p < text + text_size);
}

static void check_machine(const struct host_options *o)
{
  const struct machine_options *m = &o->machine;
  REQUIRE(m->memory >= MACHINE_MEMORY_LEAST && m->memory <= MACHINE_MEMORY_MOST && m->memory % 4096 == 0);
  REQUIRE(m->cmdline == o->cmdline && (!m->faults || (m->faults == o->faults && *m->faults)));
  REQUIRE(m->screen_width <= MACHINE_SCREEN_MOST && m->screen_height <= MACHINE_SCREEN_MOST);
  REQUIRE(!m->screen_width == !m->screen_height);
  REQUIRE(in_text(m->initrd) && in_text(m->fault_plan) && in_text(m->debugcon) && in_text(m->screendump));
  REQUIRE(in_text(m->record) && in_text(m->replay) && in_text(m->preempt_at));
  REQUIRE(!m->record || !m->replay);
  REQUIRE(m->virtual_clock || (!m->preempt_rate && !m->preempt_at));
}

/* Ascending numbers with commas between them, digit by digit. */
static void check_points(const char *at)
{
  for (unsigned __int128 last = 0, n = 0;; at++) {
    if (*at >= '0' && *at <= '9') {
      n = n * 10 + (unsigned)(*at - '0');
      REQUIRE(n <= UINT64_MAX);
      continue;
    }
    REQUIRE(n > last && (!*at || *at == ','));
    if (!*at) return;
    last = n;
    n = 0;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct host_options first, second;
  static char name[] = "veridian-sim";
  char *argv[ARGUMENTS_MOST + 2] = {name};
  int argc = 1;
  text_size = size < sizeof text ? size : sizeof text - 1;
  memcpy(text, data, text_size);
  text[text_size++] = '\0';
  for (char *at = text; *at && argc <= ARGUMENTS_MOST; argc++) {
    argv[argc] = at;
    at += strcspn(at, "\n");
    if (*at) *at++ = '\0';
  }

  bool taken = host_options_parse(&first, argc, argv, size % 2);
  REQUIRE(memchr(first.cmdline, '\0', sizeof first.cmdline) && memchr(first.faults, '\0', sizeof first.faults));
  REQUIRE(memchr(first.error, '\0', sizeof first.error) && (first.error[0] == '\0') == taken);
  if (taken && first.wish == HOST_RUN) {
    check_machine(&first);
    if (first.machine.preempt_at) check_points(first.machine.preempt_at);
  }
  REQUIRE(host_options_parse(&second, argc, argv, size % 2) == taken && !strcmp(first.error, second.error));
  REQUIRE(!strcmp(first.cmdline, second.cmdline) && !strcmp(first.faults, second.faults));
  return 0;
}
