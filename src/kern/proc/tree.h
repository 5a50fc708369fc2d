/*
 * The family tree of processes and what its files share. Private to this folder and its tests.
 *
 *   process_create -> resources taken -> tree_add (visible, has a pid) -> sched_start
 *   last thread leaves -> resources dropped -> tree_make_zombie -> the parent waits -> tree_reap
 */
#ifndef KERN_PROC_TREE_H
#define KERN_PROC_TREE_H

#include <kern/process.h>

struct elf_plan;

#define PID_MAX 0x3FFFFF

extern struct spinlock process_tree_lock;
extern int process_last_pid; /* t: the pid given last; the next ones follow it and wrap at PID_MAX */

/* A process with a name, empty handle table and address space, in no tree. One reference. -ENOMEM. */
MUST_CHECK int process_create(const char *name, struct process **out);

/* Closes handles, drops the address space and the working directory. Doing it again is harmless. May sleep. */
void process_drop_resources(struct process *p);

/* Gives `p` a pid and a place under `parent` (null: it is init); the tree takes a reference. The job is its own with
 * SPAWN_NEW_JOB, else options->job, else the parent's. -ESRCH: options->job is neither the parent's nor one of its
 * children's. */
MUST_CHECK int tree_add(struct process *p, struct process *parent, const struct spawn_options *options);

/* The rest with process_tree_lock held. */
void tree_make_zombie_locked(struct process *p); /* children go to init, the parent is woken */
void tree_reap_locked(struct process *p);        /* out of the tree; the caller drops the tree's reference */
struct process *tree_find_locked(int pid);       /* null: none */

/* The first process after `p` (null, or no longer in the tree: from the start) whose pid is above `after_pid`. */
struct process *tree_next_locked(const struct process *p, int after_pid);

/* Builds the System V start-up block (argument strings, vectors, auxiliary vector) at the top of the new stack. */
MUST_CHECK int process_build_stack(struct aspace *as, const struct process_args *args, const struct elf_plan *plan,
                                   vaddr_t *sp);

#endif
