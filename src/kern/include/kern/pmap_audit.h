/*
 * The kernel's page tables, looked at as a whole: what must hold for every entry, and not only for those a test thought
 * of. Cheap enough for every boot; the walk is the machine's (arch/x86_64/fmt/pmap_audit.c, for both).
 */
#ifndef KERN_PMAP_AUDIT_H
#define KERN_PMAP_AUDIT_H

#include <kern/types.h>

struct arch_image;

struct pmap_flaw {
  const char *what;
  vaddr_t va; /* where; a range's first address */
};

/* Walks every table below `root`. True when
 * - no slot of the root below the kernel window's is in use (on the image: the lower half, page 0 with it);
 * - no entry, of a table or of a page, is open to programs;
 * - nothing can be written and executed, and nothing but the text of `image` be executed at all;
 * - the text is mapped, where it was loaded, executable and read-only; so are the constants, but not executable;
 * - no other mapping allows writing to the memory of either.
 * Otherwise *flaw says what is wrong first. The tables do not change meanwhile. */
MUST_CHECK bool pmap_audit(paddr_t root, const struct arch_image *image, struct pmap_flaw *flaw);

/* The same for the kernel's own tables and image; panics with what is wrong. Once, at the end of the boot. */
void pmap_audit_kernel(void);

#endif
