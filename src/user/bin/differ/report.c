/* What the driver prints: a line a program, a program's steps, and how often each call ended how. */
#include "differ.h"

#include <stdio.h>
#include <uapi/kinds.h>

#define ERRNO_MAX 128

static const char *const touches[] = {"read", "write", "execute"};
static uint64_t ended[SYSCALL_COUNT][ERRNO_MAX]; /* [0]: it succeeded */

static uint64_t hash_log(const struct log *log)
{
  return hash_bytes(HASH_START, log->steps, log->count * sizeof *log->steps);
}

static void print_left(const struct account *left)
{
  printf("left %ld %ld %ld", (long)left->processes, (long)left->heap_objects, (long)left->heap_bytes);
  for (unsigned i = 0; i < MEMORY_OWNERS; i++)
    if (left->pages[i] != 0) printf(" owner%u:%ld", i, (long)left->pages[i]);
}

void report_line(unsigned number, const struct log *log, const struct ending *e)
{
  static const char *const reasons[] = {"exit", "killed", "fault"};
  printf("program %u: %s %d%s, %u steps, %016lx, ", number, reasons[e->status.reason], e->status.code,
         e->stuck ? " stuck" : "", log->count, (unsigned long)hash_log(log));
  print_left(&e->left);
  printf("\n");
}

static void print_call(const struct step *step)
{
  unsigned argc = step->what < SYSCALL_COUNT ? call_infos[step->what].argc : 6;
  if (step->what < SYSCALL_COUNT)
    printf("%s(", call_infos[step->what].name);
  else
    printf("call_%u(", step->what);
  for (unsigned i = 0; i < argc; i++) printf("%s0x%lx", i > 0 ? ", " : "", (unsigned long)step->args[i]);
  printf(")%s", step->by_int80 ? " by int 0x80" : "");
}

static void print_step(unsigned n, const struct step *step)
{
  printf("  %2u ", n);
  switch (step->what) {
  case DID_TOUCH: printf("%s 0x%lx", touches[step->args[0] % 3], (unsigned long)step->args[1]); break;
  case DID_TRAP: printf("%s", trap_name((unsigned)step->args[0] % trap_count())); break;
  case DID_RUN: printf("run"); break;
  case DID_CROWD: printf("crowd"); break;
  default: print_call(step);
  }
  if (step->done)
    printf(" = %ld, %016lx\n", (long)step->result, (unsigned long)step->out);
  else
    printf(" and no more\n");
}

void report_steps(const struct log *log)
{
  for (unsigned i = 0; i < log->count; i++) print_step(i, &log->steps[i]);
}

void report_count(const struct log *log)
{
  for (unsigned i = 0; i < log->count; i++) {
    const struct step *step = &log->steps[i];
    if (step->what >= SYSCALL_COUNT || (!step->done && step->what != SYS_exit)) continue;
    uint64_t error = step->result < 0 && step->result > -ERRNO_MAX ? (uint64_t)-step->result : 0;
    ended[step->what][error]++;
  }
}

void report_counted(void)
{
  for (unsigned call = 0; call < SYSCALL_COUNT; call++) {
    printf("ended %s", call_infos[call].name);
    for (unsigned i = 0; i < ERRNO_MAX; i++)
      if (ended[call][i] != 0) printf(" %u:%lu", i, (unsigned long)ended[call][i]);
    printf("\n");
  }
}
