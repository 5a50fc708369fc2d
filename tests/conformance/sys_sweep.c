/* What the tests that make every call of sys_cases.h share. */
#include "sys_cases.h"
#include <kern/kmem.h>
#include <kern/log.h>
#include <uapi/syscalls.h>

struct guest_resources sys_settled(void)
{
  struct guest_resources r = guest_resources();
  kmem_reclaim();
  return guest_resources().free_pages >= r.free_pages ? guest_resources() : r;
}

bool sys_case_complain(const struct sys_case *c, const char *how)
{
  log_warn("%s: %s", c->what, how);
  return false;
}

bool sys_case_is_good(const struct sys_case *c, int64_t r)
{
  return c->answer ? r == -c->answer : r >= 0;
}

bool sys_case_works(const struct sys_case *c, int64_t *answer)
{
  if (c->prepare && !c->prepare()) return sys_case_complain(c, "cannot be prepared");
  *answer = c->call();
  if (c->undo) c->undo(*answer);
  return sys_case_is_good(c, *answer) || sys_case_complain(c, "does not work");
}

bool sys_cases_each(bool (*sweep)(const struct sys_case *c, const void *arg), const void *arg)
{
  bool swept[SYSCALL_COUNT] = {false}, good = true;
  int64_t answer;
  for (size_t g = 0; g < sys_group_count; g++) {
    for (size_t i = 0; i < sys_groups[g]->count; i++) {
      const struct sys_case *c = &sys_groups[g]->cases[i];
      swept[c->number] = true;
      good = sys_case_works(c, &answer) && sys_case_works(c, &answer) && sweep(c, arg) && good;
    }
  }
  for (unsigned i = 0; i < SYSCALL_COUNT; i++) {
    if (!swept[i]) log_warn("sys_cases_*.c do not try call %u", i);
    good = good && swept[i];
  }
  return good;
}
