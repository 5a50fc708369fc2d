/*
 * Virtual memory objects: memory by page index, demand-zero, reference-counted, an object that handles name. What an address
 * space maps. Identity is the object itself: it never moves, however many are made or cloned.
 *
 * A clone is a snapshot: original and clone share the pages of that moment by reference count, and whoever writes to one
 * first gets a copy of it for himself. Each has a complete tree of its own (mm/vmo_tree.h), so that neither needs the other
 * from then on. What is mapped writable of the original loses that right in every address space and gets it back, page by
 * page, on the next write (mm/aspace_fault.c).
 *
 * A page is never writable in one mapping and executable in another, whatever address spaces they are in, nor written by a
 * call while a mapping may execute it.
 */
#ifndef KERN_VMO_H
#define KERN_VMO_H

#include <kern/object.h>
#include <kern/types.h>
#include <kern/uaccess.h>

struct vmo;

#define VMO_SIZE_MAX (1ull << 36) /* bytes: 64 GiB; pages come when touched */

MUST_CHECK int vmo_init(void); /* once, at boot; -ENOMEM */

/* size in bytes, rounded up to pages; 0 is fine. -ENOMEM, -EINVAL when larger than VMO_SIZE_MAX. */
MUST_CHECK int vmo_create(uint64_t size, struct vmo **out);
void vmo_ref(struct vmo *v);
void vmo_unref(struct vmo *v); /* the last one frees every page */
struct object *vmo_object(struct vmo *v);
struct vmo *vmo_from_object(struct object *obj); /* an OBJECT_VMO */

uint64_t vmo_id(const struct vmo *v); /* from 1, never twice */
uint64_t vmo_size(struct vmo *v);

/* A snapshot of [offset, offset + size), a new object with one reference; what lies past the original's end is zero there.
 * -EINVAL offset not on a page, or a sum past VMO_SIZE_MAX; -ENOMEM. O(height) from offset 0 on, else O(pages present). */
MUST_CHECK int vmo_clone(struct vmo *v, uint64_t offset, uint64_t size, struct vmo **out);

/* In bytes, rounded up to pages. Pages past the end are gone, from every mapping too (touching them there is -ERANGE), and
 * the last page's bytes past `size` are zero. What is new reads as zero. -EINVAL as vmo_create; -ETXTBSY when a page that
 * would go or be zeroed is mapped executable; -ENOMEM: of cloned objects, even smaller ones. A failure changes nothing. */
MUST_CHECK int vmo_resize(struct vmo *v, uint64_t size);

/* The object is `size` bytes long and begins as these, which stay readable and constant for ever: a page nobody wrote yet
 * comes from there. For an object without pages that nobody else knows yet. Clones inherit it. */
void vmo_set_source(struct vmo *v, const uint8_t *bytes, uint64_t size);

/* Pages that objects have in common at most: a write that would need more is -ENOMEM. Clones are free of it. */
struct vmo_quota {
  uint64_t limit;
  uint64_t used; /* atomic */
};
void vmo_set_quota(struct vmo *v, struct vmo_quota *q); /* before the first page */

/* The page at `index`, allocated when absent (commit) or -ENOENT (not commit). -ERANGE past the end, -ENOMEM. For the
 * filling of an object nobody else knows yet: otherwise the page may be shared, or gone, as soon as it is answered. */
MUST_CHECK int vmo_get_page(struct vmo *v, uint64_t index, bool commit, paddr_t *out);

/* Access by byte offset. Absent pages are allocated on write. A failure part-way leaves what was copied before; uio->left
 * tells how much. -ERANGE when not all of it is inside (nothing copied), -ENOMEM, -ETXTBSY the page is mapped executable,
 * for a uio -EFAULT. May sleep for a uio of a program's. */
MUST_CHECK int vmo_read(struct vmo *v, uint64_t offset, void *buf, size_t len);
MUST_CHECK int vmo_write(struct vmo *v, uint64_t offset, const void *buf, size_t len);
MUST_CHECK int vmo_read_uio(struct vmo *v, uint64_t offset, struct uio *uio);
MUST_CHECK int vmo_write_uio(struct vmo *v, uint64_t offset, struct uio *uio);
/* The same, and the object grows with what is written past its end. The sum is at most VMO_SIZE_MAX. */
MUST_CHECK int vmo_append_uio(struct vmo *v, uint64_t offset, struct uio *uio);
/* Zeroes [offset, end), both in one page, or nothing if the page is absent. -ENOMEM, -ETXTBSY. */
MUST_CHECK int vmo_zero(struct vmo *v, uint64_t offset, uint64_t end);

/* Pages it has, shared ones included. */
uint64_t vmo_committed_pages(const struct vmo *v);

#endif
