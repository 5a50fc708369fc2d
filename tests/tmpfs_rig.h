/* What tests of tmpfs share, over the rig of the file systems: an empty root. */
#ifndef TESTS_TMPFS_RIG_H
#define TESTS_TMPFS_RIG_H

#include "fs_rig.h"

#include "../src/kern/fs/tmpfs.h"

extern struct vnode *root;

/* Fixtures. Every test ends with nothing left. */
void tmpfs_setup(void);
void tmpfs_teardown(void);

/* In the root, empty. */
struct vnode *make_file(const char *name);
struct vnode *make_directory(struct vnode *dir, const char *name);
uint64_t size_of(struct vnode *v);

#endif
