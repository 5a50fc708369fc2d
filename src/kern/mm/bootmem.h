/* What the boot frame allocator tells the page allocator; private to mm/. */
#ifndef KERN_MM_BOOTMEM_H
#define KERN_MM_BOOTMEM_H

#include <kern/bootinfo.h>

/* The part of region i that is usable and was not handed out; false when there is none. */
bool bootmem_left(uint32_t i, paddr_t *base, paddr_t *end);

#endif
