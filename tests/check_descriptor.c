/* Descriptor encoders against values written out by hand from the manual's figures. */
#include "suite.h"

#include <fmt/descriptor.h>

START_TEST(segments)
{
  ck_assert_uint_eq(descriptor_segment(SEGMENT_KERNEL_CODE), 0x00AF9A000000FFFFull);
  ck_assert_uint_eq(descriptor_segment(SEGMENT_KERNEL_DATA), 0x00CF92000000FFFFull);
  ck_assert_uint_eq(descriptor_segment(SEGMENT_USER_DATA), 0x00CFF2000000FFFFull);
  ck_assert_uint_eq(descriptor_segment(SEGMENT_USER_CODE), 0x00AFFA000000FFFFull);
}
END_TEST

START_TEST(task_state_segment)
{
  uint64_t slots[2];
  descriptor_tss(slots, 0xFFFFFFFF89ABCDEFull, 0x67);
  ck_assert_uint_eq(slots[0], 0x890089ABCDEF0067ull);
  ck_assert_uint_eq(slots[1], 0x00000000FFFFFFFFull);
  descriptor_tss(slots, 0x12345678u, 0xABCDE);
  ck_assert_uint_eq(slots[0], 0x120A89345678BCDEull);
  ck_assert_uint_eq(slots[1], 0);
}
END_TEST

START_TEST(gates)
{
  struct idt_gate gate = descriptor_gate(0xFFFFFFFF80123456ull, 0x08, GATE_INTERRUPT, 3);
  ck_assert_uint_eq(gate.low, 0x80128E0300083456ull);
  ck_assert_uint_eq(gate.high, 0x00000000FFFFFFFFull);
  ck_assert_uint_eq(descriptor_gate_handler(&gate), 0xFFFFFFFF80123456ull);
  gate = descriptor_gate(0, 0x08, GATE_INTERRUPT | GATE_DPL_USER, 0);
  ck_assert_uint_eq(gate.low, 0x0000EE0000080000ull);
}
END_TEST

int main(void)
{
  Suite *s = suite_create("descriptor");
  TCase *t = suite_case(s, "encoders", NULL, NULL);
  tcase_add_test(t, segments);
  tcase_add_test(t, task_state_segment);
  tcase_add_test(t, gates);
  return suite_run(s);
}
