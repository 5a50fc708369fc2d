/*
 * Directories of tmpfs: every entry is on two lists, a hash bucket for lookups and the order of its cookie for readdir.
 * Names were checked by the path walk: not empty, at most NAME_MAX bytes, no slash.
 */
#include "tmpfs.h"

#include <kern/kmem.h>
#include <kern/panic.h>
#include <kern/string.h>
#include <plant.h>

#define FIRST_BUCKETS 8u

static uint32_t hash_name(const char *name)
{
  uint32_t hash = 2166136261u; /* FNV-1a */
  for (; *name; name++) hash = (hash ^ (uint8_t)*name) * 16777619u;
  return hash;
}

static struct tmpfs_entry *names_find(const struct tmpfs_names *names, const char *name)
{
  if (!names->buckets) return NULL;
  uint32_t hash = hash_name(name);
  struct tmpfs_entry *e = names->buckets[hash & (names->nbuckets - 1)];
  while (e && !(e->hash == hash && strcmp(e->name, name) == 0)) e = e->next;
  return e;
}

static void bucket_push(struct tmpfs_names *names, struct tmpfs_entry *e)
{
  struct tmpfs_entry **bucket = &names->buckets[e->hash & (names->nbuckets - 1)];
  e->next = *bucket;
  *bucket = e;
}

/* Keeps buckets short. Without memory for more the old ones stay and grow longer; only the first are needed. */
static int names_make_room(struct tmpfs_names *names)
{
  if (names->buckets && names->count < 2 * names->nbuckets) return 0;
  unsigned n = names->buckets ? 4 * names->nbuckets : FIRST_BUCKETS;
  struct tmpfs_entry **buckets = kcalloc(n, sizeof(*buckets));
  if (!buckets) return names->buckets ? 0 : -ENOMEM;
  kfree(names->buckets);
  names->buckets = buckets;
  names->nbuckets = n;
  list_for_each (e, &names->order, struct tmpfs_entry, order) bucket_push(names, e);
  return 0;
}

/* Enters `node` under `name`, a name that is free; takes over one reference of the caller. The directory is locked. */
static int names_add(struct tmpfs_names *names, const char *name, struct tmpfs_node *node)
{
  size_t size = strlen(name) + 1;
  struct tmpfs_entry *e = kmalloc(sizeof(*e) + size);
  if (!e) return -ENOMEM;
  int r = names_make_room(names);
  if (r) {
    kfree(e);
    return r;
  }
  memcpy(e->name, name, size - PLANTED(leak_heap));
  e->node = node;
  e->cookie = names->next_cookie++;
  e->hash = hash_name(name);
  bucket_push(names, e);
  list_push_back(&names->order, &e->order);
  names->count++;
  return 0;
}

/* Takes the entry out and frees it; its reference to the node is the caller's now. */
static struct tmpfs_node *names_remove(struct tmpfs_names *names, struct tmpfs_entry *e)
{
  struct tmpfs_entry **link = &names->buckets[e->hash & (names->nbuckets - 1)];
  while (*link != e) link = &(*link)->next;
  *link = e->next;
  list_remove(&e->order);
  if (names->last_read == e) names->last_read = NULL;
  names->count--;
  struct tmpfs_node *node = e->node;
  kfree(e);
  return node;
}

static int tmpfs_lookup(struct vnode *dir, const char *name, struct vnode **out)
{
  struct tmpfs_node *d = tmpfs_node_of(dir);
  mutex_lock(&d->lock);
  struct tmpfs_entry *e = names_find(&d->names, name);
  if (e) {
    vnode_ref(&e->node->vnode);
    *out = &e->node->vnode;
  }
  mutex_unlock(&d->lock);
  return e ? 0 : -ENOENT;
}

/* Enters node (whose reference it takes over when it answers 0). */
static int dir_enter(struct tmpfs_node *d, const char *name, struct tmpfs_node *node)
{
  int r = 0;
  mutex_lock(&d->lock);
  if (d->names.removed)
    r = -ENOENT;
  else if (names_find(&d->names, name))
    r = -EEXIST;
  else
    r = names_add(&d->names, name, node);
  if (!r) d->mtime = tmpfs_now();
  mutex_unlock(&d->lock);
  return r;
}

static int dir_enter_new(struct vnode *dir, const char *name, uint32_t type, unsigned mode, struct vnode **out)
{
  struct tmpfs_node *node;
  int r = tmpfs_node_create(type, mode, &node);
  if (r) return r;
  node->nlink = 1;
  vnode_ref(&node->vnode); /* the caller's; the first is the entry's */
  r = dir_enter(tmpfs_node_of(dir), name, node);
  if (r) {
    vnode_unref(&node->vnode);
    vnode_unref(&node->vnode);
    return r;
  }
  *out = &node->vnode;
  return 0;
}

static int tmpfs_file_create(struct vnode *dir, const char *name, unsigned mode, struct vnode **out)
{
  return dir_enter_new(dir, name, FILE_REGULAR, mode, out);
}

static int tmpfs_mkdir(struct vnode *dir, const char *name, unsigned mode)
{
  struct vnode *made;
  int r = dir_enter_new(dir, name, FILE_DIRECTORY, mode, &made);
  if (!r) vnode_unref(made);
  return r;
}

int tmpfs_link(struct vnode *dir, const char *name, struct vnode *file)
{
  struct tmpfs_node *node = tmpfs_node_of(file);
  kassert(file->type == FILE_REGULAR);
  vnode_ref(file);
  int r = dir_enter(tmpfs_node_of(dir), name, node);
  if (r) {
    vnode_unref(file);
    return r;
  }
  mutex_lock(&node->lock);
  node->nlink++;
  mutex_unlock(&node->lock);
  return 0;
}

/* May the entry's node lose this name? From then on nobody enters anything into it. */
static int node_detach(struct tmpfs_node *node)
{
  int r = 0;
  mutex_lock(&node->lock);
  if (node->vnode.mounted)
    r = -EBUSY;
  else if (node->vnode.type == FILE_DIRECTORY && node->names.count > 0)
    r = -ENOTEMPTY;
  if (!r) node->nlink--;
  if (!r && node->vnode.type == FILE_DIRECTORY) node->names.removed = true;
  mutex_unlock(&node->lock);
  return r;
}

static int tmpfs_unlink(struct vnode *dir, const char *name)
{
  struct tmpfs_node *d = tmpfs_node_of(dir), *node = NULL;
  mutex_lock(&d->lock);
  struct tmpfs_entry *e = names_find(&d->names, name);
  int r = e ? node_detach(e->node) : -ENOENT;
  if (!r) {
    node = names_remove(&d->names, e);
    d->mtime = tmpfs_now();
  }
  mutex_unlock(&d->lock);
  if (node) vnode_unref(&node->vnode);
  return r;
}

/* The first entry whose cookie is at or behind the cursor; null at the end. */
static struct tmpfs_entry *names_at(struct tmpfs_names *names, uint64_t cursor)
{
  struct list *at = names->order.next;
  if (names->last_read && names->last_read->cookie < cursor) at = &names->last_read->order;
  for (; at != &names->order; at = at->next) {
    struct tmpfs_entry *e = list_entry(at, struct tmpfs_entry, order);
    if (e->cookie >= cursor) return e;
  }
  return NULL;
}

static int tmpfs_readdir(struct vnode *dir, uint64_t *cursor, char name[NAME_MAX + 1], struct stat *st)
{
  struct tmpfs_node *d = tmpfs_node_of(dir);
  int r = -ENOENT;
  mutex_lock(&d->lock);
  struct tmpfs_entry *e = names_at(&d->names, *cursor);
  if (e) {
    (void)string_copy(name, e->name, NAME_MAX + 1);
    *cursor = e->cookie + 1;
    d->names.last_read = e;
    r = tmpfs_stat(&e->node->vnode, st);
  }
  mutex_unlock(&d->lock);
  return r;
}

/* Frees a directory and, when a whole tree goes, everything below it: the entries of a directory that dies with this one
 * are moved here first, so the depth of the tree costs no stack. */
void tmpfs_dir_release(struct vnode *v)
{
  struct tmpfs_node *d = tmpfs_node_of(v);
  while (!list_empty(&d->names.order)) {
    struct tmpfs_entry *e = list_first(&d->names.order, struct tmpfs_entry, order);
    struct tmpfs_node *child = e->node;
    bool last = __atomic_load_n(&child->vnode.refs, __ATOMIC_ACQUIRE) == 1;
    list_remove(&e->order);
    kfree(e);
    while (last && child->vnode.type == FILE_DIRECTORY && !list_empty(&child->names.order)) {
      struct list *moved = child->names.order.next;
      list_remove(moved);
      list_push_back(&d->names.order, moved);
    }
    vnode_unref(&child->vnode);
  }
  kfree(d->names.buckets);
  kfree(d);
}

const struct vnode_ops tmpfs_dir_ops = {
  .lookup = tmpfs_lookup,
  .create = tmpfs_file_create,
  .mkdir = tmpfs_mkdir,
  .unlink = tmpfs_unlink,
  .readdir = tmpfs_readdir,
  .stat = tmpfs_stat,
  .release = tmpfs_dir_release,
};
