/* The ACPI decoder over tables that are cut or changed anywhere. */
#include "acpi_rig.h"

#include <stdlib.h>
#include <string.h>

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

int main(void)
{
  Suite *suite = suite_create("acpi hostile");
  TCase *tc = suite_case(suite, "hostile", acpi_setup, acpi_teardown);
  tcase_add_test(tc, every_truncation_is_survived);
  tcase_add_test(tc, every_short_table_is_survived);
  tcase_add_test(tc, any_changed_byte_of_a_table_is_noticed);
  tcase_add_test(tc, any_changed_word_is_survived);
  return suite_run(suite);
}
