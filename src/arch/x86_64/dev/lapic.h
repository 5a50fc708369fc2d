/*
 * The local APIC: a processor's own interrupt controller and timer. Intel SDM vol. 3A, chapter 10. Reached through
 * registers in memory (xAPIC), or through MSRs where the processor has that (x2APIC).
 */
#ifndef X86_DEV_LAPIC_H
#define X86_DEV_LAPIC_H

#include <fmt/acpi.h>

/* Vectors of the local APIC itself; the lower four bits of the spurious one are set (10.9). */
#define VECTOR_APIC_ERROR 0xFEu
#define VECTOR_APIC_SPURIOUS 0xFFu

/* Enables this processor's local APIC, with the non-maskable lines that the MADT names; the 8259's line is masked.
 * Interrupts disabled. False, and nothing changed, when there is none or its registers cannot be reached. */
bool lapic_init(const struct acpi_madt *madt);

/* Lets the 8259 reach this processor through the local APIC, if that is enabled at all: how a PC starts, but not how
 * every firmware leaves it. Interrupts disabled. */
void lapic_virtual_wire(void);

bool lapic_is_x2apic(void);
uint32_t lapic_id(void);

/* The end of the interrupt in service. */
void lapic_eoi(void);
/* VECTOR_APIC_ERROR and VECTOR_APIC_SPURIOUS. */
void lapic_interrupt(unsigned vector);

/* The timer, delivered as IRQ_TIMER. Whether the processor has the mode that compares with the time-stamp counter; the
 * frequency of the counting mode in Hz, measured in about a millisecond by the calibrated clock, 0 when it stands. */
bool lapic_timer_has_deadline(void);
uint64_t lapic_timer_measure(void);
/* Chooses the mode; no interrupt until the timer is set. `masked`: none at all. */
void lapic_timer_start(bool deadline);
void lapic_timer_set_mask(bool masked);
/* One interrupt after `count` periods, or when the time-stamp counter reaches `tsc`; 0: none. */
void lapic_timer_count(uint32_t count);
void lapic_timer_deadline(uint64_t tsc);

#endif
