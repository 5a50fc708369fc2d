/* The helpers every kernel file uses for addresses: physical ones, canonical ones, alignment. */
#include "rig.h"

#include <fmt/paging.h>
#include <kern/types.h>

START_TEST(physical_addresses_have_52_bits)
{
  ck_assert_uint_eq(PADDR_MASK, (1ull << 52) - 1);
  ck_assert_uint_eq(~0ull & PADDR_MASK, 0x000FFFFFFFFFFFFFull);
  ck_assert_uint_eq((PADDR_MASK + 1) & PADDR_MASK, 0);
  /* Of an entry with every bit set, what is left is an address of a page. */
  ck_assert_uint_eq(~0ull & PTE_ADDRESS, PADDR_MASK & ~PAGE_MASK);
}
END_TEST

START_TEST(canonical_addresses_repeat_bit_47)
{
  static const struct {
    vaddr_t va, extended;
  } examples[] = {
    {0, 0},
    {0x00007FFFFFFFFFFF, 0x00007FFFFFFFFFFF},
    {0x0000800000000000, 0xFFFF800000000000},
    {0xFFFF7FFFFFFFFFFF, 0x00007FFFFFFFFFFF},
    {0xFFFF800000000000, 0xFFFF800000000000},
    {0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF},
    {0x8000000000000000, 0},
    {0x1234FFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF},
  };
  for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
    ck_assert_uint_eq(paging_sign_extend(examples[i].va), examples[i].extended);
    ck_assert_int_eq(paging_canonical(examples[i].va), examples[i].va == examples[i].extended);
  }
  for (unsigned bit = 48; bit < 64; bit++) ck_assert(!paging_canonical(1ull << bit));
}
END_TEST

START_TEST(alignment)
{
  for (uint64_t a = 1; a <= MIB(2); a *= 2) {
    for (uint64_t x = 0; x < 3 * a; x += a / 3 + 1) {
      ck_assert_uint_eq(ALIGN_DOWN(x, a), x / a * a);
      ck_assert_uint_eq(ALIGN_UP(x, a), (x + a - 1) / a * a);
      ck_assert_int_eq(IS_ALIGNED(x, a), x % a == 0);
    }
  }
  ck_assert_uint_eq(ALIGN_UP(UINT64_MAX, (uint64_t)PAGE_SIZE), 0); /* wraps, as it says */
  ck_assert_uint_eq(ALIGN_DOWN((uint32_t)0xFFFFFFFF, PAGE_SIZE), 0xFFFFF000u);
}
END_TEST

START_TEST(untrusted_sizes_are_aligned_with_a_check)
{
  uint64_t out = 7;
  ck_assert(align_up_checked(0, PAGE_SIZE, &out) && out == 0);
  ck_assert(align_up_checked(1, PAGE_SIZE, &out) && out == PAGE_SIZE);
  ck_assert(align_up_checked(PAGE_SIZE, PAGE_SIZE, &out) && out == PAGE_SIZE);
  ck_assert(align_up_checked(UINT64_MAX - PAGE_MASK, PAGE_SIZE, &out) && out == UINT64_MAX - PAGE_MASK);
  ck_assert(!align_up_checked(UINT64_MAX - PAGE_MASK + 1, PAGE_SIZE, &out));
  ck_assert(!align_up_checked(UINT64_MAX, PAGE_SIZE, &out));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("types");
  TCase *tc = suite_case(suite, "addresses", NULL, NULL);
  tcase_add_test(tc, physical_addresses_have_52_bits);
  tcase_add_test(tc, canonical_addresses_repeat_bit_47);
  tcase_add_test(tc, alignment);
  tcase_add_test(tc, untrusted_sizes_are_aligned_with_a_check);
  return suite_run(suite);
}
