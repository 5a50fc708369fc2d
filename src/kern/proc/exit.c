/*
 * The end of a process, and waiting for it.
 *
 * A process ends when its last thread has left, by exit, by a fault or because it was killed; whichever came first
 * sets the status. The last thread drops what the process held, and then, in one step under the tree's lock, makes
 * it a zombie and lets go of it: from there on the struct belongs to the tree and to whoever holds references.
 */
#include <kern/arch.h>
#include <kern/cpu.h>
#include <kern/panic.h>

#include "tree.h"

/* The system ends with its first process. */
static NORETURN void init_ended(const struct wait_status *status)
{
  arch_power_off((status->reason == EXIT_NORMAL ? status->code : 128 + status->code) & 0xFF);
}

/* Takes the running thread out of its process; answers whether it was the last. */
static bool leave_process(struct process *p, struct thread *t)
{
  spin_lock(&p->lock);
  p->ended_cpu_ns += t->cpu_ns + thread_ran(t, arch_clock_read());
  list_remove(&t->process_link);
  unsigned left = p->nthreads - 1;
  __atomic_store_n(&p->nthreads, left, __ATOMIC_RELEASE);
  spin_unlock(&p->lock);
  return left == 0;
}

static NORETURN void process_leave(struct process *p)
{
  struct thread *t = thread_current();
  bool last = leave_process(p, t);
  if (last) {
    if (p->pid == INIT_PID) init_ended(&p->status);
    process_drop_resources(p);
  }
  (void)arch_irq_disable(); /* nobody runs, the parent least of all, before the thread is gone, too */
  spin_lock(&process_tree_lock);
  t->process = NULL;
  if (last) tree_make_zombie_locked(p);
  spin_unlock(&process_tree_lock);
  thread_exit();
}

void process_exit(enum exit_reason reason, int code)
{
  struct process *p = process_current();
  kassert(p != NULL);
  arch_irq_restore(true);
  spin_lock(&p->lock);
  if (!p->killed) {
    p->status.reason = reason;
    p->status.code = code;
    __atomic_store_n(&p->killed, true, __ATOMIC_RELEASE); /* the other threads end too */
    list_for_each (t, &p->threads, struct thread, process_link) thread_interrupt(t);
  }
  spin_unlock(&p->lock);
  process_leave(p);
}

void process_check_killed(void)
{
  struct process *p = cpu_self()->current->process; /* on every way to user mode: kept short */
  if (p == NULL || !__atomic_load_n(&p->killed, __ATOMIC_ACQUIRE)) return;
  arch_irq_restore(true);
  process_leave(p);
}

/* A zombie among the children the caller waits for; null: none yet. -ECHILD when there never will be one. */
static int find_ended_locked(struct process *parent, struct process *p, struct process **out)
{
  *out = NULL;
  if (p != NULL) {
    if (p->parent != parent) return -ECHILD;
  } else {
    if (list_empty(&parent->children)) return -ECHILD;
    p = list_first(&parent->children, struct process, sibling); /* zombies come first */
  }
  if (p->zombie) *out = p;
  return 0;
}

int process_wait_ended(struct process *p, unsigned flags, struct process **out)
{
  struct process *self = process_current();
  struct process *ended = NULL;
  int err;
  spin_lock(&process_tree_lock);
  for (;;) {
    err = find_ended_locked(self, p, &ended);
    if (err != 0 || ended != NULL || (flags & WAIT_NOHANG) != 0) break;
    err = waitq_sleep(&self->child_ended, &process_tree_lock, DEADLINE_NONE);
    if (err != 0) break;
  }
  if (ended != NULL) object_ref(&ended->object);
  spin_unlock(&process_tree_lock);
  *out = ended;
  return err != 0 ? err : ended != NULL ? ended->pid : 0;
}

bool process_reap(struct process *p)
{
  spin_lock(&process_tree_lock);
  bool mine = p->parent == process_current();
  if (mine) tree_reap_locked(p);
  spin_unlock(&process_tree_lock);
  if (mine) object_unref(&p->object);
  return mine;
}

int process_wait(struct process *p, unsigned flags, struct wait_status *status)
{
  for (;;) {
    struct process *ended;
    int pid = process_wait_ended(p, flags, &ended);
    if (pid <= 0) return pid;
    *status = ended->status;
    bool reaped = process_reap(ended);
    object_unref(&ended->object);
    if (reaped) return pid;
  }
}
