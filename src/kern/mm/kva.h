/*
 * The kernel window: its first 100 MiB (half of it when it is smaller than 200) are the heap's, the rest is for stacks and
 * other guarded ranges. One lock orders the ranges, the kernel's page tables and the counters.
 */
#ifndef MM_KVA_H
#define MM_KVA_H

#include <kern/arch.h>

MUST_CHECK int kva_init(void);

/* Whole pages of the heap's part at a multiple of `align` bytes, mapped, contents arbitrary. -ENOMEM changes nothing. */
MUST_CHECK int kva_heap_alloc(size_t pages, size_t align, void **out);
void kva_heap_free(void *p, size_t pages);

#define KVA_HEAP_MAX MIB(100)

/* The heap's part; constant after kva_init. */
extern struct arch_window kva_heap_window;

uint64_t kva_heap_pages(void);
uint64_t kva_guarded_pages(void);

#endif
