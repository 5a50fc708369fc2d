/* Devices of the PC that the kernel's console uses. Each probes, registers itself and says whether it is there. */
#ifndef DEV_DEVICES_H
#define DEV_DEVICES_H

#include <kern/types.h>

struct bootinfo;

bool framebuffer_init(const struct bootinfo *bi);
bool vga_init(void);

/* Maps the framebuffer, if there is one that can be drawn on, in the kernel's tables `root`. For arch_kernel_pmap_fill. */
MUST_CHECK int framebuffer_map(paddr_t root, const struct bootinfo *bi);

#endif
