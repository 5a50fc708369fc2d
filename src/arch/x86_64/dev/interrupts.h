/* Which interrupt controllers this machine uses: the APICs, or the two 8259s when there are no APICs that the firmware
 * describes, or the command line says noapic. arch_irq_mask, arch_irq_unmask and arch_irq_eoi are here. */
#ifndef X86_DEV_INTERRUPTS_H
#define X86_DEV_INTERRUPTS_H

#include <kern/types.h>

/* Leaves every line masked. Once, interrupts disabled, after acpi_start. */
void interrupts_init(const char *cmdline);

/* False: by the 8259s. */
bool interrupts_by_apic(void);
/* For the log. */
const char *interrupts_name(void);

/* A bit for each line that is not masked. */
unsigned interrupts_unmasked(void);

/* Whether the interrupt that arrived on `irq` was none; then it must not be acknowledged. */
bool interrupts_is_spurious(unsigned irq);

#endif
