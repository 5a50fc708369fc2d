/*
 * The file system in memory: the root, filled from the initial RAM disk. Its vnodes are its nodes; a directory holds a
 * reference to each of its entries' nodes, so a node lives while it has a name or is open.
 *
 * Locks: a node's mutex guards its contents; a directory's is taken before that of a node in it.
 */
#ifndef FS_TMPFS_H
#define FS_TMPFS_H

#include <kern/list.h>
#include <kern/mutex.h>
#include <kern/vfs.h>
#include <kern/vmo.h>

struct tmpfs_entry;

/* Contents of a file. */
struct tmpfs_data {
  struct vmo *vmo; /* constant; a reference */
  uint64_t size;   /* lock of the node; bytes. The object has as many pages as that needs */
};

/* Contents of a directory. Cookies only grow, and entries are listed in their order: the cursor a reader keeps stays
 * right whatever comes and goes. All under the node's lock. */
struct tmpfs_names {
  struct list order;            /* of tmpfs_entry.order, by cookie */
  struct tmpfs_entry **buckets; /* by name; null while nothing was ever entered */
  unsigned nbuckets, count;
  uint64_t next_cookie;
  struct tmpfs_entry *last_read; /* where the next readdir probably goes on; may be null */
  bool removed;                  /* unlinked: takes no new entries */
};

struct tmpfs_node {
  struct vnode vnode;
  struct mutex lock;
  uint32_t mode;
  uint32_t nlink; /* lock of the node */
  uint64_t mtime; /* lock; seconds since 1970 */
  union {
    struct tmpfs_data data;   /* FILE_REGULAR */
    struct tmpfs_names names; /* FILE_DIRECTORY */
  };
};

struct tmpfs_entry {
  struct list order;
  struct tmpfs_entry *next; /* in its bucket */
  struct tmpfs_node *node;  /* a reference */
  uint64_t cookie;
  uint32_t hash;
  char name[];
};

static inline struct tmpfs_node *tmpfs_node_of(struct vnode *v)
{
  return container_of(v, struct tmpfs_node, vnode);
}

/* ---- for vfs_init and the unpacking of the archive ---- */

/* An empty tree; the root with one reference, whose end frees everything. */
MUST_CHECK int tmpfs_create(struct vnode **root);
/* A new file whose contents stay at `data`, for ever readable and constant. One reference. */
MUST_CHECK int tmpfs_add_file(struct vnode *dir, const char *name, unsigned mode, uint64_t mtime, const uint8_t *data,
                              uint64_t size, struct vnode **out);
/* Another name for a file. */
MUST_CHECK int tmpfs_link(struct vnode *dir, const char *name, struct vnode *file);
/* Replaces the contents of a file that was never written. */
void tmpfs_set_archive_data(struct vnode *file, const uint8_t *data, uint64_t size);
void tmpfs_set_attributes(struct vnode *v, unsigned mode, uint64_t mtime);

/* ---- between tmpfs.c, tmpfs_file.c and tmpfs_dir.c ---- */

extern const struct vnode_ops tmpfs_file_ops, tmpfs_dir_ops;

MUST_CHECK int tmpfs_node_create(uint32_t type, unsigned mode, struct tmpfs_node **out);
uint64_t tmpfs_now(void);
MUST_CHECK int tmpfs_data_init(struct tmpfs_data *d); /* an empty file's; -ENOMEM */
int tmpfs_stat(struct vnode *v, struct stat *st);
void tmpfs_file_release(struct vnode *v);
void tmpfs_dir_release(struct vnode *v);

#endif
