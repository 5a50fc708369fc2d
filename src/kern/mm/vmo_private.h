/* What address spaces ask of memory objects beyond kern/vmo.h; private to mm/. */
#ifndef KERN_MM_VMO_PRIVATE_H
#define KERN_MM_VMO_PRIVATE_H

#include <kern/vmo.h>

/* Gives the page at `index` back; it reads as zero from then on. Nothing may map it. */
void vmo_decommit(struct vmo *v, uint64_t index);
/* Whether more than `holders` references exist. */
bool vmo_shared(const struct vmo *v, uint32_t holders);

#endif
