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

/* A file or pipe that the caller's handle names, while the call lasts. */
struct stream {
  struct object *object;
  bool counted; /* another thread of the process might close the handle meanwhile: a reference */
};

/* The handle has any of `rights`. */
static inline int get_stream(int handle, unsigned rights, struct stream *out)
{
  struct process *p = process_running();
  unsigned types = 1u << OBJECT_FILE | 1u << OBJECT_PIPE;
  out->counted = !process_alone(p);
  if (out->counted) return handle_get_any(&p->handles, handle, types, rights, &out->object);
  return handle_borrow_any(&p->handles, handle, types, rights, &out->object);
}

static inline void put_stream(const struct stream *s)
{
  if (s->counted) object_unref(s->object);
}

int64_t sys_write(int handle, uaddr_t buf, size_t len)
{
  struct stream s;
  if (len > INT64_MAX) return -EINVAL;
  int err = get_stream(handle, RIGHT_WRITE, &s);
  if (err != 0) return err;
  struct uio uio = uio_user(buf, len);
  int64_t n =
    s.object->type == OBJECT_PIPE ? pipe_write(pipe_from_object(s.object), &uio) : file_write(file_of(s.object), &uio);
  put_stream(&s);
  return n;
}

int64_t sys_read(int handle, uaddr_t buf, size_t len)
{
  struct stream s;
  if (len > INT64_MAX) return -EINVAL;
  int err = get_stream(handle, RIGHT_READ, &s);
  if (err != 0) return err;
  struct uio uio = uio_user(buf, len);
  int64_t n =
    s.object->type == OBJECT_PIPE ? pipe_read(pipe_from_object(s.object), &uio) : file_read(file_of(s.object), &uio);
  put_stream(&s);
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
  struct stream s;
  if (!PLANTED(leak_stack)) memset(&result, 0, sizeof(result));
  int err = get_stream(handle, RIGHT_READ | RIGHT_WRITE, &s);
  if (err != 0) return err;
  if (s.object->type == OBJECT_PIPE)
    result.st_type = FILE_PIPE;
  else
    err = vnode_stat(file_of(s.object)->vnode, &result);
  put_stream(&s);
  return err != 0 ? err : copy_to_user(st, &result, sizeof(result));
}

int64_t sys_readdir(int handle, uaddr_t buf, size_t len)
{
  struct stream s;
  if (len > INT64_MAX) return -EINVAL;
  int err = get_stream(handle, RIGHT_READ, &s);
  if (err != 0) return err;
  struct uio uio = uio_user(buf, len);
  int64_t n = s.object->type == OBJECT_FILE ? file_readdir(file_of(s.object), &uio) : -ENOTDIR;
  put_stream(&s);
  return n;
}

int64_t sys_seek(int handle, int64_t offset, int whence)
{
  struct stream s;
  int err = get_stream(handle, RIGHT_READ | RIGHT_WRITE, &s);
  if (err != 0) return err;
  int64_t position = -ESPIPE;
  if (s.object->type == OBJECT_FILE && file_of(s.object)->vnode->type != FILE_DEVICE)
    position = file_seek(file_of(s.object), offset, whence);
  put_stream(&s);
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
  struct stream s;
  bool asks = op == CONSOLE_GET_MODE || op == CONSOLE_GET_SIZE;
  int err = get_stream(handle, asks ? RIGHT_READ | RIGHT_WRITE : RIGHT_WRITE, &s);
  if (err != 0) return err;
  int64_t result = -ENOTTY;
  if (s.object->type == OBJECT_FILE) {
    struct vnode *vnode = file_of(s.object)->vnode;
    if (vnode->ops->control != NULL) result = vnode->ops->control(vnode, op, arg);
  }
  put_stream(&s);
  return result;
}
