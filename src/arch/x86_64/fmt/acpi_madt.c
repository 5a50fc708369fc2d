/* The MADT, "APIC": interrupt controllers and how lines reach them. ACPI 6.5, 5.2.12. */
#include <fmt/acpi.h>
#include <fmt/acpi_bytes.h>

#define MADT_LAPIC 36
#define MADT_FLAGS 40
#define MADT_ENTRIES 44u
#define MADT_PCAT_COMPAT 1u

enum entry_type {
  ENTRY_LAPIC = 0,
  ENTRY_IOAPIC = 1,
  ENTRY_OVERRIDE = 2,
  ENTRY_LAPIC_NMI = 4,
  ENTRY_LAPIC_ADDRESS = 5,
  ENTRY_X2APIC = 9,
  ENTRY_X2APIC_NMI = 10,
};
#define ENTRY_HEADER 2u

#define CPU_ENABLED 1u
#define BUS_ISA 0
#define UID_ALL_8 0xFFu /* what ACPI_ALL_CPUS is in an entry with 8-bit processor numbers */

/* MPS INTI flags (table 5.26): 0 in a field is the bus's own way, which for ISA is active high and edge. */
static struct acpi_signal decode_signal(uint16_t flags)
{
  return (struct acpi_signal){.active_low = (flags & 3) == 3, .level = (flags >> 2 & 3) == 3};
}

static void add_cpu(struct acpi_madt *madt, uint32_t apic_id, uint32_t uid, uint32_t flags)
{
  if (!(flags & CPU_ENABLED)) return;
  if (madt->ncpus < ACPI_CPUS_MAX) madt->cpus[madt->ncpus] = (struct acpi_cpu){.apic_id = apic_id, .uid = uid};
  madt->ncpus++;
}

static void add_ioapic(struct acpi_madt *madt, uint8_t id, paddr_t address, uint32_t gsi_base)
{
  if (madt->nioapics == ACPI_IOAPICS_MAX) return;
  madt->ioapics[madt->nioapics++] = (struct acpi_ioapic){.id = id, .address = address, .gsi_base = gsi_base};
}

static void add_nmi(struct acpi_madt *madt, uint32_t uid, uint8_t lint, uint16_t flags)
{
  if (lint > 1 || madt->nnmis == ACPI_NMIS_MAX) return;
  madt->nmis[madt->nnmis++] = (struct acpi_nmi){.uid = uid, .lint = lint, .signal = decode_signal(flags)};
}

static void override_irq(struct acpi_madt *madt, uint8_t bus, uint8_t irq, uint32_t gsi, uint16_t flags)
{
  if (bus != BUS_ISA || irq >= ISA_IRQS) return;
  madt->isa[irq] = (struct acpi_isa_irq){.overridden = true, .gsi = gsi, .signal = decode_signal(flags)};
}

/* Least length of an entry of a type that is used; the fields below lie inside it. 0: the type is skipped. */
static uint8_t least_length(uint8_t type)
{
  switch (type) {
  case ENTRY_LAPIC: return 8;
  case ENTRY_IOAPIC: return 12;
  case ENTRY_OVERRIDE: return 10;
  case ENTRY_LAPIC_NMI: return 6;
  case ENTRY_LAPIC_ADDRESS: return 12;
  case ENTRY_X2APIC: return 16;
  case ENTRY_X2APIC_NMI: return 12;
  default: return 0;
  }
}

static void decode_entry(struct acpi_madt *madt, const uint8_t *e, uint8_t length)
{
  switch (e[0]) {
  case ENTRY_LAPIC: add_cpu(madt, e[3], e[2], acpi_u32(e, length, 4)); break;
  case ENTRY_IOAPIC: add_ioapic(madt, e[2], acpi_u32(e, length, 4), acpi_u32(e, length, 8)); break;
  case ENTRY_OVERRIDE: override_irq(madt, e[2], e[3], acpi_u32(e, length, 4), acpi_u16(e, length, 8)); break;
  case ENTRY_LAPIC_NMI: add_nmi(madt, e[2] == UID_ALL_8 ? ACPI_ALL_CPUS : e[2], e[5], acpi_u16(e, length, 3)); break;
  case ENTRY_LAPIC_ADDRESS: madt->lapic = acpi_u64(e, length, 4); break;
  case ENTRY_X2APIC: add_cpu(madt, acpi_u32(e, length, 4), acpi_u32(e, length, 12), acpi_u32(e, length, 8)); break;
  case ENTRY_X2APIC_NMI: add_nmi(madt, acpi_u32(e, length, 4), e[8], acpi_u16(e, length, 2)); break;
  }
}

void acpi_decode_madt(const uint8_t *t, uint32_t length, struct acpi_madt *madt)
{
  if (length < MADT_ENTRIES) return;
  madt->present = true;
  madt->lapic = acpi_u32(t, length, MADT_LAPIC);
  madt->pcat = acpi_u32(t, length, MADT_FLAGS) & MADT_PCAT_COMPAT;
  for (unsigned irq = 0; irq < ISA_IRQS; irq++) madt->isa[irq].gsi = irq;

  for (uint32_t at = MADT_ENTRIES; at < length;) {
    const uint8_t *e = t + at;
    uint32_t left = length - at;
    if (left < ENTRY_HEADER || e[1] < ENTRY_HEADER || e[1] > left) {
      madt->damaged = true;
      return;
    }
    if (least_length(e[0]) && e[1] >= least_length(e[0])) decode_entry(madt, e, e[1]);
    at += e[1];
  }
}
