/* The two 8259A interrupt controllers: interrupt lines 0-15 at vectors 32-47. */
#ifndef X86_DEV_PIC_H
#define X86_DEV_PIC_H

#include <kern/types.h>

/* Remaps the lines and masks them all. Interrupts disabled. */
void pic_init(void);

/* `irq` is below 16. */
void pic_set_mask(unsigned irq, bool on);
void pic_eoi(unsigned irq);

/* Whether the interrupt that arrived on `irq` was none: the controller reports line 7 or 15 when a request went away
 * before it was acknowledged. Then it must not be acknowledged again. */
bool pic_is_spurious(unsigned irq);

#endif
