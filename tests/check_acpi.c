/* The ACPI decoder: finds the tables from the root pointer on, and says which of them are none. */
#include "acpi_rig.h"

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
  Suite *suite = suite_create("acpi");
  TCase *tc = suite_case(suite, "decoder", acpi_setup, acpi_teardown);
  tcase_add_test(tc, finds_everything_by_acpi_2);
  tcase_add_test(tc, finds_everything_by_acpi_1);
  tcase_add_test(tc, an_rsdp_that_is_none_is_refused);
  tcase_add_test(tc, the_rsdt_stands_in_for_a_damaged_xsdt);
  tcase_add_test(tc, impossible_rsdp_lengths_are_refused);
  tcase_add_test(tc, a_damaged_table_is_named_and_left_out);
  tcase_add_test(tc, a_circle_of_tables_ends);
  tcase_add_test(tc, entries_anywhere_are_survived);
  tcase_add_test(tc, more_tables_than_room_leave_one_for_the_dsdt);
  tcase_add_test(tc, every_error_has_a_text);
  return suite_run(suite);
}
