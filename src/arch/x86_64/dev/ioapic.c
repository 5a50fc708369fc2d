/* The I/O APICs; see dev/ioapic.h. Two registers: one chooses what the other shows. */
#include "ioapic.h"

#include "../io.h"
#include <fmt/trapframe.h>
#include <kern/arch.h>
#include <kern/log.h>

#define WINDOW_SIZE 0x20u
#define SELECT 0 /* of 32-bit words */
#define DATA 4

#define REG_VERSION 0x01u
#define REG_ENTRIES 0x10u /* two for each line */
#define VERSION_LAST(version) ((version) >> 16 & 0xFF)
#define LINES_MAX 240u

#define ENTRY_ACTIVE_LOW 0x02000u
#define ENTRY_LEVEL 0x08000u
#define ENTRY_MASKED 0x10000u
#define ENTRY_DESTINATION_SHIFT 24
#define DESTINATION_MAX 0xFFu

static struct line {
  volatile uint32_t *window; /* null: the interrupt has no line */
  unsigned index;
  uint32_t low; /* the entry's lower half, as it is now; interrupts disabled */
} lines[ISA_IRQS];

static uint32_t read_register(volatile uint32_t *window, unsigned reg)
{
  window[SELECT] = reg;
  return window[DATA];
}

static void write_register(volatile uint32_t *window, unsigned reg, uint32_t value)
{
  window[SELECT] = reg;
  window[DATA] = value;
}

static void write_low(const struct line *l)
{
  write_register(l->window, REG_ENTRIES + 2 * l->index, l->low);
}

/* The override of another interrupt took the line this one would have. */
static bool is_displaced(const struct acpi_madt *madt, unsigned irq)
{
  if (madt->isa[irq].overridden) return false;
  for (unsigned i = 0; i < ISA_IRQS; i++)
    if (madt->isa[i].overridden && madt->isa[i].gsi == irq) return true;
  return false;
}

static void route(const struct acpi_isa_irq *isa, unsigned irq, volatile uint32_t *window, unsigned index,
                  uint32_t destination)
{
  struct line *l = &lines[irq];
  *l = (struct line){.window = window, .index = index, .low = ENTRY_MASKED | (VECTOR_IRQ_BASE + irq)};
  if (isa->signal.active_low) l->low |= ENTRY_ACTIVE_LOW;
  if (isa->signal.level) l->low |= ENTRY_LEVEL;
  write_register(window, REG_ENTRIES + 2 * index + 1, destination << ENTRY_DESTINATION_SHIFT);
  write_low(l);
}

/* One I/O APIC with the lines [gsi_base, gsi_base + count). */
static unsigned init_one(const struct acpi_madt *madt, const struct acpi_ioapic *io, uint32_t destination)
{
  unsigned routed = 0;
  volatile uint32_t *window = io_registers_at(io->address, WINDOW_SIZE);
  uint32_t version = window ? read_register(window, REG_VERSION) : UINT32_MAX;
  unsigned count = VERSION_LAST(version) + 1;
  if (version == UINT32_MAX || count > LINES_MAX) {
    log_warn("I/O APIC %u at 0x%llx is not there", io->id, (unsigned long long)io->address);
    return 0;
  }
  for (unsigned i = 0; i < count; i++) write_register(window, REG_ENTRIES + 2 * i, ENTRY_MASKED);
  for (unsigned irq = 0; irq < ISA_IRQS; irq++) {
    uint32_t index = madt->isa[irq].gsi - io->gsi_base;
    if (index >= count || is_displaced(madt, irq)) continue;
    route(&madt->isa[irq], irq, window, index, destination);
    routed++;
  }
  log_debug("I/O APIC %u at 0x%llx: lines %u-%u", io->id, (unsigned long long)io->address, io->gsi_base,
            io->gsi_base + count - 1);
  return routed;
}

unsigned ioapic_init(const struct acpi_madt *madt, uint32_t destination)
{
  unsigned routed = 0;
  if (destination > DESTINATION_MAX) return 0;
  for (unsigned i = 0; i < madt->nioapics; i++) routed += init_one(madt, &madt->ioapics[i], destination);
  return routed;
}

void ioapic_set_mask(unsigned irq, bool masked)
{
  struct line *l = &lines[irq];
  if (!l->window) return;
  bool enabled = arch_irq_disable();
  l->low = masked ? l->low | ENTRY_MASKED : l->low & ~ENTRY_MASKED;
  write_low(l);
  arch_irq_restore(enabled);
}
