/* What the address space needs of an object beyond kern/vmo.h. */
#ifndef MM_VMO_IMPL_H
#define MM_VMO_IMPL_H

#include <kern/vmo.h>

/* vmo_get_page with commit, and whether the page was made just now. */
MUST_CHECK int vmo_commit_page(struct vmo *v, uint64_t index, bool *fresh, paddr_t *out);

/* Gives pages back; they read as zero again. Nobody may be using them. */
void vmo_decommit(struct vmo *v, uint64_t first, uint64_t count);

/* References held; equal to those the caller knows of, it means that nobody else can reach the object. */
unsigned vmo_refs(const struct vmo *v);

#endif
