/* Inside the file systems: what vfs.c, file.c, initrd.c and devfs.c share. */
#ifndef FS_FS_H
#define FS_FS_H

#include <kern/vfs.h>

/* The directory at /dev; one reference. */
struct vnode *devfs_root(void);

/* Fills an empty tmpfs from a cpio archive that stays where it is. Logs one line that says what is wrong with it. */
MUST_CHECK int initrd_unpack(struct vnode *root, const void *data, size_t size);

/* The entry of a directory, or what is mounted on it; a new reference. */
MUST_CHECK int vnode_lookup(struct vnode *dir, const char *name, struct vnode **out);

/* An open file without a vnode yet; whoever sets `vnode` gives it a reference. */
MUST_CHECK int file_create(int flags, struct file **out);

#endif
