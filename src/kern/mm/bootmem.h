/* What the page allocator takes over from the boot frame allocator. */
#ifndef MM_BOOTMEM_H
#define MM_BOOTMEM_H

#include <kern/pmm.h>

/* Steps through the ranges not handed out, by address: *cursor starts at 0. False after the last. */
bool bootmem_next_free(unsigned *cursor, paddr_t *base, paddr_t *end);

/* Takes given frames out, see pmm_reserve_pages. -EBUSY when they are not all free; -ENOSPC when there is no room to note
 * down that a range was cut in two. */
MUST_CHECK int bootmem_reserve(paddr_t base, uint64_t count);

/* The boot allocator hands out nothing from now on. */
void bootmem_close(void);

#endif
