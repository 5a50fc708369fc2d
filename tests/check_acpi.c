/* The ACPI decoder: tables as firmware writes them, built here, and as nobody should. */
#include "suite.h"
#include <stdlib.h>
#include <string.h>

#include <fmt/acpi.h>

#define BASE 0x7FE0000u /* physical address of the view's first byte */
#define HEADER 36u

/* Exactly `used` bytes on the heap, so that reading past them is seen by the sanitizers. */
static uint8_t *memory;
static size_t used;
static paddr_t rsdp, rsdt, xsdt, madt, fadt, dsdt, hpet, mcfg;

static void fix_sum(uint8_t *p, size_t length, size_t at)
{
  uint8_t sum = 0;
  p[at] = 0;
  for (size_t i = 0; i < length; i++) sum = (uint8_t)(sum + p[i]);
  p[at] = (uint8_t)-sum;
}

static uint8_t *bytes_at(paddr_t at)
{
  return memory + (at - BASE);
}

static uint32_t length_of(paddr_t table)
{
  uint32_t length;
  memcpy(&length, bytes_at(table) + 4, 4);
  return length;
}

static void fix_table(paddr_t table)
{
  fix_sum(bytes_at(table), length_of(table), 9);
}

static void set(paddr_t at, const void *v, size_t width)
{
  memcpy(bytes_at(at), v, width);
}
static void set8(paddr_t at, uint8_t v)
{
  set(at, &v, 1);
}
static void set32(paddr_t at, uint32_t v)
{
  set(at, &v, 4);
}
static void set64(paddr_t at, uint64_t v)
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

/* A table with that body, its header and sum made. */
static paddr_t append_table(const char *signature, uint8_t revision, const void *body, size_t size)
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

static const uint8_t madt_body[] = {
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

static void build_fadt(uint8_t revision, size_t length)
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

static void build_roots(void)
{
  uint64_t entries[5] = {madt, 0, fadt, hpet, mcfg};
  uint32_t narrow[5] = {(uint32_t)madt, 0, (uint32_t)fadt, (uint32_t)hpet, (uint32_t)mcfg};
  xsdt = append_table("XSDT", 1, entries, sizeof entries);
  rsdt = append_table("RSDT", 1, narrow, sizeof narrow);
}

static void fix_rsdp(void)
{
  fix_sum(bytes_at(rsdp), 20, 8);
  fix_sum(bytes_at(rsdp), 36, 32);
}

static void fill_rsdp(uint8_t revision)
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

static void build(uint8_t revision)
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

static void setup(void)
{
  build(2);
}

static void teardown(void)
{
  free(memory);
  memory = NULL;
}

static struct acpi_info info;

static enum acpi_error decode(void)
{
  struct phys_view view = {.bytes = memory, .base = BASE, .size = used};
  return acpi_decode(&view, rsdp, &info);
}

static const struct acpi_table *table_at(paddr_t address)
{
  for (unsigned i = 0; i < info.ntables; i++)
    if (info.tables[i].address == address) return &info.tables[i];
  ck_abort_msg("no table at %llx", (unsigned long long)address);
}

/* What holds for any bytes. */
static void check_bounds(void)
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

START_TEST(finds_everything_by_acpi_2)
{
  ck_assert_int_eq(decode(), ACPI_OK);
  check_bounds();
  ck_assert_uint_eq(info.revision, 2);
  ck_assert_uint_eq(info.ntables, 6); /* XSDT, four, DSDT */
  for (unsigned i = 0; i < info.ntables; i++) ck_assert_int_eq(info.tables[i].error, ACPI_OK);
  ck_assert_str_eq(table_at(xsdt)->signature, "XSDT");
  ck_assert_str_eq(table_at(dsdt)->signature, "DSDT");
  ck_assert(info.madt.present && info.fadt.present && info.s5.known);
  ck_assert_uint_eq(info.hpet.address, 0xFED00000);
  ck_assert_uint_eq(info.mcfg.nbuses, 1); /* the other has its buses the wrong way round */
  ck_assert_uint_eq(info.mcfg.buses[0].base, 0xB0000000);
  ck_assert_uint_eq(info.mcfg.buses[0].last, 255);
}
END_TEST

START_TEST(finds_everything_by_acpi_1)
{
  build(0);
  ck_assert_int_eq(decode(), ACPI_OK);
  ck_assert_uint_eq(info.revision, 0);
  ck_assert_str_eq(table_at(rsdt)->signature, "RSDT");
  ck_assert(info.madt.present && info.s5.known && info.hpet.address && info.mcfg.nbuses);
  ck_assert_uint_eq(info.fadt.pm1a_control.address, 0xB004);
  ck_assert_uint_eq(info.fadt.pm1a_control.space, ACPI_SPACE_IO);
  ck_assert_uint_eq(info.fadt.pm1b_control.address, 0);
  ck_assert_uint_eq(info.fadt.reset.address, 0); /* announced, but past this table's end */
  ck_assert(!info.fadt.has_boot_flags);
}
END_TEST

START_TEST(reads_the_madt)
{
  const struct acpi_madt *m = &info.madt;
  ck_assert_int_eq(decode(), ACPI_OK);
  ck_assert(m->pcat && !m->damaged);
  ck_assert_uint_eq(m->lapic, 0xFEE00000);
  ck_assert_uint_eq(m->ncpus, 3);
  ck_assert_uint_eq(m->cpus[1].apic_id, 2);
  ck_assert_uint_eq(m->cpus[1].uid, 1);
  ck_assert_uint_eq(m->cpus[2].apic_id, 300);
  ck_assert_uint_eq(m->cpus[2].uid, 7);
  ck_assert_uint_eq(m->nioapics, 2);
  ck_assert_uint_eq(m->ioapics[0].id, 5);
  ck_assert_uint_eq(m->ioapics[1].address, 0xFEC01000);
  ck_assert_uint_eq(m->ioapics[1].gsi_base, 24);
  for (unsigned irq = 0; irq < ISA_IRQS; irq++) {
    ck_assert_uint_eq(m->isa[irq].gsi, irq == 0 ? 2 : irq);
    ck_assert_uint_eq(m->isa[irq].overridden, irq == 0 || irq == 9);
    ck_assert_uint_eq(m->isa[irq].signal.active_low, irq == 9);
    ck_assert_uint_eq(m->isa[irq].signal.level, irq == 9);
  }
  ck_assert_uint_eq(m->nnmis, 2);
  ck_assert_uint_eq(m->nmis[0].uid, ACPI_ALL_CPUS);
  ck_assert_uint_eq(m->nmis[0].lint, 1);
  ck_assert(!m->nmis[0].signal.active_low && !m->nmis[0].signal.level);
  ck_assert_uint_eq(m->nmis[1].uid, 7);
  ck_assert_uint_eq(m->nmis[1].lint, 0);
  ck_assert(m->nmis[1].signal.active_low && m->nmis[1].signal.level);
}
END_TEST

/* Bodies of one entry each, behind the eight bytes all have. */
static void decode_entries(const uint8_t *entries, size_t size, struct acpi_madt *m)
{
  size_t length = 44 + size;
  uint8_t *t = calloc(1, length);
  memcpy(t + 36, madt_body, 8);
  if (size) memcpy(t + 44, entries, size);
  memset(m, 0, sizeof *m);
  acpi_decode_madt(t, (uint32_t)length, m);
  free(t);
}

START_TEST(the_lapic_address_can_be_overridden)
{
  static const uint8_t entry[] = {5, 12, 0, 0, 0x00, 0x10, 0xE0, 0xFE, 1, 0, 0, 0};
  struct acpi_madt m;
  decode_entries(entry, sizeof entry, &m);
  ck_assert_uint_eq(m.lapic, 0x1FEE01000);
}
END_TEST

START_TEST(impossible_entry_lengths_end_the_madt)
{
  static const uint8_t bad[][10] = {{0, 0}, {0, 1}, {0, 11}, {0, 255}, {0x7F, 0}, {2, 11}};
  struct acpi_madt m;
  for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
    decode_entries(bad[n], sizeof bad[n], &m);
    ck_assert(m.present && m.damaged);
    ck_assert_uint_eq(m.ncpus, 0);
  }
  decode_entries(bad[0], 1, &m); /* half a header */
  ck_assert(m.present && m.damaged);
  decode_entries(NULL, 0, &m);
  ck_assert(m.present && !m.damaged);
}
END_TEST

START_TEST(more_entries_than_room_are_counted_or_dropped)
{
  uint8_t many[8 * 300];
  struct acpi_madt m;
  for (size_t i = 0; i < sizeof many; i += 8) memcpy(many + i, (const uint8_t[8]){0, 8, (uint8_t)i, 0, 1}, 8);
  decode_entries(many, sizeof many, &m);
  ck_assert_uint_eq(m.ncpus, 300);
  for (size_t i = 0; i < 12 * 20; i += 12) memcpy(many + i, (const uint8_t[12]){1, 12, (uint8_t)i}, 12);
  decode_entries(many, 12 * 20, &m);
  ck_assert_uint_eq(m.nioapics, ACPI_IOAPICS_MAX);
  for (size_t i = 0; i < 6 * 40; i += 6) memcpy(many + i, (const uint8_t[6]){4, 6, 0xFF, 0, 0, 1}, 6);
  decode_entries(many, 6 * 40, &m);
  ck_assert_uint_eq(m.nnmis, ACPI_NMIS_MAX);
}
END_TEST

START_TEST(reads_the_fadt)
{
  const struct acpi_fadt *f = &info.fadt;
  ck_assert_int_eq(decode(), ACPI_OK);
  ck_assert_uint_eq(f->dsdt, dsdt);
  ck_assert_uint_eq(f->sci, 9);
  ck_assert_uint_eq(f->smi_command, 0xB2);
  ck_assert_uint_eq(f->acpi_enable, 0xF1);
  ck_assert_uint_eq(f->pm1a_control.space, ACPI_SPACE_IO);
  ck_assert_uint_eq(f->pm1a_control.bits, 16);
  ck_assert_uint_eq(f->pm1a_control.address, 0x604); /* the extended field, not 0xB004 */
  ck_assert_uint_eq(f->pm1b_control.address, 0);
  ck_assert_uint_eq(f->reset.address, 0xCF9);
  ck_assert_uint_eq(f->reset_value, 0x0F);
  ck_assert_uint_eq(f->century, 0x32);
  ck_assert(f->has_boot_flags);
  ck_assert_uint_eq(f->boot_flags, ACPI_BOOT_8042);
}
END_TEST

START_TEST(fadt_fields_that_do_not_count)
{
  set32(fadt + 172, 0x1002); /* PCI configuration space */
  set32(fadt + 112, 0);      /* the reset register is not supported */
  set32(fadt + 48, 0x100B2); /* no port */
  set64(fadt + 140, 0);      /* only the old field has the DSDT */
  fix_table(fadt);
  ck_assert_int_eq(decode(), ACPI_OK);
  ck_assert_uint_eq(info.fadt.pm1a_control.address, 0xB004);
  ck_assert_uint_eq(info.fadt.reset.address, 0);
  ck_assert_uint_eq(info.fadt.smi_command, 0);
  ck_assert_uint_eq(info.fadt.dsdt, dsdt);
  set8(hpet + 40, ACPI_SPACE_IO);
  fix_table(hpet);
  ck_assert_int_eq(decode(), ACPI_OK);
  ck_assert_uint_eq(info.hpet.address, 0);
}
END_TEST

START_TEST(hardware_reduced_machines_have_another_register)
{
  static const uint8_t body[268 - HEADER];
  paddr_t wide = append_table("FACP", 6, body, sizeof body);
  struct acpi_fadt f = {0};
  set32(wide + 112, ACPI_FEATURE_HW_REDUCED);
  set32(wide + 244, 0x0800);
  set64(wide + 248, 0xFEA00000);
  acpi_decode_fadt(bytes_at(wide), length_of(wide), &f);
  ck_assert_uint_eq(f.sleep_control.space, ACPI_SPACE_MEMORY);
  ck_assert_uint_eq(f.sleep_control.address, 0xFEA00000);
}
END_TEST

static bool find_s5(const void *code, size_t size, struct acpi_s5 *s5)
{
  uint8_t *t = calloc(1, HEADER + size);
  if (size) memcpy(t + HEADER, code, size);
  memset(s5, 0, sizeof *s5);
  bool found = acpi_find_s5(t, (uint32_t)(HEADER + size), s5);
  free(t);
  return found;
}

#define S5(...) ((const uint8_t[]){0x08, '_', 'S', '5', '_', __VA_ARGS__})
#define S5_IS(a, b, ...)                                              \
  do {                                                                \
    struct acpi_s5 s5;                                                \
    ck_assert(find_s5(S5(__VA_ARGS__), sizeof S5(__VA_ARGS__), &s5)); \
    ck_assert(s5.known &&s5.type_a == (a) && s5.type_b == (b));       \
  } while (0)
#define S5_IS_NONE(...)                                                \
  do {                                                                 \
    struct acpi_s5 s5;                                                 \
    ck_assert(!find_s5(S5(__VA_ARGS__), sizeof S5(__VA_ARGS__), &s5)); \
    ck_assert(!s5.known);                                              \
  } while (0)

START_TEST(s5_in_every_encoding)
{
  S5_IS(0, 0, 0x12, 6, 4, 0, 0, 0, 0);
  S5_IS(1, 0, 0x12, 4, 2, 1, 0);
  S5_IS(7, 5, 0x12, 6, 2, 0x0A, 7, 0x0A, 5);
  S5_IS(5, 1, 0x12, 6, 2, 0x0B, 5, 0, 1);
  S5_IS(5, 6, 0x12, 9, 2, 0x0C, 5, 0, 0, 0, 0x0A, 6);
  S5_IS(5, 6, 0x12, 13, 2, 0x0E, 5, 0, 0, 0, 0, 0, 0, 0, 0x0A, 6);
  S5_IS(5, 6, 0x12, 0x47, 0, 2, 0x0A, 5, 0x0A, 6); /* longer lengths than needed */
  S5_IS(5, 6, 0x12, 0x88, 0, 0, 2, 0x0A, 5, 0x0A, 6);
  S5_IS(5, 6, 0x12, 0xC9, 0, 0, 0, 2, 0x0A, 5, 0x0A, 6);
  S5_IS(5, 6, 0x12, 5, 1, 0x0B, 5, 6); /* one element with both */
}
END_TEST

START_TEST(s5_that_is_none)
{
  S5_IS_NONE(0x12, 6, 0, 0, 0, 0, 0);       /* no elements */
  S5_IS_NONE(0x13, 6, 4, 0, 0, 0, 0);       /* no package */
  S5_IS_NONE(0x12, 7, 2, 0x0A, 8, 0x0A, 5); /* more than three bits */
  S5_IS_NONE(0x12, 6, 2, 0xFF, 0, 0, 0);    /* ones */
  S5_IS_NONE(0x12, 6, 2, 0x0D, 'a', 0, 0);  /* a string */
  S5_IS_NONE(0x12, 2, 2, 0, 0);             /* the package ends before its elements */
  S5_IS_NONE(0x12, 1, 2, 0, 0);
  S5_IS_NONE(0x12, 0, 2, 0, 0);
  S5_IS_NONE(0x12, 0x3F, 2, 0, 0); /* or after the table */
  S5_IS_NONE(0x12, 0xCF, 0xFF, 0xFF, 0xFF, 2, 0, 0);
  S5_IS_NONE(0x12, 5, 2, 0x0A, 5, 0x0A); /* cut in an integer */
  S5_IS_NONE(0x12);
  struct acpi_s5 s5;
  ck_assert(!find_s5("_S5_\x12\x06\x04\x00\x00\x00\x00", 11, &s5)); /* nothing before the name */
  ck_assert(!find_s5(NULL, 0, &s5));
  ck_assert(!find_s5("\x08_S5", 4, &s5));
}
END_TEST

START_TEST(s5_in_an_ssdt)
{
  static const uint8_t nothing[8];
  dsdt = append_table("DSDT", 1, nothing, sizeof nothing);
  madt = append_table("SSDT", 1, S5(0x12, 4, 2, 1, 0), 5 + 5);
  build_fadt(3, 244);
  build_roots();
  fill_rsdp(2);
  ck_assert_int_eq(decode(), ACPI_OK);
  ck_assert(info.s5.known && info.s5.type_a == 1);
}
END_TEST

START_TEST(an_rsdp_that_is_none_is_refused)
{
  rsdp = 0;
  ck_assert_int_eq(decode(), ACPI_NO_RSDP);
  rsdp = BASE + used - 19;
  ck_assert_int_eq(decode(), ACPI_NOT_REACHABLE);
  rsdp = madt;
  ck_assert_int_eq(decode(), ACPI_BAD_SIGNATURE);
  build(0);
  set8(rsdp + 19, 1);
  ck_assert_int_eq(decode(), ACPI_BAD_CHECKSUM);
  ck_assert_uint_eq(info.ntables, 0);
  ck_assert(!info.madt.present);
}
END_TEST

START_TEST(the_rsdt_stands_in_for_a_damaged_xsdt)
{
  set8(rsdp + 33, 1); /* the second sum is wrong, the first is right */
  ck_assert_int_eq(decode(), ACPI_OK);
  ck_assert_int_eq(table_at(rsdp)->error, ACPI_BAD_CHECKSUM);
  ck_assert_int_eq(table_at(rsdt)->error, ACPI_OK);
  ck_assert(info.madt.present);

  build(2);
  set8(xsdt + 9, 0x5A);
  ck_assert_int_eq(decode(), ACPI_OK);
  ck_assert_int_eq(table_at(xsdt)->error, ACPI_BAD_CHECKSUM);
  ck_assert_int_eq(table_at(rsdt)->error, ACPI_OK);
  ck_assert(info.madt.present);

  set8(rsdt + 9, 0x5A);
  ck_assert_int_eq(decode(), ACPI_BAD_CHECKSUM);
  ck_assert(!info.madt.present && !info.fadt.present);
}
END_TEST

START_TEST(impossible_rsdp_lengths_are_refused)
{
  static const uint32_t bad[] = {0, 1, 20, 35, 4097, UINT32_MAX};
  for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
    set32(rsdp + 20, bad[n]);
    fix_rsdp();
    ck_assert_int_eq(decode(), ACPI_OK);
    ck_assert_int_eq(table_at(rsdp)->error, ACPI_BAD_LENGTH);
    ck_assert(info.madt.present);
  }
  set32(rsdp + 20, 4096); /* more than there is */
  ck_assert_int_eq(decode(), ACPI_OK);
  ck_assert_int_eq(table_at(rsdp)->error, ACPI_NOT_REACHABLE);
}
END_TEST

START_TEST(a_damaged_table_is_named_and_left_out)
{
  static const uint32_t bad[] = {0, 1, 35, 1u << 25, UINT32_MAX};
  set8(madt + 50, 0x77);
  ck_assert_int_eq(decode(), ACPI_OK);
  ck_assert_int_eq(table_at(madt)->error, ACPI_BAD_CHECKSUM);
  ck_assert_str_eq(table_at(madt)->signature, "APIC");
  ck_assert(!info.madt.present && info.fadt.present && info.s5.known);
  for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
    set32(fadt + 4, bad[n]);
    ck_assert_int_eq(decode(), ACPI_OK);
    ck_assert_int_eq(table_at(fadt)->error, ACPI_BAD_LENGTH);
    ck_assert(!info.fadt.present && !info.s5.known);
  }
  set32(fadt + 4, (uint32_t)used);
  ck_assert_int_eq(decode(), ACPI_OK);
  ck_assert_int_eq(table_at(fadt)->error, ACPI_NOT_REACHABLE);
}
END_TEST

START_TEST(a_circle_of_tables_ends)
{
  for (unsigned i = 0; i < 5; i++) set64(xsdt + 36 + i * 8, xsdt);
  set64(xsdt + 36, rsdt);
  fix_table(xsdt);
  ck_assert_int_eq(decode(), ACPI_OK);
  ck_assert_uint_eq(info.ntables, 6);
  ck_assert(!info.madt.present);

  build(2);
  set64(fadt + 140, fadt); /* a DSDT that is none */
  fix_table(fadt);
  ck_assert_int_eq(decode(), ACPI_OK);
  ck_assert_int_eq(info.tables[info.ntables - 1].error, ACPI_BAD_SIGNATURE);
  ck_assert(!info.s5.known);
}
END_TEST

START_TEST(entries_anywhere_are_survived)
{
  static const uint64_t bad[] = {1, BASE - 1, BASE + 1, UINT64_MAX, UINT64_MAX - 35, 1ull << 63, 0xFFFFFFFF};
  for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
    set64(xsdt + 36, bad[n]);
    fix_table(xsdt);
    ck_assert_int_eq(decode(), ACPI_OK);
    ck_assert_int_ne(table_at(bad[n])->error, ACPI_OK);
    ck_assert(!info.madt.present && info.fadt.present);
  }
}
END_TEST

START_TEST(more_tables_than_room_leave_one_for_the_dsdt)
{
  uint64_t entries[200];
  for (size_t i = 0; i < 200; i++) entries[i] = i ? mcfg : fadt;
  xsdt = append_table("XSDT", 1, entries, sizeof entries);
  fill_rsdp(2);
  ck_assert_int_eq(decode(), ACPI_OK);
  ck_assert_uint_eq(info.ntables, ACPI_TABLES_MAX);
  ck_assert(info.s5.known);
}
END_TEST

/* All of memory, cut anywhere: what is found lies in what is left. The RSDP is first. */
START_TEST(every_truncation_is_survived)
{
  size_t whole_size = used;
  uint8_t *whole = memory;
  for (size_t size = 0; size < whole_size; size++) {
    memory = malloc(size ? size : 1);
    memcpy(memory, whole, size);
    used = size;
    ck_assert(decode() == ACPI_NOT_REACHABLE || size >= rsdt - BASE);
    check_bounds();
    free(memory);
  }
  memory = whole;
  used = whole_size;
}
END_TEST

/* Each table cut by its own length field, with a sum that says it is meant. */
START_TEST(every_short_table_is_survived)
{
  paddr_t tables[] = {madt, fadt, hpet, mcfg, dsdt};
  for (size_t n = 0; n < sizeof tables / sizeof tables[0]; n++) {
    uint32_t length = length_of(tables[n]);
    for (uint32_t cut = HEADER; cut < length; cut++) {
      uint8_t *t = malloc(cut);
      struct acpi_info one = {0};
      memcpy(t, bytes_at(tables[n]), cut);
      acpi_decode_madt(t, cut, &one.madt);
      acpi_decode_fadt(t, cut, &one.fadt);
      acpi_decode_hpet(t, cut, &one.hpet);
      acpi_decode_mcfg(t, cut, &one.mcfg);
      acpi_find_s5(t, cut, &one.s5);
      free(t);
      info = one;
      check_bounds();
    }
  }
}
END_TEST

/* Without mending the sums: whatever byte changes, nothing that was read from the table is believed. */
START_TEST(any_changed_byte_of_a_table_is_noticed)
{
  ck_assert_int_eq(decode(), ACPI_OK);
  for (uint32_t at = 0; at < length_of(madt); at++) {
    if (at >= 4 && at < 8) continue; /* a length may be impossible or out of reach instead */
    uint8_t *p = bytes_at(madt) + at, saved = *p;
    *p ^= 0x10;
    ck_assert_int_eq(decode(), ACPI_OK);
    ck_assert_int_eq(table_at(madt)->error, ACPI_BAD_CHECKSUM);
    ck_assert(!info.madt.present);
    *p = saved;
  }
}
END_TEST

/* With mended sums: any value anywhere. */
START_TEST(any_changed_word_is_survived)
{
  static const uint32_t values[] = {0, 1, BASE, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
  paddr_t tables[] = {xsdt, rsdt, madt, fadt, hpet, mcfg, dsdt};
  for (size_t at = 0; at + 4 <= used; at++) {
    for (size_t n = 0; n < sizeof values / sizeof values[0]; n++) {
      uint8_t *saved = malloc(used);
      memcpy(saved, memory, used);
      memcpy(memory + at, &values[n], 4);
      for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (length_of(tables[i]) >= HEADER && length_of(tables[i]) <= used - (tables[i] - BASE)) fix_table(tables[i]);
      fix_rsdp();
      decode();
      check_bounds();
      memcpy(memory, saved, used);
      free(saved);
    }
  }
}
END_TEST

START_TEST(every_error_has_a_text)
{
  for (unsigned e = 0; e < ACPI_ERROR_COUNT; e++) {
    ck_assert_ptr_nonnull(acpi_error_text(e));
    for (unsigned other = 0; other < e; other++) ck_assert_str_ne(acpi_error_text(e), acpi_error_text(other));
  }
  ck_assert_ptr_nonnull(acpi_error_text(ACPI_ERROR_COUNT));
}
END_TEST

int main(void)
{
  Suite *s = suite_create("acpi");
  TCase *t = tcase_create("decoder");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, finds_everything_by_acpi_2);
  tcase_add_test(t, finds_everything_by_acpi_1);
  tcase_add_test(t, reads_the_madt);
  tcase_add_test(t, the_lapic_address_can_be_overridden);
  tcase_add_test(t, impossible_entry_lengths_end_the_madt);
  tcase_add_test(t, more_entries_than_room_are_counted_or_dropped);
  tcase_add_test(t, reads_the_fadt);
  tcase_add_test(t, fadt_fields_that_do_not_count);
  tcase_add_test(t, hardware_reduced_machines_have_another_register);
  tcase_add_test(t, s5_in_every_encoding);
  tcase_add_test(t, s5_that_is_none);
  tcase_add_test(t, s5_in_an_ssdt);
  tcase_add_test(t, an_rsdp_that_is_none_is_refused);
  tcase_add_test(t, the_rsdt_stands_in_for_a_damaged_xsdt);
  tcase_add_test(t, impossible_rsdp_lengths_are_refused);
  tcase_add_test(t, a_damaged_table_is_named_and_left_out);
  tcase_add_test(t, a_circle_of_tables_ends);
  tcase_add_test(t, entries_anywhere_are_survived);
  tcase_add_test(t, more_tables_than_room_leave_one_for_the_dsdt);
  tcase_add_test(t, every_truncation_is_survived);
  tcase_add_test(t, every_short_table_is_survived);
  tcase_add_test(t, any_changed_byte_of_a_table_is_noticed);
  tcase_add_test(t, any_changed_word_is_survived);
  tcase_add_test(t, every_error_has_a_text);
  suite_add_tcase(s, t);
  return suite_run(s);
}
