/* Page ranges in the kernel window; private to mm/. */
#ifndef KERN_MM_KVA_H
#define KERN_MM_KVA_H

#include <kern/types.h>

/* What a page of the window carries: the heap's note to find its way back from an address. */
#define KVA_PLAIN 0u
#define KVA_SLAB 0xFFFFu

MUST_CHECK int kva_init(void);

/* `pages` mapped writable pages at an address aligned to `align` pages (a power of two), `guard` unmapped ones on either
 * side. -ENOMEM changes nothing. */
MUST_CHECK int kva_alloc(size_t pages, size_t align, size_t guard, void **out);
void kva_free(void *p, size_t pages, size_t guard);

/* Pages handed out by kva_alloc_guarded. */
uint64_t kva_guarded_pages(void);

void kva_note_set(const void *p, uint16_t note);
uint16_t kva_note(const void *p);

#endif
