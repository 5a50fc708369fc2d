/*
 * ACPI tables: the input is memory from BASE on, the RSDP first. A random change breaks a checksum, so the mutator makes the
 * sums right again, of the RSDP and of every table it can still find from there; the damaged ones are left to chance.
 */
#include "fuzz.h"

#include <fmt/acpi.h>
#include <kern/string.h>

#define BASE 0xE0000u
#define HEADER 36u
#define TABLE_SUM 9u

static void check_info(const struct acpi_info *info)
{
  REQUIRE(info->error < ACPI_ERROR_COUNT && acpi_error_text(info->error) && info->ntables <= ACPI_TABLES_MAX);
  for (unsigned i = 0; i < info->ntables; i++) {
    const struct acpi_table *t = &info->tables[i];
    REQUIRE(t->error < ACPI_ERROR_COUNT && memchr(t->signature, '\0', sizeof t->signature));
    REQUIRE(acpi_error_text(t->error));
  }
  REQUIRE(info->madt.nioapics <= ACPI_IOAPICS_MAX && info->madt.nnmis <= ACPI_NMIS_MAX);
  REQUIRE(info->mcfg.nbuses <= ACPI_BUSES_MAX);
  for (unsigned i = 0; i < info->mcfg.nbuses; i++) REQUIRE(info->mcfg.buses[i].first <= info->mcfg.buses[i].last);
  REQUIRE(info->s5.type_a < 8 && info->s5.type_b < 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct acpi_info info;
  const struct phys_view view = {.bytes = data, .base = BASE, .size = size};
  REQUIRE(acpi_error_text((enum acpi_error)size));
  REQUIRE(acpi_decode(&view, size > 0 ? BASE : 0, &info) == info.error);
  check_info(&info);
  return 0;
}

/* ---- the mutator ---- */

static void fix_sum(uint8_t *p, size_t length, size_t at)
{
  uint8_t sum = 0;
  p[at] = 0;
  for (size_t i = 0; i < length; i++) sum = (uint8_t)(sum + p[i]);
  p[at] = (uint8_t)-sum;
}

static uint64_t load(const uint8_t *p, unsigned width)
{
  uint64_t value = 0;
  memcpy(&value, p, width);
  return value;
}

/* The table at `address` and its length; null when it is not all in the input. */
static uint8_t *table_at(uint8_t *data, size_t size, uint64_t address, size_t *length)
{
  if (address < BASE || address - BASE > size || size - (address - BASE) < HEADER) return NULL;
  uint8_t *t = data + (address - BASE);
  *length = load(t + 4, 4);
  return *length >= HEADER && *length <= size - (address - BASE) ? t : NULL;
}

static void fix_table(uint8_t *data, size_t size, uint64_t address)
{
  size_t length;
  uint8_t *t = table_at(data, size, address, &length);
  if (t) fix_sum(t, length, TABLE_SUM);
}

/* Those a root table names, a FADT's DSDT, and itself last, for all of it may overlap. */
static void fix_tables(uint8_t *data, size_t size, uint64_t root, unsigned width)
{
  size_t length, table_length;
  uint8_t *t = table_at(data, size, root, &length);
  for (size_t at = HEADER; t && length - at >= width; at += width) {
    uint64_t address = load(t + at, width);
    const uint8_t *table = table_at(data, size, address, &table_length);
    if (table && table_length >= 44) fix_table(data, size, load(table + 40, 4));
    fix_table(data, size, address);
  }
  fix_table(data, size, root);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
  size = LLVMFuzzerMutate(data, size, max_size);
  if (size < HEADER || seed % 8 == 0) return size;
  fix_tables(data, size, load(data + 16, 4), 4);
  fix_tables(data, size, load(data + 24, 8), 8);
  memcpy(data, "RSD PTR ", 8);
  fix_sum(data, 20, 8);
  fix_sum(data, HEADER, 32);
  return size;
}
