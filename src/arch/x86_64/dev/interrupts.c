/* The choice between APICs and 8259s; see dev/interrupts.h. */
#include "interrupts.h"

#include "acpi.h"
#include "ioapic.h"
#include "lapic.h"
#include "pic.h"
#include "timer.h"
#include <kern/arch.h>
#include <kern/bootinfo.h>
#include <kern/log.h>

static bool apics;
static unsigned unmasked; /* lines */

/* Why the APICs cannot be used; null when they are. */
static const char *start_apics(const char *cmdline)
{
  char value[2];
  if (cmdline_get(cmdline, "noapic", value, sizeof value)) return "noapic";
  if (!acpi.madt.present || acpi.madt.nioapics == 0) return "the firmware describes no APICs";
  if (!lapic_init(&acpi.madt)) return "the local APIC is out of reach";
  if (ioapic_init(&acpi.madt, lapic_id()) == 0) return "no I/O APIC has the ISA interrupts";
  return NULL;
}

void interrupts_init(const char *cmdline)
{
  pic_init();
  const char *why_not = start_apics(cmdline);
  apics = !why_not;
  if (apics) return;
  log_info("interrupts: by the 8259s: %s", why_not);
  lapic_virtual_wire();
}

bool interrupts_by_apic(void)
{
  return apics;
}

const char *interrupts_name(void)
{
  return !apics ? "8259" : lapic_is_x2apic() ? "x2APIC" : "APIC";
}

static void set_mask(unsigned irq, bool masked)
{
  if (irq >= IRQ_COUNT) return;
  unmasked = masked ? unmasked & ~(1u << irq) : unmasked | 1u << irq;
  if (!apics)
    pic_set_mask(irq, masked);
  else if (irq == IRQ_TIMER && timer_is_local())
    lapic_timer_set_mask(masked);
  else
    ioapic_set_mask(irq, masked);
}

void arch_irq_unmask(unsigned irq)
{
  set_mask(irq, false);
}

void arch_irq_mask(unsigned irq)
{
  set_mask(irq, true);
}

void arch_irq_eoi(unsigned irq)
{
  if (apics)
    lapic_eoi();
  else
    pic_eoi(irq);
}

unsigned interrupts_unmasked(void)
{
  return unmasked;
}

bool interrupts_is_spurious(unsigned irq)
{
  return !apics && pic_is_spurious(irq);
}
