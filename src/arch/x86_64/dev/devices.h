/* Devices of the PC that the kernel's console uses. Each probes, registers itself and says whether it is there. */
#ifndef DEV_DEVICES_H
#define DEV_DEVICES_H

#include <kern/types.h>

struct bootinfo;

bool vga_init(const struct bootinfo *bi);
bool keyboard_init(void);

#endif
