/* Interrupt handlers by line. The timer's line is the kernel's own and is not registered here. */
#ifndef KERN_IRQ_H
#define KERN_IRQ_H

#include <kern/types.h>

/* From now on `handler(arg)` runs for every interrupt of the line: in interrupt context, interrupts disabled, the
 * line acknowledged when it returns. Unmasks the line. Handlers are never removed. -EINVAL no such line or the
 * timer's, -EBUSY the line has a handler. */
MUST_CHECK int irq_register(unsigned irq, void (*handler)(void *arg), void *arg);

#endif
