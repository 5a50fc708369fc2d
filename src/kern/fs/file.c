/*
 * Open files. The position belongs to the open file, so processes that share one share it; its lock is held over a
 * transfer, so two of them never get the same bytes. Devices have no position and may keep a reader waiting for ever:
 * no lock is held over theirs.
 */
#include <kern/kmem.h>
#include <kern/string.h>

#include "fs.h"

#define POSITION_MAX ((uint64_t)INT64_MAX)

static void file_destroy(struct object *obj)
{
  struct file *f = container_of(obj, struct file, object);
  if (f->vnode) vnode_unref(f->vnode);
  kfree(f);
}

static const struct object_ops file_object_ops = {.destroy = file_destroy};

int file_create(int flags, struct file **out)
{
  struct file *f = kzalloc(sizeof(*f));
  if (!f) return -ENOMEM;
  object_init(&f->object, OBJECT_FILE, &file_object_ops);
  mutex_init(&f->lock, "file");
  f->flags = flags;
  *out = f;
  return 0;
}

ssize_type file_read(struct file *f, struct uio *uio)
{
  struct vnode *v = f->vnode;
  if ((f->flags & O_ACCMODE) == O_WRONLY) return -EBADF;
  if (v->type == FILE_DIRECTORY) return -EISDIR;
  if (!v->ops->read) return -EINVAL;
  if (v->type != FILE_REGULAR) return v->ops->read(v, uio, 0);

  mutex_lock(&f->lock);
  ssize_type n = v->ops->read(v, uio, f->position);
  if (n > 0) f->position += (uint64_t)n;
  mutex_unlock(&f->lock);
  return n;
}

ssize_type file_write(struct file *f, struct uio *uio)
{
  struct vnode *v = f->vnode;
  uint64_t stream = 0;
  if ((f->flags & O_ACCMODE) == O_RDONLY) return -EBADF;
  if (!v->ops->write) return -EINVAL;
  if (v->type != FILE_REGULAR) return v->ops->write(v, uio, &stream);

  mutex_lock(&f->lock);
  uint64_t offset = f->flags & O_APPEND ? VNODE_APPEND : f->position;
  ssize_type n = v->ops->write(v, uio, &offset);
  if (n > 0) f->position = offset;
  mutex_unlock(&f->lock);
  return n;
}

/* Room for one entry with the longest name. */
union entry_buffer {
  struct dirent d;
  uint8_t bytes[ALIGN_UP(sizeof(struct dirent) + NAME_MAX + 1, 8)];
};

_Static_assert(offsetof(struct dirent, d_name) == 11, "struct dirent is packed by its field order");

/* Puts the entry at *cursor, -EINVAL when it does not fit, -ENOENT at the end. The cursor moves only with the entry. */
static ssize_type put_entry(struct vnode *dir, struct uio *uio, uint64_t *cursor)
{
  union entry_buffer entry;
  char name[NAME_MAX + 1];
  struct stat st;
  uint64_t next = *cursor;
  int r = dir->ops->readdir(dir, &next, name, &st);
  if (r) return r;

  size_t name_size = strlen(name) + 1;
  size_t length = ALIGN_UP(offsetof(struct dirent, d_name) + name_size, (size_t)8);
  if (length > uio->left) return -EINVAL;
  memset(&entry, 0, length);
  entry.d.d_ino = st.st_ino;
  entry.d.d_reclen = (uint16_t)length;
  entry.d.d_type = (uint8_t)st.st_type;
  memcpy(entry.bytes + offsetof(struct dirent, d_name), name, name_size);
  r = uio_put(uio, entry.bytes, length);
  if (r) return r;
  *cursor = next;
  return (ssize_type)length;
}

ssize_type file_readdir(struct file *f, struct uio *uio)
{
  struct vnode *v = f->vnode;
  if (v->type != FILE_DIRECTORY || !v->ops->readdir) return -ENOTDIR;

  ssize_type done = 0, n;
  mutex_lock(&f->lock);
  while ((n = put_entry(v, uio, &f->position)) > 0) done += n;
  mutex_unlock(&f->lock);
  if (done > 0) return done;
  return n == -ENOENT ? 0 : n;
}

/* The base a seek counts from. */
static int seek_base(struct file *f, int whence, int64_t *out)
{
  struct stat st;
  int r;
  switch (whence) {
  case SEEK_SET: *out = 0; return 0;
  case SEEK_CUR: *out = (int64_t)f->position; return 0;
  case SEEK_END:
    if (f->vnode->type != FILE_REGULAR) return -EINVAL;
    r = vnode_stat(f->vnode, &st);
    if (!r) *out = (int64_t)MIN(st.st_size, POSITION_MAX);
    return r;
  default: return -EINVAL;
  }
}

int64_t file_seek(struct file *f, int64_t offset, int whence)
{
  if (f->vnode->type == FILE_DEVICE || f->vnode->type == FILE_PIPE) return -ESPIPE;
  int64_t base = 0, target = 0;
  mutex_lock(&f->lock);
  int64_t r = seek_base(f, whence, &base);
  if (!r && __builtin_add_overflow(base, offset, &target)) r = offset < 0 ? -EINVAL : -EOVERFLOW;
  if (!r && target < 0) r = -EINVAL;
  if (!r) {
    f->position = (uint64_t)target;
    r = target;
  }
  mutex_unlock(&f->lock);
  return r;
}

int vnode_read_exact(struct vnode *v, uint64_t offset, void *buf, size_t len)
{
  if (v->type != FILE_REGULAR || !v->ops->read) return v->type == FILE_DIRECTORY ? -EISDIR : -EACCES;
  struct uio uio = uio_kernel(buf, len);
  while (uio.left > 0) {
    ssize_type n = v->ops->read(v, &uio, offset);
    if (n < 0) return (int)n;
    if (n == 0) return -EIO;
    offset += (uint64_t)n;
  }
  return 0;
}
