/* What files and directories of tmpfs have in common, and the door for vfs_init. */
#include "tmpfs.h"

#include <kern/clock.h>
#include <kern/kmem.h>

static uint64_t last_ino; /* atomic */

uint64_t tmpfs_now(void)
{
  return clock_realtime_ns() / NS_PER_SEC;
}

int tmpfs_node_create(uint32_t type, unsigned mode, struct tmpfs_node **out)
{
  struct tmpfs_node *n = kzalloc(sizeof(*n));
  if (!n) return -ENOMEM;
  n->vnode.ops = type == FILE_DIRECTORY ? &tmpfs_dir_ops : &tmpfs_file_ops;
  n->vnode.type = type;
  n->vnode.refs = 1;
  n->vnode.ino = __atomic_add_fetch(&last_ino, 1, __ATOMIC_RELAXED);
  mutex_init(&n->lock, type == FILE_DIRECTORY ? "tmpfs directory" : "tmpfs file");
  n->mode = mode & 07777;
  n->mtime = tmpfs_now();
  if (type == FILE_DIRECTORY) list_init(&n->names.order);
  int r = type == FILE_REGULAR ? tmpfs_data_init(&n->data) : 0;
  if (r) {
    kfree(n);
    return r;
  }
  *out = n;
  return 0;
}

int tmpfs_stat(struct vnode *v, struct stat *st)
{
  struct tmpfs_node *n = tmpfs_node_of(v);
  mutex_lock(&n->lock);
  *st = (struct stat){
    .st_ino = v->ino,
    .st_size = v->type == FILE_REGULAR ? n->data.size : n->names.count,
    .st_mtime = n->mtime,
    .st_type = v->type,
    .st_mode = n->mode,
  };
  mutex_unlock(&n->lock);
  return 0;
}

int tmpfs_create(struct vnode **root)
{
  struct tmpfs_node *n;
  int r = tmpfs_node_create(FILE_DIRECTORY, 0755, &n);
  if (r) return r;
  n->nlink = 1;
  *root = &n->vnode;
  return 0;
}

int tmpfs_add_file(struct vnode *dir, const char *name, unsigned mode, uint64_t mtime, const uint8_t *data,
                   uint64_t size, struct vnode **out)
{
  int r = tmpfs_dir_ops.create(dir, name, mode, out);
  if (r) return r;
  tmpfs_set_archive_data(*out, data, size);
  tmpfs_set_attributes(*out, mode, mtime);
  return 0;
}

void tmpfs_set_archive_data(struct vnode *file, const uint8_t *data, uint64_t size)
{
  struct tmpfs_node *n = tmpfs_node_of(file);
  mutex_lock(&n->lock);
  vmo_set_source(n->data.vmo, data, size);
  n->data.size = size;
  mutex_unlock(&n->lock);
}

void tmpfs_set_attributes(struct vnode *v, unsigned mode, uint64_t mtime)
{
  struct tmpfs_node *n = tmpfs_node_of(v);
  mutex_lock(&n->lock);
  n->mode = mode & 07777;
  n->mtime = mtime;
  mutex_unlock(&n->lock);
}
