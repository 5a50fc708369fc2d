/* What the firmware's ACPI tables say about this machine, and the two things they offer to do. */
#ifndef X86_DEV_ACPI_H
#define X86_DEV_ACPI_H

#include <fmt/acpi.h>

struct bootinfo;

/* All zero on a machine without tables. Read-only after acpi_read. */
extern struct acpi_info acpi;

/* Decodes the tables. Once, at the entry, while the boot page tables show all memory below 4 GiB, wherever the firmware
 * put them; tables above are out of reach. */
void acpi_read(const struct phys_view *view, paddr_t rsdp);

/* Says what was found, and what was damaged. From here on registers in memory can be reached, too. */
void acpi_start(void);

/* Switches the machine off, or resets it, by the registers that the tables name. Interrupts disabled. Return when the
 * tables name none, or when nothing has happened a second later. */
void acpi_power_off(void);
void acpi_reset(void);

#endif
