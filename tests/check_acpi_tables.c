/* What the ACPI decoder reads from each table: MADT, FADT, HPET and the _S5 of a DSDT. */
#include "acpi_rig.h"

#include <stdlib.h>
#include <string.h>

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
  memcpy(t + HEADER, madt_body, MADT_FIXED);
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

int main(void)
{
  Suite *suite = suite_create("acpi tables");
  TCase *tc = suite_case(suite, "tables", acpi_setup, acpi_teardown);
  tcase_add_test(tc, reads_the_madt);
  tcase_add_test(tc, the_lapic_address_can_be_overridden);
  tcase_add_test(tc, impossible_entry_lengths_end_the_madt);
  tcase_add_test(tc, more_entries_than_room_are_counted_or_dropped);
  tcase_add_test(tc, reads_the_fadt);
  tcase_add_test(tc, fadt_fields_that_do_not_count);
  tcase_add_test(tc, hardware_reduced_machines_have_another_register);
  tcase_add_test(tc, s5_in_every_encoding);
  tcase_add_test(tc, s5_that_is_none);
  tcase_add_test(tc, s5_in_an_ssdt);
  return suite_run(suite);
}
