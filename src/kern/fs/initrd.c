/*
 * The initial RAM disk becomes the root's contents: a second step behind the pure reader of cpio.c. Files keep their data
 * in the archive. Later entries win over earlier ones of the same name; directories an entry needs are made; what this
 * system has no use for (symbolic links, device nodes) is skipped with a warning. A path that names ".." is refused.
 */
#include <kern/cpio.h>
#include <kern/kmem.h>
#include <kern/log.h>
#include <kern/string.h>

#include "fs.h"
#include "tmpfs.h"

#define MODE_TYPE 0170000u
#define MODE_DIRECTORY 0040000u
#define MODE_REGULAR 0100000u
#define MODE_SYMLINK 0120000u

/* A file with several names whose other entries may still come. Entries of one file share inode and device number. */
struct linked_file {
  struct linked_file *next;
  uint32_t ino;
  uint64_t dev;
  struct vnode *file; /* a reference */
};

struct unpacker {
  struct vnode *root;
  struct linked_file *linked;
  const char *why; /* static text, when a step failed */
};

static int fail(struct unpacker *u, int error, const char *why)
{
  u->why = why;
  return error;
}

static int make_directory(struct unpacker *u, struct vnode *dir, const char *name, struct vnode **out)
{
  int r = dir->ops->mkdir(dir, name, 0755);
  if (!r) r = dir->ops->lookup(dir, name, out);
  return r ? fail(u, r, "out of memory") : 0;
}

/* Replaces *dir by its entry `name`, made when there is none. Takes the reference to *dir, also when it fails. */
static int enter_directory(struct unpacker *u, struct vnode **dir, const char *name)
{
  struct vnode *next = NULL;
  int r = (*dir)->ops->lookup(*dir, name, &next);
  if (r == -ENOENT) r = make_directory(u, *dir, name, &next);
  vnode_unref(*dir);
  if (!r && next->type != FILE_DIRECTORY) {
    vnode_unref(next);
    r = fail(u, -ENOTDIR, "a file is used as a directory");
  }
  *dir = next;
  return r;
}

/* Copies the next component of *path that is not "." to name ("" at the end) and moves *path behind it. */
static int next_component(struct unpacker *u, const char **path, char name[NAME_MAX + 1])
{
  size_t length;
  do {
    while (**path == '/') ++*path;
    const char *start = *path;
    length = 0;
    while (start[length] && start[length] != '/') length++;
    if (length > NAME_MAX) return fail(u, -ENAMETOOLONG, "name too long");
    memcpy(name, start, length);
    name[length] = '\0';
    *path = start + length;
  } while (strcmp(name, ".") == 0);
  if (strcmp(name, "..") == 0) return fail(u, -EINVAL, "\"..\" in a name");
  return 0;
}

/* Finds the directory an entry belongs to (a reference in *dir) and its name there, "" for the root itself. */
static int find_place(struct unpacker *u, const char *path, struct vnode **dir, char name[NAME_MAX + 1])
{
  char next[NAME_MAX + 1];
  *dir = u->root;
  vnode_ref(u->root);
  int r = next_component(u, &path, name);
  while (!r && name[0]) {
    r = next_component(u, &path, next);
    if (r || !next[0]) break;
    r = enter_directory(u, dir, name);
    if (r) return r; /* *dir is gone */
    memcpy(name, next, sizeof(next));
  }
  if (r) vnode_unref(*dir);
  return r;
}

static int add_directory(struct unpacker *u, struct vnode *dir, const char *name, const struct cpio_entry *e)
{
  struct vnode *v;
  int r = dir->ops->lookup(dir, name, &v);
  if (!r && v->type != FILE_DIRECTORY) {
    vnode_unref(v);
    r = dir->ops->unlink(dir, name);
    if (!r) r = -ENOENT;
  }
  if (r == -ENOENT) r = make_directory(u, dir, name, &v);
  if (r) return r;
  tmpfs_set_attributes(v, e->mode, e->mtime);
  vnode_unref(v);
  return 0;
}

static struct linked_file *find_linked(const struct unpacker *u, const struct cpio_entry *e)
{
  struct linked_file *l = u->linked;
  while (l && !(l->ino == e->ino && l->dev == e->dev)) l = l->next;
  return l;
}

/* Remembers the file for the entries of its other names. */
static int remember_linked(struct unpacker *u, const struct cpio_entry *e, struct vnode *file)
{
  struct linked_file *l = kmalloc(sizeof(*l));
  if (!l) return fail(u, -ENOMEM, "out of memory");
  *l = (struct linked_file){.next = u->linked, .ino = e->ino, .dev = e->dev, .file = file};
  vnode_ref(file);
  u->linked = l;
  return 0;
}

static void forget_linked(struct unpacker *u)
{
  while (u->linked) {
    struct linked_file *l = u->linked;
    u->linked = l->next;
    vnode_unref(l->file);
    kfree(l);
  }
}

static int add_file(struct unpacker *u, struct vnode *dir, const char *name, const struct cpio_entry *e)
{
  int r = dir->ops->unlink(dir, name);
  if (r == -ENOTEMPTY) return fail(u, -EISDIR, "a file takes the place of a directory with entries");
  if (r && r != -ENOENT) return r;

  struct linked_file *l = e->nlink > 1 ? find_linked(u, e) : NULL;
  if (l) {
    r = tmpfs_link(dir, name, l->file);
    if (!r && e->size > 0) tmpfs_set_archive_data(l->file, e->data, e->size);
    return r ? fail(u, r, "out of memory") : 0;
  }
  struct vnode *file;
  r = tmpfs_add_file(dir, name, e->mode, e->mtime, e->data, e->size, &file);
  if (r) return fail(u, r, "out of memory");
  if (e->nlink > 1) r = remember_linked(u, e, file);
  vnode_unref(file);
  return r;
}

static int add_entry(struct unpacker *u, const struct cpio_entry *e)
{
  uint32_t type = e->mode & MODE_TYPE;
  if (type != MODE_DIRECTORY && type != MODE_REGULAR) {
    log_warn("initial RAM disk: %s: %s skipped", e->name, type == MODE_SYMLINK ? "symbolic link" : "special file");
    return 0;
  }
  struct vnode *dir;
  char name[NAME_MAX + 1];
  int r = find_place(u, e->name, &dir, name);
  if (r) return r;
  if (name[0])
    r = type == MODE_DIRECTORY ? add_directory(u, dir, name, e) : add_file(u, dir, name, e);
  else if (type == MODE_DIRECTORY)
    tmpfs_set_attributes(dir, e->mode, e->mtime);
  else
    r = fail(u, -EINVAL, "file without a name");
  vnode_unref(dir);
  return r;
}

int initrd_unpack(struct vnode *root, const void *data, size_t size)
{
  struct unpacker u = {.root = root};
  struct cpio_reader reader;
  struct cpio_entry entry;
  unsigned entries = 0;
  int r;

  if (!data) size = 0;
  cpio_open(&reader, data, size);
  for (;;) {
    size_t at = reader.offset;
    r = cpio_next(&reader, &entry, &u.why);
    if (r > 0) {
      entries++;
      r = add_entry(&u, &entry);
      if (!r) continue;
    }
    if (r < 0) log_error("initial RAM disk: %s at offset 0x%zx", u.why ? u.why : "out of memory", at);
    break;
  }
  forget_linked(&u);
  if (!r) log_debug("initial RAM disk: %u entries, %zu bytes", entries, size);
  return r;
}
