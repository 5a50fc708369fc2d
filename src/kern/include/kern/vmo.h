/*
 * Virtual memory objects: memory by page index, demand-zero, reference-counted. What an address space maps. Identity
 * is the object itself: it never moves, however many are made.
 */
#ifndef KERN_VMO_H
#define KERN_VMO_H

#include <kern/spinlock.h>
#include <kern/types.h>

struct vmo;

/* size in bytes, rounded up to pages. -ENOMEM, -EINVAL when 0 or larger than the user window. */
MUST_CHECK int vmo_create(uint64_t size, struct vmo **out);
void vmo_ref(struct vmo *v);
void vmo_unref(struct vmo *v); /* the last one frees every page */
uint64_t vmo_size(const struct vmo *v);

/* The page at `index`, allocated zeroed when absent (commit) or -ENOENT (not commit). -ERANGE past the end, -ENOMEM. */
MUST_CHECK int vmo_get_page(struct vmo *v, uint64_t index, bool commit, paddr_t *out);

/* Kernel access by byte offset; absent pages read as zero and are allocated on write. -ERANGE, -ENOMEM (partial write possible). */
MUST_CHECK int vmo_read(struct vmo *v, uint64_t offset, void *buf, size_t len);
MUST_CHECK int vmo_write(struct vmo *v, uint64_t offset, const void *buf, size_t len);

uint64_t vmo_committed_pages(const struct vmo *v);

#endif
