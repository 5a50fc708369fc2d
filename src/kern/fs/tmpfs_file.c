/*
 * Files of tmpfs. A file's content is a memory object: mapping a file is mapping that, and a private mapping is its clone.
 * Pages the file got from the initial RAM disk take no memory until they are written or mapped.
 *
 * The object is as long as the file, in whole pages. What its last page has past the file's size cannot be read, but a shared
 * mapping may have written there; so it is zeroed before the file grows over it. What is written through a mapping leaves
 * size and time of the file as they are.
 *
 * Files may take half of the memory programs live from; then writing answers -ENOSPC.
 */
#include "tmpfs.h"

#include <kern/kmem.h>
#include <kern/pmm.h>

static struct vmo_quota file_quota;

int tmpfs_data_init(struct tmpfs_data *d)
{
  struct pmm_stats stats;
  int r = vmo_create(0, &d->vmo);
  if (r) return r;
  pmm_get_stats(&stats);
  file_quota.limit = stats.zone_total[PMM_USER] / 2;
  vmo_set_quota(d->vmo, &file_quota);
  return 0;
}

static ssize_type tmpfs_file_read(struct vnode *v, struct uio *uio, uint64_t offset)
{
  struct tmpfs_node *node = tmpfs_node_of(v);
  mutex_lock(&node->lock);
  uint64_t present = offset < node->data.size ? node->data.size - offset : 0;
  size_t n = MIN(uio->left, present), rest = uio->left - n;
  uio->left = n;
  int r = n > 0 ? vmo_read_uio(node->data.vmo, offset, uio) : 0;
  ssize_type done = (ssize_type)(n - uio->left);
  uio->left += rest;
  mutex_unlock(&node->lock);
  return done > 0 ? done : r;
}

/* Zeroes what the file's last page has past its size, as far as the file is about to grow over it. */
static int clear_tail(struct tmpfs_data *d, uint64_t new_size)
{
  uint64_t end = MIN(ALIGN_UP(d->size, (uint64_t)PAGE_SIZE), new_size);
  return d->size < end ? vmo_zero(d->vmo, d->size, end) : 0;
}

static ssize_type tmpfs_file_write(struct vnode *v, struct uio *uio, uint64_t *offset)
{
  struct tmpfs_node *node = tmpfs_node_of(v);
  struct tmpfs_data *d = &node->data;
  size_t wanted = uio->left;
  int r = 0;

  mutex_lock(&node->lock);
  uint64_t at = *offset == VNODE_APPEND ? d->size : *offset, end;
  if (__builtin_add_overflow(at, wanted, &end) || end > VMO_SIZE_MAX) r = -EFBIG;
  if (!r && wanted > 0) r = clear_tail(d, at);
  if (!r) r = vmo_append_uio(d->vmo, at, uio);
  size_t done = wanted - uio->left;
  if (done > 0) {
    d->size = MAX(d->size, at + done);
    node->mtime = tmpfs_now();
    *offset = at + done;
  }
  mutex_unlock(&node->lock);
  if (done > 0) return (ssize_type)done;
  return r == -ENOMEM ? -ENOSPC : r;
}

static int tmpfs_file_truncate(struct vnode *v, uint64_t size)
{
  struct tmpfs_node *node = tmpfs_node_of(v);
  if (size > VMO_SIZE_MAX) return -EFBIG;

  mutex_lock(&node->lock);
  int r = clear_tail(&node->data, size);
  if (!r) r = vmo_resize(node->data.vmo, size);
  if (!r) {
    node->data.size = size;
    node->mtime = tmpfs_now();
  }
  mutex_unlock(&node->lock);
  return r == -ENOMEM ? -ENOSPC : r;
}

static struct vmo *tmpfs_file_content(struct vnode *v)
{
  struct vmo *vmo = tmpfs_node_of(v)->data.vmo;
  vmo_ref(vmo);
  return vmo;
}

void tmpfs_file_release(struct vnode *v)
{
  struct tmpfs_node *node = tmpfs_node_of(v);
  vmo_unref(node->data.vmo);
  kfree(node);
}

const struct vnode_ops tmpfs_file_ops = {
  .read = tmpfs_file_read,
  .write = tmpfs_file_write,
  .truncate = tmpfs_file_truncate,
  .content = tmpfs_file_content,
  .stat = tmpfs_stat,
  .release = tmpfs_file_release,
};
