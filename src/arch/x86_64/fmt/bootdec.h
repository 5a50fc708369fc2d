/* What the boot-protocol decoders share. */
#ifndef X86_FMT_BOOTDEC_H
#define X86_FMT_BOOTDEC_H

#include <kern/bootinfo.h>

/* A region of a memory map. What reaches past 52-bit addresses is cut there. -ENOSPC when the table is full. */
MUST_CHECK int bootdec_add_memory(struct bootinfo *bi, uint64_t base, uint64_t length, enum mem_kind kind);

/* The same, `type` in the numbering of INT 15h, E820h (ACPI 6, table 15.5), which Multiboot2 and PVH kept. */
MUST_CHECK int bootdec_add_e820(struct bootinfo *bi, uint64_t base, uint64_t length, uint32_t type);

/* The initial RAM disk at [start, start + size), which also becomes a region of its own. -EINVAL when it is empty or
 * wraps, -ENOSPC. */
MUST_CHECK int bootdec_set_initrd(struct bootinfo *bi, uint64_t start, uint64_t size);

/* Copies a string that ends with a null or after `len` bytes; what does not fit is cut. */
void bootdec_copy_string(char *dst, size_t size, const uint8_t *src, size_t len);

/* The command line, likewise; line ends and other control characters become spaces, and none stay at its end. */
void bootdec_set_cmdline(struct bootinfo *bi, const uint8_t *src, size_t len);

#endif
