/* Starting a program while memory runs out, at every single allocation it makes. */
#include "guest.h"
#include <kern/alloc_fault.h>
#include <kern/ktest.h>

/* The nth allocation fails, for every n until spawn succeeds. Two spawns first, so that caches are warm. */
static void out_of_memory(void)
{
  static const char strings[] = "exit7\0argument\0NAME=value";
  const struct process_args args = {
    .path = "/tmp-exit7", .strings = strings, .strings_size = sizeof(strings), .argc = 2, .envc = 1};
  struct wait_status status;
  struct process *p;
  ktest_check(guest_write_program("/tmp-exit7", guest_exit_7, sizeof(guest_exit_7)) == 0);
  for (int i = 0; i < 2; i++) ktest_check(guest_spawn("/tmp-exit7", NULL) > 0 && process_wait(NULL, 0, &status) > 0);
  int err = -ENOMEM;
  unsigned n = 1;
  for (; err == -ENOMEM; n++) {
    struct guest_resources before = guest_resources();
    alloc_fault_arm(n, false);
    err = process_spawn(process_current(), &args, &p);
    bool failed = alloc_fault_failures() > 0;
    alloc_fault_arm(0, false);
    struct guest_resources after = guest_resources();
    ktest_check(failed || err != -ENOMEM); /* a child that runs already may be what failed */
    if (err == -ENOMEM) ktest_check(guest_same(&before, &after));
  }
  ktest_check(err == 0);
  ktest_check(process_wait(p, 0, &status) == status.pid);
  object_unref(&p->object);
  ktest_check(n > 10);
}
KTEST(proc_spawn_out_of_memory)
{
  guest_run(out_of_memory);
}
