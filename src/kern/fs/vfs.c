/*
 * The one tree of names: tmpfs at /, filled from the initial RAM disk, and the devices at /dev. Both are mounted by
 * vfs_init before the first program runs, and nothing is mounted later, so walking takes no lock but the directories' own.
 */
#include <kern/log.h>
#include <kern/panic.h>
#include <kern/string.h>

#include "fs.h"
#include "tmpfs.h"

static struct vnode *root; /* set by vfs_init */

void vnode_ref(struct vnode *v)
{
  uint32_t before = __atomic_fetch_add(&v->refs, 1, __ATOMIC_RELAXED);
  kassert(before > 0 && before < UINT32_MAX);
  (void)before;
}

void vnode_unref(struct vnode *v)
{
  uint32_t before = __atomic_fetch_sub(&v->refs, 1, __ATOMIC_ACQ_REL);
  kassert(before > 0);
  if (before == 1 && v->ops->release) v->ops->release(v);
}

int vnode_stat(struct vnode *v, struct stat *st)
{
  if (v->ops->stat) return v->ops->stat(v, st);
  *st = (struct stat){.st_ino = v->ino, .st_type = v->type};
  return 0;
}

int vnode_lookup(struct vnode *dir, const char *name, struct vnode **out)
{
  if (dir->type != FILE_DIRECTORY || !dir->ops->lookup) return -ENOTDIR;
  struct vnode *v;
  int r = dir->ops->lookup(dir, name, &v);
  if (r) return r;
  if (v->mounted) {
    vnode_ref(v->mounted);
    vnode_unref(v);
    v = v->mounted;
  }
  *out = v;
  return 0;
}

/* Where a path leads: the directory of its last component, and that component. */
struct walk {
  struct vnode *dir;       /* a reference */
  char name[NAME_MAX + 1]; /* "" when the path is the root */
  bool directory;          /* a slash behind it: must be a directory */
};

/* Copies the component at *path to name and moves *path to the next one. */
static int next_component(const char **path, struct walk *w)
{
  const char *start = *path;
  size_t length = 0;
  while (start[length] && start[length] != '/') length++;
  if (length > NAME_MAX) return -ENAMETOOLONG;
  memcpy(w->name, start, length);
  w->name[length] = '\0';
  if (strcmp(w->name, ".") == 0 || strcmp(w->name, "..") == 0) return -EINVAL;
  const char *next = start + length;
  w->directory = *next == '/';
  while (*next == '/') next++;
  *path = next;
  return 0;
}

static int walk_begin(const char *path, struct walk *w)
{
  if (*path != '/') return -EINVAL;
  if (!root) return -ENODEV;
  while (*path == '/') path++;
  w->name[0] = '\0';
  w->directory = true;
  w->dir = root;
  vnode_ref(root);
  while (*path) {
    int r = next_component(&path, w);
    if (!r && *path) {
      struct vnode *next;
      r = vnode_lookup(w->dir, w->name, &next);
      if (!r) {
        vnode_unref(w->dir);
        w->dir = next;
      }
    }
    if (!r && w->dir->type != FILE_DIRECTORY) r = -ENOTDIR;
    if (r) {
      vnode_unref(w->dir);
      return r;
    }
  }
  return 0;
}

static void walk_end(struct walk *w)
{
  vnode_unref(w->dir);
}

/* What the walk leads to; a new reference. */
static int walk_target(struct walk *w, struct vnode **out)
{
  if (!w->name[0]) {
    vnode_ref(w->dir);
    *out = w->dir;
    return 0;
  }
  struct vnode *v;
  int r = vnode_lookup(w->dir, w->name, &v);
  if (r) return r;
  if (w->directory && v->type != FILE_DIRECTORY) {
    vnode_unref(v);
    return -ENOTDIR;
  }
  *out = v;
  return 0;
}

int vfs_lookup(const char *path, struct vnode **out)
{
  struct walk w;
  int r = walk_begin(path, &w);
  if (r) return r;
  r = walk_target(&w, out);
  walk_end(&w);
  return r;
}

int vfs_stat(const char *path, struct stat *st)
{
  struct vnode *v;
  int r = vfs_lookup(path, &v);
  if (r) return r;
  r = vnode_stat(v, st);
  vnode_unref(v);
  return r;
}

/* The file to open, made when O_CREAT asks for it; *out is set only with a reference to keep, when it answers 0. Another
 * thread may make or remove the file in between: then once more. */
static int walk_open(struct walk *w, int flags, unsigned mode, struct vnode **out)
{
  for (;;) {
    struct vnode *v;
    int r = walk_target(w, &v);
    if (r == 0 && (flags & O_CREAT) && (flags & O_EXCL)) {
      vnode_unref(v);
      return -EEXIST;
    }
    if (r == 0) *out = v;
    if (r != -ENOENT || !(flags & O_CREAT)) return r;
    if (w->directory) return -EISDIR;
    if (!w->dir->ops->create) return -EROFS;
    r = w->dir->ops->create(w->dir, w->name, mode, out);
    if (r != -EEXIST || (flags & O_EXCL)) return r;
  }
}

static int check_open(const struct vnode *v, int flags)
{
  bool writes = (flags & O_ACCMODE) != O_RDONLY;
  if (v->type == FILE_DIRECTORY) return writes || (flags & O_CREAT) ? -EISDIR : 0;
  return flags & O_DIRECTORY ? -ENOTDIR : 0;
}

static int check_flags(int flags)
{
  const int known = O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_DIRECTORY;
  if ((flags & ~known) || (flags & O_ACCMODE) == O_ACCMODE) return -EINVAL;
  if ((flags & O_TRUNC) && (flags & O_ACCMODE) == O_RDONLY) return -EINVAL;
  if ((flags & O_CREAT) && (flags & O_DIRECTORY)) return -EINVAL;
  return 0;
}

/* Finds or makes what the open file f is to name. Truncating comes last: everything that can fail did not. */
static int open_at(const char *path, unsigned mode, struct file *f)
{
  struct walk w;
  int r = walk_begin(path, &w);
  if (r) return r;
  r = walk_open(&w, f->flags, mode, &f->vnode);
  walk_end(&w);
  if (!r) r = check_open(f->vnode, f->flags);
  if (!r && (f->flags & O_TRUNC) && f->vnode->ops->truncate) r = f->vnode->ops->truncate(f->vnode, 0);
  return r;
}

int vfs_open(const char *path, int flags, unsigned mode, struct file **out)
{
  struct file *f;
  int r = check_flags(flags);
  if (!r) r = file_create(flags, &f);
  if (r) return r;
  r = open_at(path, mode, f);
  if (r)
    object_unref(&f->object);
  else
    *out = f;
  return r;
}

int vfs_mkdir(const char *path, unsigned mode)
{
  struct walk w;
  int r = walk_begin(path, &w);
  if (r) return r;
  if (!w.name[0])
    r = -EEXIST;
  else if (!w.dir->ops->mkdir)
    r = -EROFS;
  else
    r = w.dir->ops->mkdir(w.dir, w.name, mode);
  walk_end(&w);
  return r;
}

int vfs_unlink(const char *path)
{
  struct walk w;
  int r = walk_begin(path, &w);
  if (r) return r;
  struct vnode *v;
  r = walk_target(&w, &v);
  if (!r) vnode_unref(v);
  if (!r && !w.name[0]) r = -EBUSY;
  if (!r) r = w.dir->ops->unlink ? w.dir->ops->unlink(w.dir, w.name) : -EROFS;
  walk_end(&w);
  return r;
}

/* Mounts the devices on the directory `name` of the root, made when the archive has none. */
static int mount_devices(struct vnode *tree, const char *name)
{
  int r = tree->ops->mkdir(tree, name, 0755);
  if (r && r != -EEXIST) return r;
  struct vnode *at;
  r = tree->ops->lookup(tree, name, &at);
  if (r) return r;
  if (at->type != FILE_DIRECTORY) {
    log_error("initial RAM disk: /%s is not a directory", name);
    vnode_unref(at);
    return -ENOTDIR;
  }
  at->mounted = devfs_root(); /* with the reference to `at`, which stays mounted on */
  return 0;
}

int vfs_init(const void *initrd, size_t initrd_size)
{
  struct vnode *tree;
  int r = tmpfs_create(&tree);
  if (r) {
    log_error("initial RAM disk: out of memory");
    return r;
  }
  r = initrd_unpack(tree, initrd, initrd_size);
  if (!r) {
    r = tree->ops->mkdir(tree, "tmp", 01777);
    if (r == -EEXIST) r = 0;
    if (!r) r = mount_devices(tree, "dev");
    if (r == -ENOMEM) log_error("initial RAM disk: out of memory");
  }
  if (r) {
    vnode_unref(tree);
    return r;
  }
  root = tree;
  return 0;
}
