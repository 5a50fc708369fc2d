/*
 * Files. A vnode is a file, directory or device of some file system; a struct file is an open one: the object a handle
 * names. One tree of mounts: tmpfs filled from the initial RAM disk at /, devices at /dev.
 */
#ifndef KERN_VFS_H
#define KERN_VFS_H

#include <kern/mutex.h>
#include <kern/object.h>
#include <kern/uaccess.h>
#include <uapi/abi.h>

struct vmo;
struct vnode;

#define VNODE_APPEND UINT64_MAX

/* Absent operations answer: lookup/readdir -ENOTDIR; create/mkdir/unlink -EROFS or -ENOTDIR; read on a directory
 * -EISDIR. All may sleep. Byte counts or negative errno. */
struct vnode_ops {
  ssize_type (*read)(struct vnode *v, struct uio *uio, uint64_t offset); /* offset ignored by streams */
  /* At *offset, or at the end when it is VNODE_APPEND; leaves *offset behind the last byte written. */
  ssize_type (*write)(struct vnode *v, struct uio *uio, uint64_t *offset);
  int (*truncate)(struct vnode *v, uint64_t size);
  struct vmo *(*content)(
    struct vnode *v); /* what mapping the file maps, a new reference; absent: it cannot be mapped */
  int (*lookup)(struct vnode *dir, const char *name, struct vnode **out); /* one component; a new reference */
  int (*create)(struct vnode *dir, const char *name, unsigned mode, struct vnode **out);
  int (*mkdir)(struct vnode *dir, const char *name, unsigned mode);
  int (*unlink)(struct vnode *dir, const char *name);
  /* Entry number *cursor; -ENOENT at the end. Moves the cursor. Stable while entries come and go. */
  int (*readdir)(struct vnode *dir, uint64_t *cursor, char name[NAME_MAX + 1], struct stat *st);
  int (*stat)(struct vnode *v, struct stat *st);
  int64_t (*control)(struct vnode *v, int op, uint64_t arg); /* console_ctl; absent: -ENOTTY */
  void (*release)(struct vnode *v);                          /* last reference gone */
};

struct vnode {
  const struct vnode_ops *ops;
  uint32_t type; /* enum file_type */
  uint32_t refs; /* atomic */
  uint64_t ino;
  struct vnode *mounted; /* root of what is mounted here; set by vfs_init, constant from then on */
};

void vnode_ref(struct vnode *v);
void vnode_unref(struct vnode *v);

struct file {
  struct object object; /* OBJECT_FILE */
  struct vnode *vnode;
  int flags; /* O_* */
  struct mutex lock;
  uint64_t position; /* lock */
};

/* Mounts tmpfs at / and devfs at /dev, unpacks the initial RAM disk. Errors name what is wrong with the archive. */
MUST_CHECK int vfs_init(const void *initrd, size_t initrd_size);

/* Absolute path of `path` relative to the absolute `cwd`, without ".", "..", "//". One trailing slash stays when the path
 * asked for a directory ("a/", "a/."): the calls below then answer -ENOTDIR for anything else. -ENAMETOOLONG, -ENOENT
 * when empty, -EINVAL when cwd is not absolute. */
MUST_CHECK int path_normalize(const char *cwd, const char *path, char out[PATH_MAX]);

/* Takes that trailing slash off again, for a path that is kept: a working directory. "/" stays. */
void path_strip_slash(char *path);

/* All take a path path_normalize made; -EINVAL when it is not absolute or has a component "." or "..". */
MUST_CHECK int vfs_lookup(const char *path, struct vnode **out);
MUST_CHECK int vfs_open(const char *path, int flags, unsigned mode, struct file **out);
MUST_CHECK int vfs_mkdir(const char *path, unsigned mode);
MUST_CHECK int vfs_unlink(const char *path);
MUST_CHECK int vfs_stat(const char *path, struct stat *st);

/* On an open file. Rights were checked by the handle. */
ssize_type file_read(struct file *f, struct uio *uio);
ssize_type file_write(struct file *f, struct uio *uio);
ssize_type file_readdir(struct file *f, struct uio *uio);
int64_t file_seek(struct file *f, int64_t offset, int whence);
int vnode_stat(struct vnode *v, struct stat *st);
/* Exactly len bytes at offset into kernel memory; -EIO when the file is shorter. For loaders. */
MUST_CHECK int vnode_read_exact(struct vnode *v, uint64_t offset, void *buf, size_t len);

#endif
