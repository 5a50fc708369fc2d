/*
 * Processes as objects: creation, finding, killing, listing. The tree is tree.c's, starting programs spawn.c's,
 * ending and waiting exit.c's.
 */
#include <kern/aspace.h>
#include <kern/cpu.h>
#include <kern/kmem.h>
#include <kern/panic.h>
#include <kern/string.h>

#include "tree.h"

struct process *process_current(void)
{
  const struct thread *t = cpu_self()->current;
  return t != NULL ? t->process : NULL;
}

struct process *process_from_object(struct object *obj)
{
  kassert(obj->type == OBJECT_PROCESS);
  return container_of(obj, struct process, object);
}

static void process_destroy(struct object *obj)
{
  struct process *p = process_from_object(obj);
  kassert(list_empty(&p->children) && list_empty(&p->all_link) && p->nthreads == 0);
  process_drop_resources(p);
  kfree(p);
}

static const struct object_ops process_ops = {.destroy = process_destroy};

int process_create(const char *name, struct process **out)
{
  struct process *p = kzalloc(sizeof(*p));
  if (p == NULL) return -ENOMEM;
  object_init(&p->object, OBJECT_PROCESS, &process_ops);
  spin_init(&p->lock, "process");
  (void)string_copy(p->name, name, sizeof(p->name));
  list_init(&p->children);
  list_init(&p->sibling);
  list_init(&p->all_link);
  list_init(&p->threads);
  waitq_init(&p->child_ended);
  mutex_init(&p->cwd_lock, "process.cwd_lock");
  int err = handle_table_init(&p->handles);
  if (err == 0) err = aspace_create(&p->aspace);
  if (err != 0) {
    object_unref(&p->object);
    return err;
  }
  *out = p;
  return 0;
}

void process_drop_resources(struct process *p)
{
  handle_table_destroy(&p->handles);

  spin_lock(&p->lock);
  struct aspace *as = p->aspace;
  p->aspace = NULL;
  if (p == process_current()) aspace_activate(NULL);
  spin_unlock(&p->lock);
  if (as != NULL) aspace_unref(as);

  mutex_lock(&p->cwd_lock);
  char *cwd = p->cwd;
  p->cwd = NULL;
  mutex_unlock(&p->cwd_lock);
  kfree(cwd);
}

int process_find(int pid, struct process **out)
{
  spin_lock(&process_tree_lock);
  struct process *p = tree_find_locked(pid);
  if (p != NULL) object_ref(&p->object);
  spin_unlock(&process_tree_lock);
  if (p == NULL) return -ESRCH;
  *out = p;
  return 0;
}

/* The tree's lock is held. */
static void kill_locked(struct process *p, enum exit_reason reason, int code)
{
  spin_lock(&p->lock);
  if (!p->killed) {
    p->status.reason = reason;
    p->status.code = code;
    __atomic_store_n(&p->killed, true, __ATOMIC_RELEASE);
    list_for_each (t, &p->threads, struct thread, process_link) thread_interrupt(t);
  }
  spin_unlock(&p->lock);
}

int process_kill(struct process *p, enum exit_reason reason, int code)
{
  int err = 0;
  spin_lock(&process_tree_lock);
  if (p->pid == INIT_PID)
    err = -EPERM;
  else if (p->zombie)
    err = -ESRCH;
  else
    kill_locked(p, reason, code);
  spin_unlock(&process_tree_lock);
  return err;
}

void process_kill_job(int job, enum exit_reason reason, int code)
{
  if (job <= 0) return;
  spin_lock(&process_tree_lock);
  for (struct process *p = tree_next_locked(NULL, 0); p != NULL; p = tree_next_locked(p, 0))
    if (p->job == job && p->pid != INIT_PID && !p->zombie) kill_locked(p, reason, code);
  spin_unlock(&process_tree_lock);
}

/* Fills what the tree knows; its lock is held. */
static void describe_locked(struct process *p, struct process_info *info)
{
  memset(info, 0, sizeof(*info));
  info->pid = p->pid;
  info->parent = p->parent != NULL ? p->parent->pid : 0;
  info->job = p->job;
  info->sched_class = CLASS_USER;
  memcpy(info->name, p->name, sizeof(info->name));

  spin_lock(&p->lock);
  /* Without a thread it is being started, or its last one drops what it held. */
  info->state = p->zombie ? PROCESS_ZOMBIE : p->nthreads == 0 ? PROCESS_RUNNING : PROCESS_BLOCKED;
  info->threads = p->nthreads;
  info->cpu_ns = p->ended_cpu_ns;
  list_for_each (t, &p->threads, struct thread, process_link) {
    info->cpu_ns += t->cpu_ns;
    info->sched_class = t->sched_class;
    if (t->state != THREAD_BLOCKED) info->state = PROCESS_RUNNING;
  }
  spin_unlock(&p->lock);
}

/* Counting pages takes the address space's mutex, so it happens outside the tree's lock. */
static uint64_t count_user_pages(struct process *p)
{
  spin_lock(&p->lock);
  struct aspace *as = p->aspace;
  if (as != NULL) aspace_ref(as);
  spin_unlock(&p->lock);
  if (as == NULL) return 0;
  uint64_t pages = aspace_resident_pages(as);
  aspace_unref(as);
  return pages;
}

size_t process_list(struct process_info *buf, size_t count)
{
  struct process *p = NULL;
  size_t n = 0;
  for (int last_pid = 0;; n++) {
    struct process *before = p;
    spin_lock(&process_tree_lock);
    p = tree_next_locked(before, last_pid);
    if (p != NULL) {
      object_ref(&p->object);
      last_pid = p->pid;
      if (n < count) describe_locked(p, &buf[n]);
    }
    spin_unlock(&process_tree_lock);
    if (before != NULL) object_unref(&before->object);
    if (p == NULL) return n;
    if (n < count) buf[n].user_pages = count_user_pages(p);
  }
}
