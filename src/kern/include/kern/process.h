/*
 * Processes: an address space, a handle table, a place in the family tree, and threads.
 * Lock order: process_tree_lock, then process.lock.
 */
#ifndef KERN_PROCESS_H
#define KERN_PROCESS_H

#include <kern/cpu.h>
#include <kern/handle.h>
#include <kern/list.h>
#include <kern/mutex.h>
#include <kern/object.h>
#include <kern/thread.h>
#include <kern/waitq.h>
#include <uapi/abi.h>

struct aspace;

#define INIT_PID 1

/* t: process_tree_lock; p: lock; c: set at creation */
struct process {
  struct object object; /* OBJECT_PROCESS; the tree holds a reference until the process is reaped */
  struct spinlock lock;
  int pid;                   /* c, from 1 */
  char name[32];             /* c */
  int job;                   /* t */
  struct process *parent;    /* t; null for init and the kernel's */
  struct list children;      /* t, of sibling */
  struct list sibling;       /* t */
  struct list all_link;      /* t */
  struct waitq child_ended;  /* t */
  struct list threads;       /* p */
  unsigned nthreads;         /* p; process_alone reads it without */
  bool killed;               /* p, set once; read without the lock at kernel exit */
  bool zombie;               /* t */
  struct wait_status status; /* p until zombie, then constant */
  uint64_t ended_cpu_ns;     /* p; processor time of threads that ended */
  struct aspace *aspace;     /* p; null once the last thread dropped it */
  struct handle_table handles;
  struct mutex cwd_lock;
  char *cwd; /* cwd_lock; absolute, normalised */
};

/* The running thread's process; null in kernel threads. */
struct process *process_current(void);
/* The same where threads are running, which is everywhere but in the boot. */
static inline struct process *process_running(void)
{
  return cpu_self()->current->process;
}

/* Whether the running process has no other thread: until this one starts another, nobody else comes to its handles, and what
 * others did with them before they ended is done. */
static inline bool process_alone(const struct process *p)
{
  return __atomic_load_n(&p->nthreads, __ATOMIC_ACQUIRE) == 1;
}

/* What spawn is made of, kernel pointers throughout. path is absolute. argv/envp: packed by the caller as one block of
 * null-terminated strings. */
struct process_args {
  const char *path;
  const char *strings; /* argc + envc strings, one after the other */
  size_t strings_size;
  unsigned argc, envc;
  const struct spawn_options *options; /* null: inherit handles 0-2 of the parent */
};

/* Loads and starts a program as a child of `parent` (null: init, whose handles 0-2 are /dev/console). One reference for
 * the caller. Errors as sys_spawn documents; nothing remains of a failed one. */
MUST_CHECK int process_spawn(struct process *parent, const struct process_args *args, struct process **out);

/* Rights of the handle spawn answers: wait and query, kill, pass on. A process handle carries no other rights. */
#define PROCESS_RIGHTS (RIGHT_READ | RIGHT_DELETE | RIGHT_GRANT)

struct process *process_from_object(struct object *obj); /* of type OBJECT_PROCESS */

/* Finds a live or zombie process; a reference. -ESRCH. */
MUST_CHECK int process_find(int pid, struct process **out);

/* Ends the calling process / thread. */
NORETURN void process_exit(enum exit_reason reason, int code);

/* Marks a process killed and wakes its sleepers; it ends at its next step to user mode. No effect on one that is on its
 * way out already; -ESRCH when it has ended. init cannot be killed: -EPERM. */
MUST_CHECK int process_kill(struct process *p, enum exit_reason reason, int code);
/* Every process of a job. From interrupt context (^C). */
void process_kill_job(int job, enum exit_reason reason, int code);

/* Waits for child `p` (null: any) of the caller. Answers its pid, 0 with WAIT_NOHANG and none ended, -ECHILD, -EINTR. */
int process_wait(struct process *p, unsigned flags, struct wait_status *status);
/* The same in two steps: the child that ended is still there, and *out a reference to it (null unless a pid is answered); its
 * status changes no more. Then it is reaped: false when another thread of the caller's process was faster. */
MUST_CHECK int process_wait_ended(struct process *p, unsigned flags, struct process **out);
MUST_CHECK bool process_reap(struct process *p);

/* Called on every return to user mode: ends the thread when its process was killed. Interrupts disabled. */
void process_check_killed(void);

/* Fills up to count entries, by pid; answers how many processes there are. */
size_t process_list(struct process_info *buf, size_t count);

/* Starts /sbin/init as PID 1. When init ends, the machine powers off with its exit status. */
MUST_CHECK int process_start_init(void);

#endif
