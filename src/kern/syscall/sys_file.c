/*
 * Calls about files, directories, pipes and the console. What a handle may be is decided by its object's type first
 * (-EBADF where the call makes no sense for it), then by its rights (-EACCES).
 */
#include <kern/kmem.h>
#include <kern/pipe.h>
#include <kern/string.h>
#include <kern/vfs.h>
#include <plant.h>

#include "sys.h"

#define OPEN_FLAGS (O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_DIRECTORY)

static struct file *file_of(struct object *obj)
{
  return container_of(obj, struct file, object);
}

/* A file or pipe the caller's handle names, with any of `rights`. One reference. */
static inline int get_stream(int handle, unsigned rights, struct object **out)
{
  return handle_get_any(&process_running()->handles, handle, 1u << OBJECT_FILE | 1u << OBJECT_PIPE, rights, out);
}

int64_t sys_write(int handle, uaddr_t buf, size_t len)
{
  struct object *obj;
  if (len > INT64_MAX) return -EINVAL;
  int err = get_stream(handle, RIGHT_WRITE, &obj);
  if (err != 0) return err;
  struct uio uio = uio_user(buf, len);
  int64_t n = obj->type == OBJECT_PIPE ? pipe_write(pipe_from_object(obj), &uio) : file_write(file_of(obj), &uio);
  object_unref(obj);
  return n;
}

int64_t sys_read(int handle, uaddr_t buf, size_t len)
{
  struct object *obj;
  if (len > INT64_MAX) return -EINVAL;
  int err = get_stream(handle, RIGHT_READ, &obj);
  if (err != 0) return err;
  struct uio uio = uio_user(buf, len);
  int64_t n = obj->type == OBJECT_PIPE ? pipe_read(pipe_from_object(obj), &uio) : file_read(file_of(obj), &uio);
  object_unref(obj);
  return n;
}

/* What a handle to a file just opened may do. */
static unsigned open_rights(const struct file *file, int flags)
{
  static const unsigned access[] = {
    [O_RDONLY] = RIGHT_READ, [O_WRONLY] = RIGHT_WRITE, [O_RDWR] = RIGHT_READ | RIGHT_WRITE};
  unsigned rights = access[flags & O_ACCMODE] | RIGHT_GRANT;
  struct stat st;
  if (vnode_stat(file->vnode, &st) == 0 && st.st_type == FILE_REGULAR && (st.st_mode & 0111) != 0)
    rights |= RIGHT_EXECUTE;
  return rights;
}

int64_t sys_open(uaddr_t path, int flags, unsigned mode)
{
  struct handle_table *handles = &process_current()->handles;
  char name[PATH_MAX];
  struct file *file;
  int handle;
  if ((flags & ~OPEN_FLAGS) != 0 || (flags & O_ACCMODE) == O_ACCMODE) return -EINVAL;
  if ((flags & O_CREAT) != 0 && (mode & ~0777u) != 0) return -EINVAL;
  int err = sys_copy_path(path, name);
  if (err != 0) return err;
  err = handle_reserve(handles, &handle); /* before a file is created or cut */
  if (err != 0) return err;
  err = vfs_open(name, flags, mode, &file);
  if (err != 0) {
    handle_cancel(handles, handle);
    return err;
  }
  handle_commit(handles, handle, &file->object, open_rights(file, flags));
  object_unref(&file->object);
  return handle;
}

int64_t sys_close(int handle)
{
  return handle_close(&process_current()->handles, handle);
}

int64_t sys_stat(uaddr_t path, uaddr_t st)
{
  char name[PATH_MAX];
  struct stat result;
  memset(&result, 0, sizeof(result));
  int err = sys_copy_path(path, name);
  if (err == 0) err = vfs_stat(name, &result);
  if (err == 0) err = copy_to_user(st, &result, sizeof(result));
  return err;
}

int64_t sys_fstat(int handle, uaddr_t st)
{
  struct stat result;
  struct object *obj;
  if (!PLANTED(leak_stack)) memset(&result, 0, sizeof(result));
  int err = get_stream(handle, RIGHT_READ | RIGHT_WRITE, &obj);
  if (err != 0) return err;
  if (obj->type == OBJECT_PIPE)
    result.st_type = FILE_PIPE;
  else
    err = vnode_stat(file_of(obj)->vnode, &result);
  object_unref(obj);
  return err != 0 ? err : copy_to_user(st, &result, sizeof(result));
}

int64_t sys_readdir(int handle, uaddr_t buf, size_t len)
{
  struct object *obj;
  if (len > INT64_MAX) return -EINVAL;
  int err = get_stream(handle, RIGHT_READ, &obj);
  if (err != 0) return err;
  struct uio uio = uio_user(buf, len);
  int64_t n = obj->type == OBJECT_FILE ? file_readdir(file_of(obj), &uio) : -ENOTDIR;
  object_unref(obj);
  return n;
}

int64_t sys_seek(int handle, int64_t offset, int whence)
{
  struct object *obj;
  int err = get_stream(handle, RIGHT_READ | RIGHT_WRITE, &obj);
  if (err != 0) return err;
  int64_t position = -ESPIPE;
  if (obj->type == OBJECT_FILE && file_of(obj)->vnode->type != FILE_DEVICE)
    position = file_seek(file_of(obj), offset, whence);
  object_unref(obj);
  return position;
}

int64_t sys_mkdir(uaddr_t path, unsigned mode)
{
  char name[PATH_MAX];
  if ((mode & ~0777u) != 0) return -EINVAL;
  int err = sys_copy_path(path, name);
  return err != 0 ? err : vfs_mkdir(name, mode);
}

int64_t sys_unlink(uaddr_t path)
{
  char name[PATH_MAX];
  int err = sys_copy_path(path, name);
  return err != 0 ? err : vfs_unlink(name);
}

int64_t sys_chdir(uaddr_t path)
{
  struct process *p = process_current();
  char name[PATH_MAX];
  struct vnode *vnode;
  int err = sys_copy_path(path, name);
  if (err == 0) err = vfs_lookup(name, &vnode);
  if (err != 0) return err;
  bool is_directory = vnode->type == FILE_DIRECTORY;
  vnode_unref(vnode);
  if (!is_directory) return -ENOTDIR;
  path_strip_slash(name);
  char *copy = kstrdup(name);
  if (copy == NULL) return -ENOMEM;
  mutex_lock(&p->cwd_lock);
  char *before = p->cwd;
  p->cwd = copy;
  mutex_unlock(&p->cwd_lock);
  kfree(before);
  return 0;
}

int64_t sys_getcwd(uaddr_t buf, size_t len)
{
  struct process *p = process_current();
  char cwd[PATH_MAX];
  mutex_lock(&p->cwd_lock);
  (void)string_copy(cwd, p->cwd, sizeof(cwd));
  mutex_unlock(&p->cwd_lock);
  size_t size = strlen(cwd) + 1;
  if (size > len) return PLANTED(differ) ? -EINVAL : -ERANGE;
  int err = copy_to_user(buf, cwd, size);
  return err != 0 ? err : (int64_t)size;
}

int64_t sys_pipe(uaddr_t handles)
{
  struct handle_table *table = &process_current()->handles;
  struct pipe *pipe;
  int ends[2];
  int err = handle_reserve(table, &ends[0]);
  if (err != 0) return err;
  err = handle_reserve(table, &ends[1]);
  if (err == 0) {
    err = copy_to_user(handles, ends, sizeof(ends));
    if (err == 0) err = pipe_create(&pipe);
    if (err != 0) handle_cancel(table, ends[1]);
  }
  if (err != 0) {
    handle_cancel(table, ends[0]);
    return err;
  }
  handle_commit(table, ends[0], pipe_object(pipe), RIGHT_READ | RIGHT_GRANT);
  handle_commit(table, ends[1], pipe_object(pipe), RIGHT_WRITE | RIGHT_GRANT);
  object_unref(pipe_object(pipe));
  return 0;
}

/* Asking needs any right to the console, changing its state RIGHT_WRITE. */
int64_t sys_console_ctl(int handle, int op, uint64_t arg)
{
  struct object *obj;
  bool asks = op == CONSOLE_GET_MODE || op == CONSOLE_GET_SIZE;
  int err = get_stream(handle, asks ? RIGHT_READ | RIGHT_WRITE : RIGHT_WRITE, &obj);
  if (err != 0) return err;
  int64_t result = -ENOTTY;
  if (obj->type == OBJECT_FILE) {
    struct vnode *vnode = file_of(obj)->vnode;
    if (vnode->ops->control != NULL) result = vnode->ops->control(vnode, op, arg);
  }
  object_unref(obj);
  return result;
}
