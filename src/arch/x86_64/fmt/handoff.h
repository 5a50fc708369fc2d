/* VBI1 boot information (fmt/vbi.h) to struct bootinfo: what our own BIOS and UEFI loaders hand over. */
#ifndef X86_FMT_HANDOFF_H
#define X86_FMT_HANDOFF_H

#include <fmt/physview.h>
#include <kern/bootinfo.h>

/* Fills the zeroed `bi` from struct vbi_info at physical address `info`. Reads nothing outside `view` or outside the
 * block's own size, trusts no number. -EFAULT the block is outside the view; -EINVAL wrong magic, no memory map, a part
 * beyond the block's end, a RAM disk whose addresses wrap; -ENOSPC more regions than bi holds. */
MUST_CHECK int handoff_decode(const struct phys_view *view, paddr_t info, struct bootinfo *bi);

#endif
