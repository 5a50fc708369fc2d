/* The tables of fixed fields: FADT ("FACP"), HPET, MCFG. ACPI 6.5, 5.2.9; see fmt/acpi.h for the others. */
#include <fmt/acpi.h>
#include <fmt/acpi_bytes.h>

/* FADT offsets (table 5.6). Up to FLAGS it is ACPI 1.0's. */
#define FADT_DSDT 40
#define FADT_SCI 46
#define FADT_SMI_COMMAND 48
#define FADT_ACPI_ENABLE 52
#define FADT_PM1A_CONTROL 64
#define FADT_PM1B_CONTROL 68
#define FADT_CENTURY 108
#define FADT_BOOT_FLAGS 109
#define FADT_FLAGS 112
#define FADT_SIZE_1 116u
#define FADT_RESET 116
#define FADT_RESET_VALUE 128
#define FADT_X_DSDT 140
#define FADT_X_PM1A_CONTROL 172
#define FADT_X_PM1B_CONTROL 184
#define FADT_SLEEP_CONTROL 244
#define HEADER_REVISION 8
#define FADT_REVISION_BOOT_FLAGS 2
#define PM1_CONTROL_BITS 16

/* Generic address structure: space, width in bits, first bit, access size, address. */
#define GAS_BITS 1
#define GAS_ADDRESS 4
#define GAS_SIZE 12u

#define HPET_ADDRESS 40
#define MCFG_ENTRIES 44u
#define MCFG_ENTRY_SIZE 16u

static struct acpi_register decode_gas(const uint8_t *t, uint32_t length, uint32_t at)
{
  if (at > length || length - at < GAS_SIZE) return (struct acpi_register){0};
  return (struct acpi_register){
    .space = t[at], .bits = t[at + GAS_BITS], .address = acpi_u64(t, length, at + GAS_ADDRESS)};
}

/* A register that has an extended field, which counts if it says anything we can use, and a port from ACPI 1.0. */
static struct acpi_register decode_register(const uint8_t *t, uint32_t length, uint32_t extended, uint32_t port)
{
  struct acpi_register r = decode_gas(t, length, extended);
  if (r.address && (r.space == ACPI_SPACE_MEMORY || r.space == ACPI_SPACE_IO)) return r;
  return (struct acpi_register){.space = ACPI_SPACE_IO, .bits = PM1_CONTROL_BITS, .address = acpi_u32(t, length, port)};
}

void acpi_decode_fadt(const uint8_t *t, uint32_t length, struct acpi_fadt *fadt)
{
  if (length < FADT_SIZE_1) return;
  fadt->present = true;
  fadt->dsdt = acpi_u64(t, length, FADT_X_DSDT);
  if (!fadt->dsdt) fadt->dsdt = acpi_u32(t, length, FADT_DSDT);
  fadt->sci = acpi_u16(t, length, FADT_SCI);
  uint32_t smi_command = acpi_u32(t, length, FADT_SMI_COMMAND);
  if (smi_command <= UINT16_MAX) fadt->smi_command = (uint16_t)smi_command;
  fadt->acpi_enable = acpi_u8(t, length, FADT_ACPI_ENABLE);
  fadt->pm1a_control = decode_register(t, length, FADT_X_PM1A_CONTROL, FADT_PM1A_CONTROL);
  fadt->pm1b_control = decode_register(t, length, FADT_X_PM1B_CONTROL, FADT_PM1B_CONTROL);
  fadt->century = acpi_u8(t, length, FADT_CENTURY);
  fadt->has_boot_flags = acpi_u8(t, length, HEADER_REVISION) >= FADT_REVISION_BOOT_FLAGS;
  if (fadt->has_boot_flags) fadt->boot_flags = acpi_u16(t, length, FADT_BOOT_FLAGS);
  fadt->features = acpi_u32(t, length, FADT_FLAGS);
  if (fadt->features & ACPI_FEATURE_RESET) fadt->reset = decode_gas(t, length, FADT_RESET);
  fadt->reset_value = acpi_u8(t, length, FADT_RESET_VALUE);
  if (fadt->features & ACPI_FEATURE_HW_REDUCED) fadt->sleep_control = decode_gas(t, length, FADT_SLEEP_CONTROL);
}

void acpi_decode_hpet(const uint8_t *t, uint32_t length, struct acpi_hpet *hpet)
{
  struct acpi_register r = decode_gas(t, length, HPET_ADDRESS);
  if (r.space == ACPI_SPACE_MEMORY) hpet->address = r.address;
}

void acpi_decode_mcfg(const uint8_t *t, uint32_t length, struct acpi_mcfg *mcfg)
{
  for (uint32_t at = MCFG_ENTRIES; at < length && length - at >= MCFG_ENTRY_SIZE; at += MCFG_ENTRY_SIZE) {
    const uint8_t *e = t + at;
    struct acpi_bus bus = {.base = acpi_u64(e, MCFG_ENTRY_SIZE, 0),
                           .segment = acpi_u16(e, MCFG_ENTRY_SIZE, 8),
                           .first = e[10],
                           .last = e[11]};
    if (!bus.base || bus.last < bus.first || mcfg->nbuses == ACPI_BUSES_MAX) continue;
    mcfg->buses[mcfg->nbuses++] = bus;
  }
}
