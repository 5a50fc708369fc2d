/*
 * Starting a program. Everything is made ready in the parent's context (the file checked and loaded, stack,
 * handles, thread) while nobody can see the child, so every error is spawn's answer and dropping the one reference
 * undoes it all. Only then the child enters the tree and runs.
 */
#include <kern/arch.h>
#include <kern/aspace.h>
#include <kern/elf.h>
#include <kern/kmem.h>
#include <kern/log.h>
#include <kern/string.h>
#include <kern/trap.h>
#include <kern/vfs.h>

#include "tree.h"

#define INIT_PATH "/sbin/init"
#define CONSOLE_PATH "/dev/console"

static int read_vnode(const struct elf_source *src, uint64_t offset, void *buf, size_t len)
{
  return vnode_read_exact(src->context, offset, buf, len);
}

/* Opens the program's file: regular, and marked executable. */
static int program_lookup(const char *path, struct vnode **out, uint64_t *size)
{
  struct stat st;
  int err = vfs_lookup(path, out);
  if (err != 0) return err;
  err = vnode_stat(*out, &st);
  if (err == 0 && (st.st_type != FILE_REGULAR || (st.st_mode & 0111) == 0)) err = -EACCES;
  if (err != 0) vnode_unref(*out);
  *size = st.st_size;
  return err;
}

/* The plan for an image this system runs, or a line in the log that says why not. */
static int program_check(const char *path, const struct elf_source *src, struct elf_plan *plan)
{
  enum elf_error reason = elf_parse(src, plan);
  if (reason != ELF_OK) {
    log_warn("%s: %s", path, elf_error_text(reason));
    return elf_error_errno(reason);
  }
  if (!plan->native) {
    log_warn("%s: built for another system", path);
    return -ENOEXEC;
  }
  if (plan->abi_version != ABI_VERSION) {
    log_warn("%s: built for ABI version %u, this is %u", path, plan->abi_version, ABI_VERSION);
    return -ENOEXEC;
  }
  return 0;
}

static int program_load(const char *path, struct aspace *as, struct elf_plan *plan)
{
  struct vnode *vnode;
  struct elf_source src = {.read = read_vnode};
  int err = program_lookup(path, &vnode, &src.size);
  if (err != 0) return err;
  src.context = vnode;
  err = program_check(path, &src, plan);
  if (err == 0) err = elf_load(&src, plan, as);
  if (err == 0) err = aspace_map_stack(as);
  vnode_unref(vnode);
  return err;
}

/* One of the parent's handles becomes the child's slot. */
static int give_handle(struct process *parent, int handle, struct process *child, unsigned slot)
{
  struct object *obj;
  unsigned rights;
  int err = handle_get(&parent->handles, handle, OBJECT_NONE, RIGHT_GRANT, &obj, &rights);
  if (err != 0) return err;
  err = handle_install_at(&child->handles, slot, obj, rights);
  object_unref(obj);
  return err;
}

static int give_handles(struct process *parent, const struct spawn_options *options, struct process *child)
{
  static const struct spawn_options inherit = {.nhandles = 3, .handles = {0, 1, 2}};
  bool listed = options != NULL;
  if (!listed) options = &inherit;
  if ((options->flags & ~SPAWN_NEW_JOB) != 0 || options->nhandles > SPAWN_MAX_HANDLES) return -EINVAL;
  for (unsigned i = 0; i < options->nhandles; i++) {
    if (options->handles[i] == -1) continue;
    int err = give_handle(parent, options->handles[i], child, i);
    if (err == -EBADF && !listed) continue; /* a console handle the parent has closed */
    if (err != 0) return err;
  }
  return 0;
}

/* init's handles 0-2. */
static int give_console(struct process *child)
{
  struct file *file;
  int err = vfs_open(CONSOLE_PATH, O_RDWR, 0, &file);
  if (err != 0) {
    log_error("cannot open " CONSOLE_PATH " for init");
    return err;
  }
  for (unsigned i = 0; i < 3 && err == 0; i++)
    err = handle_install_at(&child->handles, i, &file->object, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT);
  object_unref(&file->object);
  return err;
}

static int copy_cwd(struct process *parent, struct process *child)
{
  if (parent == NULL) {
    child->cwd = kstrdup("/");
  } else {
    mutex_lock(&parent->cwd_lock);
    child->cwd = kstrdup(parent->cwd);
    mutex_unlock(&parent->cwd_lock);
  }
  return child->cwd != NULL ? 0 : -ENOMEM;
}

/* The child's first steps: to user mode, unless it was killed before it got there. */
static void start_user(void *arg)
{
  (void)arg;
  (void)arch_irq_disable();
  process_check_killed();
  arch_user_return();
}

/* A thread that will start at entry with stack pointer sp. */
static int add_first_thread(struct process *p, vaddr_t entry, vaddr_t sp, struct thread **out)
{
  struct thread *t;
  int err = thread_create(p, p->name, CLASS_USER, start_user, NULL, &t);
  if (err != 0) return err;
  trapframe_init_user(arch_context_user_frame(t->context), entry, sp);
  list_push_back(&p->threads, &t->process_link);
  p->nthreads = 1;
  *out = t;
  return 0;
}

static void remove_first_thread(struct process *p, struct thread *t)
{
  list_remove(&t->process_link);
  p->nthreads = 0;
  thread_destroy(t);
}

static int prepare(struct process *p, struct process *parent, const struct process_args *args, struct thread **thread)
{
  struct elf_plan plan;
  vaddr_t sp;
  int err = program_load(args->path, p->aspace, &plan);
  if (err == 0) err = process_build_stack(p->aspace, args, &plan, &sp);
  if (err == 0) err = parent != NULL ? give_handles(parent, args->options, p) : give_console(p);
  if (err == 0) err = copy_cwd(parent, p);
  if (err == 0) err = add_first_thread(p, plan.entry, sp, thread);
  return err;
}

int process_spawn(struct process *parent, const struct process_args *args, struct process **out)
{
  const char *slash = strrchr(args->path, '/');
  struct process *p;
  struct thread *t = NULL;
  int err = process_create(slash != NULL ? slash + 1 : args->path, &p);
  if (err != 0) return err;
  err = prepare(p, parent, args, &t);
  if (err == 0) {
    err = tree_add(p, parent, args->options);
    if (err != 0) remove_first_thread(p, t);
  }
  if (err != 0) {
    object_unref(&p->object);
    return err;
  }
  sched_start(t);
  *out = p;
  return 0;
}

int process_start_init(void)
{
  static const char strings[] = INIT_PATH;
  const struct process_args args = {.path = INIT_PATH, .strings = strings, .strings_size = sizeof(strings), .argc = 1};
  struct process *init;
  int err = process_spawn(NULL, &args, &init);
  if (err == 0) object_unref(&init->object);
  return err;
}
