/*
 * PVH start information to struct bootinfo: what QEMU's -kernel and Xen hand over.
 * Xen, xen/include/public/arch-x86/hvm/start_info.h (the structure is version 0, or 1 with the memory map).
 */
#ifndef X86_FMT_PVH_H
#define X86_FMT_PVH_H

#include <fmt/physview.h>
#include <kern/bootinfo.h>

/* Fills the zeroed `bi` from struct hvm_start_info at physical address `info`. Reads nothing outside `view`, trusts no
 * size. -EFAULT something it points at is outside the view; -EINVAL wrong magic, no memory map, a RAM disk whose
 * addresses wrap; -ENOSPC more regions than bi holds. */
MUST_CHECK int pvh_decode(const struct phys_view *view, paddr_t info, struct bootinfo *bi);

#endif
