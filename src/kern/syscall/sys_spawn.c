/*
 * spawn: brings path, arguments, environment and options out of the program's memory, packed as process_spawn wants
 * them.
 */
#include <kern/kmem.h>
#include <kern/string.h>

#include "sys.h"

#define PACK_FIRST_SIZE 512u

/* Strings one after the other in a buffer that grows up to ARG_MAX. */
struct pack {
  char *data;
  size_t size, used;
  size_t pointers; /* bytes the vectors will need */
};

static int pack_grow(struct pack *pack)
{
  size_t size = pack->size != 0 ? pack->size * 2 : PACK_FIRST_SIZE;
  if (size > ARG_MAX) return -E2BIG;
  char *data = kmalloc(size);
  if (data == NULL) return -ENOMEM;
  if (pack->used > 0) memcpy(data, pack->data, pack->used);
  kfree(pack->data);
  pack->data = data;
  pack->size = size;
  return 0;
}

static int pack_check_limit(const struct pack *pack)
{
  return pack->used + pack->pointers > ARG_MAX ? -E2BIG : 0;
}

static int pack_user_string(struct pack *pack, uaddr_t string)
{
  int err = -ENAMETOOLONG; /* no room for it yet */
  for (;;) {
    if (pack->size > pack->used) err = copy_string_from_user(pack->data + pack->used, string, pack->size - pack->used);
    if (err != -ENAMETOOLONG) break;
    err = pack_grow(pack);
    if (err != 0) return err;
    err = -ENAMETOOLONG;
  }
  if (err != 0) return err;
  pack->used += strlen(pack->data + pack->used) + 1;
  pack->pointers += sizeof(uaddr_t);
  return pack_check_limit(pack);
}

static int pack_kernel_string(struct pack *pack, const char *string)
{
  size_t len = strlen(string) + 1;
  while (pack->size - pack->used < len) {
    int err = pack_grow(pack);
    if (err != 0) return err;
  }
  memcpy(pack->data + pack->used, string, len);
  pack->used += len;
  pack->pointers += sizeof(uaddr_t);
  return pack_check_limit(pack);
}

/* The strings of a null-ended vector; a null vector has none. */
static int pack_user_vector(struct pack *pack, uaddr_t vector, unsigned *count)
{
  *count = 0;
  if (vector == 0) return 0;
  for (;;) {
    uaddr_t string, at;
    if (__builtin_add_overflow(vector, *count * sizeof(string), &at)) return -EFAULT;
    int err = copy_from_user(&string, at, sizeof(string));
    if (err != 0) return err;
    if (string == 0) return 0;
    err = pack_user_string(pack, string);
    if (err != 0) return err;
    ++*count;
  }
}

static int pack_arguments(struct pack *pack, uaddr_t argv, uaddr_t envp, struct process_args *args)
{
  int err = pack_user_vector(pack, argv, &args->argc);
  if (err == 0 && args->argc == 0) { /* a program always has its name */
    err = pack_kernel_string(pack, args->path);
    args->argc = 1;
  }
  if (err == 0) err = pack_user_vector(pack, envp, &args->envc);
  args->strings = pack->data;
  args->strings_size = pack->used;
  return err;
}

int64_t sys_spawn(uaddr_t path, uaddr_t argv, uaddr_t envp, uaddr_t options)
{
  struct process *self = process_current();
  char name[PATH_MAX];
  struct spawn_options copy;
  struct process_args args = {.path = name};
  struct pack pack = {.data = NULL};
  struct process *child;
  int handle;
  int err = sys_copy_path(path, name);
  if (err == 0 && options != 0) {
    err = copy_from_user(&copy, options, sizeof(copy));
    args.options = &copy;
  }
  if (err == 0) err = pack_arguments(&pack, argv, envp, &args);
  if (err == 0) err = handle_reserve(&self->handles, &handle); /* before the child runs */
  if (err == 0) {
    err = process_spawn(self, &args, &child);
    if (err != 0) handle_cancel(&self->handles, handle);
  }
  kfree(pack.data);
  if (err != 0) return err;
  handle_commit(&self->handles, handle, &child->object, PROCESS_RIGHTS);
  object_unref(&child->object);
  return handle;
}
