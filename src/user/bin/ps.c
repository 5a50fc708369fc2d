/* ps: the processes, their parents, jobs, states, processor time and memory. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <veridian.h>

static const char *state_name(uint32_t state)
{
  switch (state) {
  case PROCESS_RUNNING: return "run";
  case PROCESS_BLOCKED: return "wait";
  case PROCESS_ZOMBIE: return "zombie";
  default: return "?";
  }
}

static const char *class_name(uint32_t class)
{
  static const char *const names[] = {"kernel", "system", "user", "backgr"};
  return class < sizeof names / sizeof *names ? names[class] : "?";
}

int main(int argc, char **argv)
{
  (void)argv;
  if (argc > 1) {
    fputs("usage: ps\n", stderr);
    return 2;
  }
  struct process_info *list = NULL;
  ssize_t room = 0, count = 16;
  while (count > room) { /* more may start between two looks */
    room = count + 8;
    free(list);
    list = malloc((size_t)room * sizeof *list);
    if (list == NULL) err(1, "process list");
    count = process_list(list, (size_t)room);
    if (count < 0) err(1, "process list");
  }
  puts("  PID PARENT    JOB STATE  CLASS     TIME  KIB NAME");
  for (ssize_t i = 0; i < count; i++) {
    const struct process_info *p = &list[i];
    uint64_t ms = p->cpu_ns / 1000000;
    printf("%5d %6d %6d %-6s %-6s %4lu.%02lu %4lu %s\n", p->pid, p->parent, p->job, state_name(p->state),
           class_name(p->sched_class), ms / 1000, ms / 10 % 100, p->user_pages * (USER_PAGE_SIZE / 1024), p->name);
  }
  return 0;
}
