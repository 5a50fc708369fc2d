/* Device registers below 4 GiB, for drivers that keep a pointer to them. */
#ifndef X86_IO_H
#define X86_IO_H

#include <kern/types.h>

/* Where the `size` bytes of registers at physical address `pa` appear, uncached; null when the window for devices
 * (layout.h) does not show all of them. After pmap_init. */
volatile void *io_registers_at(paddr_t pa, uint64_t size);

#endif
