/*
 * The family tree: pids, parents and children, orphans, zombies.
 *
 * Pids go up from 1 and wrap only at PID_MAX, so one is not given again soon after its process ended. The list of
 * all is sorted by pid: until the first wrap a new process goes to its end. A zombie moves to the front of its
 * parent's children: waiting for any looks at one process, however many live.
 */
#include <kern/panic.h>

#include "tree.h"

struct spinlock process_tree_lock = SPINLOCK_INIT("process_tree");
int process_last_pid;
static bool pids_wrapped;                                    /* t */
static struct list all_processes = LIST_INIT(all_processes); /* t, of all_link, by pid */

struct process *tree_find_locked(int pid)
{
  list_for_each (p, &all_processes, struct process, all_link) {
    if (p->pid >= pid) return p->pid == pid ? p : NULL;
  }
  return NULL;
}

struct process *tree_next_locked(const struct process *p, int after_pid)
{
  const struct list *from = p != NULL && !list_empty(&p->all_link) ? &p->all_link : &all_processes;
  for (struct list *at = from->next; at != &all_processes; at = at->next) {
    struct process *next = list_entry(at, struct process, all_link);
    if (next->pid > after_pid) return next;
  }
  return NULL;
}

/* A job keeps its leader's pid taken as long as it has members. */
static bool pid_in_use_locked(int pid)
{
  list_for_each (p, &all_processes, struct process, all_link) {
    if (p->pid == pid || p->job == pid) return true;
  }
  return false;
}

static int pid_allocate_locked(void)
{
  do {
    if (process_last_pid >= PID_MAX) {
      process_last_pid = 0;
      pids_wrapped = true;
    }
    process_last_pid++;
  } while (pids_wrapped && pid_in_use_locked(process_last_pid));
  return process_last_pid;
}

static void all_insert_locked(struct process *p)
{
  struct list *before = &all_processes;
  while (before->prev != &all_processes && list_entry(before->prev, struct process, all_link)->pid > p->pid)
    before = before->prev;
  list_push_back(before, &p->all_link);
}

/* The parent may put a child into its own job or one a child of its is in. */
static bool job_allowed_locked(const struct process *parent, int job)
{
  if (job == parent->job) return true;
  list_for_each (child, &parent->children, struct process, sibling) {
    if (child->job == job) return true;
  }
  return false;
}

int tree_add(struct process *p, struct process *parent, const struct spawn_options *options)
{
  bool new_job = parent == NULL || (options != NULL && (options->flags & SPAWN_NEW_JOB) != 0);
  int job = 0;
  spin_lock(&process_tree_lock);
  if (!new_job) {
    job = options != NULL && options->job > 0 ? options->job : parent->job;
    if (!job_allowed_locked(parent, job)) {
      spin_unlock(&process_tree_lock);
      return -ESRCH;
    }
  }
  p->pid = pid_allocate_locked();
  p->job = new_job ? p->pid : job;
  p->status.pid = p->pid;
  p->parent = parent;
  if (parent != NULL) list_push_back(&parent->children, &p->sibling);
  all_insert_locked(p);
  object_ref(&p->object);
  spin_unlock(&process_tree_lock);
  return 0;
}

/* Children of an ended process become init's. */
static void orphans_to_init_locked(struct process *p)
{
  struct process *init = tree_find_locked(INIT_PID);
  if (list_empty(&p->children)) return;
  kassert(init != NULL && init != p);
  bool wake = false;
  list_for_each_safe (child, &p->children, struct process, sibling) {
    list_remove(&child->sibling);
    child->parent = init;
    if (child->zombie) {
      list_push_front(&init->children, &child->sibling);
      wake = true;
    } else {
      list_push_back(&init->children, &child->sibling);
    }
  }
  if (wake) waitq_wake_all(&init->child_ended);
}

void tree_make_zombie_locked(struct process *p)
{
  kassert(spin_held(&process_tree_lock) && !p->zombie);
  orphans_to_init_locked(p);
  p->zombie = true;
  if (p->parent == NULL) return;
  list_remove(&p->sibling);
  list_push_front(&p->parent->children, &p->sibling);
  waitq_wake_all(&p->parent->child_ended);
}

void tree_reap_locked(struct process *p)
{
  kassert(spin_held(&process_tree_lock) && p->zombie);
  list_remove(&p->sibling);
  list_remove(&p->all_link);
  p->parent = NULL;
}
