/* Calls about processes, but for spawn (sys_spawn.c). */
#include <kern/kmem.h>
#include <kern/sched.h>

#include "sys.h"

int64_t sys_exit(int code)
{
  process_exit(EXIT_NORMAL, code & 0xFF);
}

int64_t sys_yield(void)
{
  sched_yield();
  return 0;
}

int64_t sys_getpid(void)
{
  return process_current()->pid;
}

static int get_process(int handle, unsigned rights, struct process **out)
{
  struct object *obj;
  int err = handle_get(&process_current()->handles, handle, OBJECT_PROCESS, rights, &obj, NULL);
  if (err == 0) *out = process_from_object(obj);
  return err;
}

/* Waits for a child's end and copies its status out, for as long as it is there. */
static int wait_and_copy(struct process *child, uaddr_t status, unsigned flags)
{
  for (;;) {
    struct process *ended;
    int pid = process_wait_ended(child, flags, &ended);
    if (pid <= 0) return pid;
    int err = status != 0 ? copy_to_user(status, &ended->status, sizeof(ended->status)) : 0;
    bool reaped = err == 0 && process_reap(ended);
    object_unref(&ended->object);
    if (err != 0 || reaped) return err != 0 ? err : pid;
  }
}

/* A bad place for the result is found before the wait, not after it. */
int64_t sys_wait(int handle, uaddr_t status, unsigned flags)
{
  struct process *child = NULL;
  if ((flags & ~WAIT_NOHANG) != 0) return -EINVAL;
  int err = status != 0 ? sys_check_writable(status, sizeof(struct wait_status)) : 0;
  if (err == 0 && handle != WAIT_ANY) err = get_process(handle, RIGHT_READ, &child);
  if (err != 0) return err;
  int pid = wait_and_copy(child, status, flags);
  if (child != NULL) object_unref(&child->object);
  return pid;
}

int64_t sys_kill(int handle, int code)
{
  struct process *p;
  if (code < 0 || code > 0xFF) return -EINVAL;
  int err = get_process(handle, RIGHT_DELETE, &p);
  if (err != 0) return err;
  err = process_kill(p, EXIT_KILLED, code != 0 ? code : FAULT_KILL);
  object_unref(&p->object);
  return err;
}

/* Until listing processes is a capability of its own: everybody may watch and end everybody, but nobody ends init. */
int64_t sys_process_open(int pid, unsigned rights)
{
  struct process *p;
  int handle;
  if ((rights & ~RIGHTS_ALL) != 0) return -EINVAL;
  if ((rights & ~PROCESS_RIGHTS) != 0) return -EACCES;
  int err = process_find(pid, &p);
  if (err != 0) return err;
  if (p->pid == INIT_PID && (rights & RIGHT_DELETE) != 0) err = -EPERM;
  if (err == 0) err = handle_install(&process_current()->handles, &p->object, rights, &handle);
  object_unref(&p->object);
  return err != 0 ? err : handle;
}

int64_t sys_process_list(uaddr_t buf, size_t count)
{
  size_t total = process_list(NULL, 0);
  size_t room = MIN(count, total);
  if (room == 0) return (int64_t)total;
  struct process_info *list = kcalloc(room, sizeof(*list));
  if (list == NULL) return -ENOMEM;
  total = process_list(list, room);
  int err = copy_to_user(buf, list, MIN(room, total) * sizeof(*list));
  kfree(list);
  return err != 0 ? err : (int64_t)total;
}
