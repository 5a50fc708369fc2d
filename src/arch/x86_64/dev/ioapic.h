/* The I/O APICs: interrupt lines to local APICs. Intel 82093AA data sheet, 3.0 "Register description". */
#ifndef X86_DEV_IOAPIC_H
#define X86_DEV_IOAPIC_H

#include <fmt/acpi.h>

/* Masks every line of every I/O APIC the MADT names, and gives each ISA interrupt that has a line the vector it has with
 * the 8259 too, still masked, towards the local APIC `destination`. Interrupts disabled. Answers how many ISA
 * interrupts have a line; 0: this is no way to get any. */
unsigned ioapic_init(const struct acpi_madt *madt, uint32_t destination);

/* Of an ISA interrupt; one without a line is ignored. Interrupts in any state. */
void ioapic_set_mask(unsigned irq, bool masked);

#endif
