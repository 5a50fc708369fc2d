/* Multiboot2 boot information to struct bootinfo. Multiboot2 Specification 2.0, 3.6 "Boot information format". */
#ifndef X86_FMT_MULTIBOOT2_H
#define X86_FMT_MULTIBOOT2_H

#include <fmt/physview.h>
#include <kern/bootinfo.h>

/* Fills the zeroed `bi` from the information structure at physical address `info`. Reads nothing outside `view`, trusts
 * no size. -EFAULT the structure is outside the view; -EINVAL it is malformed (a tag beyond the end, no end tag, an
 * initial RAM disk that ends before it begins, no memory map); -ENOSPC more regions than bi holds. */
MUST_CHECK int multiboot2_decode(const struct phys_view *view, paddr_t info, struct bootinfo *bi);

#endif
