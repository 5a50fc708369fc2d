/*
 * What the file systems stand on, for unit tests: memory from the host that counts what is out and fails when told to,
 * locks that complain, a clock that stands still, the last line of the log, buffers that turn bad.
 */
#ifndef TESTS_FS_RIG_H
#define TESTS_FS_RIG_H

#include "suite.h"

#include <kern/kmem.h>
#include <kern/vfs.h>

extern struct fs_rig {
  long allocations, pages; /* out at the moment */
  long fail_after;         /* allocations and pages until one fails; negative: never */
  bool failed;             /* one did */
  long zone_pages;         /* what pmm_get_stats says programs have in all */
  long faults_after;       /* uio transfers until one answers -EFAULT; negative: never */
  uint64_t seconds;        /* since 1970 */
  char log[256];           /* the last line */
  unsigned log_lines;
} fs_rig;

void fs_rig_reset(void);

/* vnode operations with kernel memory; the answer is a count or negative errno. */
ssize_type rig_write(struct vnode *v, const void *bytes, size_t n, uint64_t offset);
ssize_type rig_read(struct vnode *v, void *bytes, size_t n, uint64_t offset);

#endif
