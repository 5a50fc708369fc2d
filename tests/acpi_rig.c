/* See acpi_rig.h. */
#include "acpi_rig.h"

#include <stdlib.h>
#include <string.h>

uint8_t *memory;
size_t used;
paddr_t rsdp, rsdt, xsdt, madt, fadt, dsdt, hpet, mcfg;

static void fix_sum(uint8_t *p, size_t length, size_t at)
{
  uint8_t sum = 0;
  p[at] = 0;
  for (size_t i = 0; i < length; i++) sum = (uint8_t)(sum + p[i]);
  p[at] = (uint8_t)-sum;
}

uint8_t *bytes_at(paddr_t at)
{
  return memory + (at - BASE);
}

uint32_t length_of(paddr_t table)
{
  uint32_t length;
  memcpy(&length, bytes_at(table) + 4, 4);
  return length;
}

void fix_table(paddr_t table)
{
  fix_sum(bytes_at(table), length_of(table), 9);
}

static void set(paddr_t at, const void *v, size_t width)
{
  memcpy(bytes_at(at), v, width);
}
void set8(paddr_t at, uint8_t v)
{
  set(at, &v, 1);
}
void set32(paddr_t at, uint32_t v)
{
  set(at, &v, 4);
}
void set64(paddr_t at, uint64_t v)
{
  set(at, &v, 8);
}

static paddr_t append(const void *data, size_t size)
{
  memory = realloc(memory, used + size);
  memcpy(memory + used, data, size);
  used += size;
  return BASE + used - size;
}

paddr_t append_table(const char *signature, uint8_t revision, const void *body, size_t size)
{
  uint8_t header[HEADER] = {0};
  uint32_t length = (uint32_t)(HEADER + size);
  memcpy(header, signature, 4);
  memcpy(header + 4, &length, 4);
  header[8] = revision;
  memcpy(header + 10, "VERIDN", 6);
  paddr_t at = append(header, HEADER);
  append(body, size);
  fix_table(at);
  return at;
}

const uint8_t madt_body[] = {
  0,    0,  0xE0, 0xFE, 1,  0,    0,    0,                             /* local APICs at FEE00000, two 8259s */
  0,    8,  0,    0,    1,  0,    0,    0,                             /* processor 0 */
  0,    8,  1,    2,    1,  0,    0,    0,                             /* processor 1, APIC 2 */
  0,    8,  2,    4,    0,  0,    0,    0,                             /* one that is not enabled */
  1,    12, 5,    0,    0,  0,    0xC0, 0xFE, 0,  0, 0, 0,             /* I/O APIC 5 at FEC00000, lines from 0 */
  1,    12, 6,    0,    0,  0x10, 0xC0, 0xFE, 24, 0, 0, 0,             /* I/O APIC 6 at FEC01000, lines from 24 */
  2,    10, 0,    0,    2,  0,    0,    0,    0,  0,                   /* IRQ 0 is line 2, as ISA signals */
  2,    10, 0,    9,    9,  0,    0,    0,    15, 0,                   /* IRQ 9: active low, level */
  2,    10, 1,    3,    7,  0,    0,    0,    0,  0,                   /* another bus */
  2,    10, 0,    200,  7,  0,    0,    0,    0,  0,                   /* no ISA interrupt */
  0x7F, 5,  1,    2,    3,                                             /* a type nobody knows */
  4,    6,  0xFF, 5,    0,  1,                                         /* NMI at LINT1 of all, active high, edge */
  9,    16, 0,    0,    44, 1,    0,    0,    1,  0, 0, 0, 7, 0, 0, 0, /* x2APIC 300 */
  10,   12, 15,   0,    7,  0,    0,    0,    0,  0, 0, 0,             /* its NMI at LINT0, active low, level */
  0,    4,  9,    9,                                                   /* a processor's entry, cut short */
};

/* Name (\_S5, Package (4) {5, 6, 0, 0}) between other bytes that spell the name. */
static const uint8_t dsdt_body[] = {'_', 'S',  '5', '_',  0x08, 0x5C, '_',  'S',  '5', '_', 0x12, 0x08,
                                    4,   0x0A, 5,   0x0A, 6,    0x00, 0x00, 0x08, '_', 'S', '4',  '_'};

void build_fadt(uint8_t revision, size_t length)
{
  static const uint8_t nothing[276 - HEADER];
  fadt = append_table("FACP", revision, nothing, length - HEADER);
  set32(fadt + 40, (uint32_t)dsdt);
  set8(fadt + 46, 9);
  set32(fadt + 48, 0xB2);
  set8(fadt + 52, 0xF1);
  set32(fadt + 64, 0xB004);
  set8(fadt + 108, 0x32);
  set8(fadt + 109, 2);
  set32(fadt + 112, 0x400);
  if (length >= 244) {
    set64(fadt + 116, 0x010801);
    set64(fadt + 120, 0xCF9);
    set8(fadt + 128, 0x0F);
    set64(fadt + 140, dsdt);
    set32(fadt + 172, 0x1001);
    set64(fadt + 176, 0x604);
  }
  fix_table(fadt);
}

void build_roots(void)
{
  uint64_t entries[5] = {madt, 0, fadt, hpet, mcfg};
  uint32_t narrow[5] = {(uint32_t)madt, 0, (uint32_t)fadt, (uint32_t)hpet, (uint32_t)mcfg};
  xsdt = append_table("XSDT", 1, entries, sizeof entries);
  rsdt = append_table("RSDT", 1, narrow, sizeof narrow);
}

void fix_rsdp(void)
{
  fix_sum(bytes_at(rsdp), 20, 8);
  fix_sum(bytes_at(rsdp), 36, 32);
}

void fill_rsdp(uint8_t revision)
{
  set(rsdp, "RSD PTR ", 8);
  set8(rsdp + 15, revision);
  set32(rsdp + 16, (uint32_t)rsdt);
  fix_sum(bytes_at(rsdp), 20, 8);
  if (!revision) return;
  set32(rsdp + 20, 36);
  set64(rsdp + 24, xsdt);
  fix_rsdp();
}

void build(uint8_t revision)
{
  static const uint8_t hpet_body[20] = {1, 0xA2, 0x86, 0x80, 0, 64, 0, 0, 0, 0, 0xD0, 0xFE};
  static const uint8_t mcfg_body[8 + 2 * 16] = {0, 0,   0, 0, 0, 0, 0, 0, 0, 0,    0, 0xB0, 0, 0, 0, 0, 0, 0,
                                                0, 255, 0, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0,    0, 0, 1, 0, 9, 8};
  static const uint8_t nothing[36];
  free(memory);
  memory = NULL;
  used = 0;
  rsdp = append(nothing, revision ? 36 : 20);
  dsdt = append_table("DSDT", 1, dsdt_body, sizeof dsdt_body);
  madt = append_table("APIC", 3, madt_body, sizeof madt_body);
  hpet = append_table("HPET", 1, hpet_body, sizeof hpet_body);
  mcfg = append_table("MCFG", 1, mcfg_body, sizeof mcfg_body);
  build_fadt(revision ? 3 : 1, revision ? 244 : 116);
  build_roots();
  fill_rsdp(revision);
}

void acpi_setup(void)
{
  build(2);
}

void acpi_teardown(void)
{
  free(memory);
  memory = NULL;
}

struct acpi_info info;

enum acpi_error decode(void)
{
  struct phys_view view = {.bytes = memory, .base = BASE, .size = used};
  return acpi_decode(&view, rsdp, &info);
}

const struct acpi_table *table_at(paddr_t address)
{
  for (unsigned i = 0; i < info.ntables; i++)
    if (info.tables[i].address == address) return &info.tables[i];
  ck_abort_msg("no table at %llx", (unsigned long long)address);
}

void check_bounds(void)
{
  ck_assert_uint_le(info.ntables, ACPI_TABLES_MAX);
  ck_assert_uint_le(info.madt.nioapics, ACPI_IOAPICS_MAX);
  ck_assert_uint_le(info.madt.nnmis, ACPI_NMIS_MAX);
  ck_assert_uint_le(info.mcfg.nbuses, ACPI_BUSES_MAX);
  for (unsigned i = 0; i < info.madt.nnmis; i++) ck_assert_uint_le(info.madt.nmis[i].lint, 1);
  for (unsigned i = 0; i < info.mcfg.nbuses; i++) ck_assert_uint_le(info.mcfg.buses[i].first, info.mcfg.buses[i].last);
  ck_assert(info.s5.type_a <= 7 && info.s5.type_b <= 7);
  for (unsigned i = 0; i < info.ntables; i++) {
    const struct acpi_table *t = &info.tables[i];
    ck_assert_uint_eq(strnlen(t->signature, sizeof t->signature) < sizeof t->signature, 1);
    if (!t->error) ck_assert(t->address >= BASE && t->address + t->length <= BASE + used && t->length >= HEADER);
  }
}
