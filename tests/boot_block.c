/* See boot_block.h. */
#include "boot_block.h"

#include <stdlib.h>
#include <string.h>

int boot_block_decode(const struct boot_block *b, struct bootinfo *bi)
{
  struct phys_view view = {.bytes = b->bytes, .base = b->base, .size = b->size};
  memset(bi, 0, sizeof *bi);
  return b->decode(&view, b->info, bi);
}

static struct boot_block (*tested)(void);

START_TEST(every_truncation_is_an_error)
{
  const struct boot_block b = tested();
  for (size_t size = 0; size < b.size; size++) {
    struct bootinfo bi;
    struct boot_block part = b;
    part.size = size;
    part.bytes = malloc(size ? size : 1);
    memcpy(part.bytes, b.bytes, size);
    ck_assert_int_eq(boot_block_decode(&part, &bi), -EFAULT);
    if (b.own_size_at < size && size - b.own_size_at >= 4) {
      memcpy(part.bytes + b.own_size_at, &(uint32_t){(uint32_t)size}, 4);
      ck_assert_int_lt(boot_block_decode(&part, &bi), 0);
    }
    free(part.bytes);
  }
}
END_TEST

START_TEST(any_changed_word_is_survived)
{
  const struct boot_block b = tested();
  const uint32_t size = (uint32_t)b.size, base = (uint32_t)b.base;
  const uint32_t values[] = {0,    1,           7,          8,          9,          size - 1,  size,
                             base, base + size, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFF};
  for (size_t at = 0; at + 4 <= b.size; at++) {
    uint32_t saved;
    memcpy(&saved, b.bytes + at, 4);
    for (size_t n = 0; n < sizeof values / sizeof values[0]; n++) {
      struct bootinfo bi;
      memcpy(b.bytes + at, &values[n], 4);
      int err = boot_block_decode(&b, &bi);
      ck_assert(err == 0 || err == -EINVAL || err == -EFAULT || err == -ENOSPC);
      ck_assert_uint_le(bi.nregions, BOOTINFO_MAX_REGIONS);
      ck_assert_uint_lt(strnlen(bi.cmdline, sizeof bi.cmdline), sizeof bi.cmdline);
      if (err == 0) ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
    }
    memcpy(b.bytes + at, &saved, 4);
  }
}
END_TEST

void boot_block_add_tests(TCase *tc, struct boot_block (*block)(void))
{
  tested = block;
  tcase_add_test(tc, every_truncation_is_an_error);
  tcase_add_test(tc, any_changed_word_is_survived);
}
