/* A framebuffer as the console's screen. */
#ifndef KERN_SCREEN_H
#define KERN_SCREEN_H

#include <kern/types.h>

struct bootinfo;

/* Why the framebuffer of a sanitized `bi` cannot be drawn on: null when it can, or when there is none. What it says of
 * itself is not believed: geometry without overflow, as long as it has to be, pixels aligned, no RAM underneath. */
const char *screen_refusal(const struct bootinfo *bi);

/* Shows the console on the framebuffer that the machine mapped at `pixels` (null: it could not), write-combining if it can:
 * it is never read. Once, after kmem_init and console_init. False when there is none, or it cannot be used: that is a
 * line in the log. */
bool screen_init(const struct bootinfo *bi, void *pixels);

#endif
