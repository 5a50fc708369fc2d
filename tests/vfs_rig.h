/* What tests of the tree of names share, over the rig of the file systems: an initial RAM disk, its files. */
#ifndef TESTS_VFS_RIG_H
#define TESTS_VFS_RIG_H

#include "archive.h"
#include "fs_rig.h"

extern struct archive disk; /* the initial RAM disk */

/* Fixtures: an empty archive; a tree with /bin/sh, /etc/motd, /etc/empty. */
void vfs_setup(void);
void vfs_setup_tree(void);
/* Ends the archive. The answer is vfs_init's. */
int mount_archive(void);

void expect_file(const char *path, const char *text);
/* 0: there is none. */
uint32_t type_of(const char *path);

struct file *open_file(const char *path, int flags);
void close_file(struct file *f);
ssize_type write_text(struct file *f, const char *text);
void expect_read(struct file *f, size_t size, const char *text);

#endif
