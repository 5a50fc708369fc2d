/*
 * Preemption on purpose, under the virtual clock: at some of the points where interrupts are looked for (arch_record.c), the
 * edges of locks among them, time jumps to the timer's deadline, so that the running thread's slice ends there. Not when the
 * deadline is far: then it is somebody's sleep, which means to last longer than what others do meanwhile. Which ones:
 * about one in so many, by a generator of their own with the run's seed, or those of a list. What is found with the one is
 * repeated, and cut down, with the other.
 */
#include "machine.h"

#include <kern/print.h>

#define REACH_NS 20000000u /* a slice is shorter */

static struct {
  uint64_t rate;  /* one in so many; 0: none but those of the list */
  uint64_t state; /* of the generator */
  const char *list;
  uint64_t next; /* of the list; 0: no more */
  /* Where it happened, when the rate chose. */
  uint64_t *points;
  size_t count, room;
} preempt;

/* The list's next number. main.c checked that there are only numbers and commas, ascending. */
static void list_advance(void)
{
  preempt.next = 0;
  if (!preempt.list) return;
  for (; *preempt.list >= '0' && *preempt.list <= '9'; preempt.list++)
    preempt.next = preempt.next * 10 + (uint64_t)(*preempt.list - '0');
  if (*preempt.list == ',') preempt.list++;
}

void machine_preempt_init(const struct machine_options *options)
{
  preempt.rate = options->preempt_rate;
  preempt.state = options->seed ^ 0xA5A5A5A55A5A5A5Aull;
  preempt.list = options->preempt_at;
  list_advance();
  machine.preempts = preempt.rate || preempt.next;
}

static void remember(uint64_t point)
{
  if (preempt.count == preempt.room) {
    size_t room = preempt.room ? 2 * preempt.room : 1024;
    uint64_t *points = host_alloc(room * sizeof *points);
    for (size_t i = 0; i < preempt.count; i++) points[i] = preempt.points[i];
    host_free(preempt.points);
    preempt.points = points;
    preempt.room = room;
  }
  preempt.points[preempt.count++] = point;
}

void machine_preempt_point(uint64_t point)
{
  if (preempt.rate && machine_choose_from(&preempt.state, preempt.rate) == 0) {
    if (machine_time_jump(REACH_NS)) remember(point);
    return;
  }
  if (point != preempt.next) return;
  (void)machine_time_jump(REACH_NS);
  list_advance();
}

void machine_preempt_report(void)
{
  char text[24];
  if (!preempt.count) return;
  machine_print_error("preempted at ");
  for (size_t i = 0; i < preempt.count; i++) {
    format_text(text, sizeof text, "%s%llu", i ? "," : "", (unsigned long long)preempt.points[i]);
    machine_print_error(text);
  }
  machine_print_error("\n");
}
