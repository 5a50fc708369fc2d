/*
 * The ACPI machine; see dev/acpi.h. Specification 6.5: 4.8.3.2 "PM1 control", 4.8.3.6 "Reset register", 4.8.3.7 "Sleep
 * control", 7.4.2 "System \_Sx states", 16.1.6 "Transitioning from the working to the soft off state". The tables'
 * methods (\_PTS) are not run: that takes an interpreter.
 */
#include "acpi.h"

#include "../insn.h"
#include <kern/arch.h>
#include <kern/log.h>

#define PM1_SCI_EN 0x0001u
#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SLEEP_TYPE_MASK 0x1C00u
#define PM1_SLEEP_ENABLE 0x2000u
#define SLEEP_CONTROL_TYPE_SHIFT 2
#define SLEEP_CONTROL_ENABLE 0x20u

#define DELAY_PORT 0x80 /* takes about a microsecond on any PC */
#define SECOND 1000000u
#define ENABLE_SECONDS 3u /* what others allow firmware for it */

struct acpi_info acpi;
static bool memory_registers; /* the kernel's page tables show them */

static void delay(unsigned microseconds)
{
  while (microseconds-- > 0) (void)insn_in8(DELAY_PORT);
}

void acpi_read(const struct phys_view *view, paddr_t rsdp)
{
  (void)acpi_decode(view, rsdp, &acpi);
}

static void log_table(const struct acpi_table *t)
{
  if (t->error)
    log_warn("acpi: table \"%s\" at 0x%llx ignored: %s", t->signature, (unsigned long long)t->address,
             acpi_error_text(t->error));
  else
    log_debug("acpi: table \"%s\" at 0x%llx, %u bytes", t->signature, (unsigned long long)t->address, t->length);
}

void acpi_start(void)
{
  memory_registers = true;
  for (unsigned i = 0; i < acpi.ntables; i++) log_table(&acpi.tables[i]);
  if (acpi.error == ACPI_NO_RSDP)
    log_info("acpi: %s", acpi_error_text(acpi.error));
  else if (acpi.error)
    log_warn("acpi: no tables: %s", acpi_error_text(acpi.error));
  if (acpi.madt.damaged) log_warn("acpi: the end of table \"APIC\" is damaged");
}

static bool reachable(const struct acpi_register *r)
{
  if (!r->address) return false;
  if (r->space == ACPI_SPACE_IO) return r->address <= UINT16_MAX;
  return r->space == ACPI_SPACE_MEMORY && memory_registers;
}

static uint32_t read_register(const struct acpi_register *r, unsigned width)
{
  return arch_io_read(r->space == ACPI_SPACE_IO ? IO_PORT : IO_MMIO, r->address, width);
}

static void write_register(const struct acpi_register *r, unsigned width, uint32_t value)
{
  arch_io_write(r->space == ACPI_SPACE_IO ? IO_PORT : IO_MMIO, r->address, width, value);
}

/* Until the firmware hands the hardware over, the registers are its own. */
static void enable(const struct acpi_fadt *f)
{
  if (!f->smi_command || !f->acpi_enable || read_register(&f->pm1a_control, 2) & PM1_SCI_EN) return;
  insn_out8(f->smi_command, f->acpi_enable);
  for (unsigned i = 0; i < ENABLE_SECONDS * 1000 && !(read_register(&f->pm1a_control, 2) & PM1_SCI_EN); i++)
    delay(1000);
}

/* First the type in both registers, then the word: so does everybody, and some hardware wants it. */
static void sleep_by_pm1(const struct acpi_fadt *f, const struct acpi_s5 *s5)
{
  bool has_b = reachable(&f->pm1b_control);
  enable(f);
  uint32_t a = (read_register(&f->pm1a_control, 2) & ~(PM1_SLEEP_TYPE_MASK | PM1_SLEEP_ENABLE)) |
               (uint32_t)s5->type_a << PM1_SLEEP_TYPE_SHIFT;
  uint32_t b = has_b ? (read_register(&f->pm1b_control, 2) & ~(PM1_SLEEP_TYPE_MASK | PM1_SLEEP_ENABLE)) |
                         (uint32_t)s5->type_b << PM1_SLEEP_TYPE_SHIFT
                     : 0;
  write_register(&f->pm1a_control, 2, a);
  if (has_b) write_register(&f->pm1b_control, 2, b);
  write_register(&f->pm1a_control, 2, a | PM1_SLEEP_ENABLE);
  if (has_b) write_register(&f->pm1b_control, 2, b | PM1_SLEEP_ENABLE);
}

void acpi_power_off(void)
{
  const struct acpi_fadt *f = &acpi.fadt;
  const struct acpi_s5 *s5 = &acpi.s5;
  if (!s5->known) return;
  if (reachable(&f->sleep_control))
    write_register(&f->sleep_control, 1, (uint32_t)s5->type_a << SLEEP_CONTROL_TYPE_SHIFT | SLEEP_CONTROL_ENABLE);
  else if (reachable(&f->pm1a_control))
    sleep_by_pm1(f, s5);
  else
    return;
  delay(SECOND);
}

void acpi_reset(void)
{
  const struct acpi_fadt *f = &acpi.fadt;
  if (!reachable(&f->reset)) return;
  log_debug("power: reset by ACPI register 0x%llx", (unsigned long long)f->reset.address);
  write_register(&f->reset, 1, f->reset_value);
  delay(SECOND);
}
