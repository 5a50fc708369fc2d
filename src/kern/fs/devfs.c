/* The devices at /dev: a fixed list, never changed and never freed. */
#include <kern/console.h>
#include <kern/string.h>

#include "fs.h"

/* What is read from /dev/zero in one piece: between pieces the reader can be preempted. */
#define ZERO_PIECE 65536u

static ssize_type console_vnode_read(struct vnode *v UNUSED, struct uio *uio, uint64_t offset UNUSED)
{
  return console_read(uio);
}

static ssize_type console_vnode_write(struct vnode *v UNUSED, struct uio *uio, uint64_t *offset UNUSED)
{
  return console_write(uio);
}

static int64_t console_vnode_control(struct vnode *v UNUSED, int op, uint64_t arg)
{
  return console_control(op, arg);
}

static ssize_type null_read(struct vnode *v UNUSED, struct uio *uio UNUSED, uint64_t offset UNUSED)
{
  return 0;
}

static ssize_type null_write(struct vnode *v UNUSED, struct uio *uio, uint64_t *offset UNUSED)
{
  size_t n = uio->left;
  uio->left = 0;
  return (ssize_type)n;
}

static ssize_type zero_read(struct vnode *v UNUSED, struct uio *uio, uint64_t offset UNUSED)
{
  ssize_type done = 0;
  while (uio->left > 0) {
    size_t n = MIN(uio->left, ZERO_PIECE);
    int r = uio_put_zeros(uio, n);
    if (r) return done > 0 ? done : r;
    done += (ssize_type)n;
  }
  return done;
}

static int devfs_lookup(struct vnode *dir, const char *name, struct vnode **out);
static int devfs_readdir(struct vnode *dir, uint64_t *cursor, char name[NAME_MAX + 1], struct stat *st);
static int devfs_stat(struct vnode *v, struct stat *st);

static const struct vnode_ops console_ops = {
  .read = console_vnode_read, .write = console_vnode_write, .control = console_vnode_control, .stat = devfs_stat};
static const struct vnode_ops null_ops = {.read = null_read, .write = null_write, .stat = devfs_stat};
static const struct vnode_ops zero_ops = {.read = zero_read, .write = null_write, .stat = devfs_stat};
static const struct vnode_ops dir_ops = {.lookup = devfs_lookup, .readdir = devfs_readdir, .stat = devfs_stat};

/* The list's own reference keeps each from ever being released. */
static struct vnode root = {.ops = &dir_ops, .type = FILE_DIRECTORY, .refs = 1, .ino = 1};

static struct device {
  const char *name;
  struct vnode vnode;
} devices[] = {
  {"console", {.ops = &console_ops, .type = FILE_DEVICE, .refs = 1, .ino = 2}},
  {"null", {.ops = &null_ops, .type = FILE_DEVICE, .refs = 1, .ino = 3}},
  {"zero", {.ops = &zero_ops, .type = FILE_DEVICE, .refs = 1, .ino = 4}},
};

struct vnode *devfs_root(void)
{
  vnode_ref(&root);
  return &root;
}

static int devfs_lookup(struct vnode *dir UNUSED, const char *name, struct vnode **out)
{
  for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
    if (strcmp(devices[i].name, name) != 0) continue;
    vnode_ref(&devices[i].vnode);
    *out = &devices[i].vnode;
    return 0;
  }
  return -ENOENT;
}

static int devfs_readdir(struct vnode *dir UNUSED, uint64_t *cursor, char name[NAME_MAX + 1], struct stat *st)
{
  if (*cursor >= ARRAY_SIZE(devices)) return -ENOENT;
  struct device *d = &devices[(*cursor)++];
  (void)string_copy(name, d->name, NAME_MAX + 1);
  return devfs_stat(&d->vnode, st);
}

static int devfs_stat(struct vnode *v, struct stat *st)
{
  *st = (struct stat){.st_ino = v->ino, .st_type = v->type, .st_mode = v->type == FILE_DIRECTORY ? 0755 : 0666};
  return 0;
}
