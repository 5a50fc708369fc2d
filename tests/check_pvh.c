/* The PVH decoder: what QEMU's -kernel says, and what nobody should say. */
#include "boot_block.h"

#include <stdlib.h>
#include <string.h>

#include <fmt/pvh.h>

#define BASE 0x1000u /* physical address of the view's first byte */
#define START BASE
#define MODULES (BASE + 64)
#define CMDLINE (BASE + 128)
#define MAP (BASE + 192)
#define SIZE (192 + 3 * 24)

struct start {
  uint32_t magic, version, flags, nr_modules;
  uint64_t modules, cmdline, rsdp, map;
  uint32_t map_entries, reserved;
};
struct module {
  uint64_t start, size, cmdline, reserved;
};
struct entry {
  uint64_t base, length;
  uint32_t type, reserved;
};

/* Exactly SIZE bytes on the heap, so that reading past them is seen by the sanitizers. */
static uint8_t *memory;

static void put(paddr_t at, const void *data, size_t size)
{
  memcpy(memory + (at - BASE), data, size);
}

static const struct start good_start = {
  .magic = 0x336EC578,
  .version = 1,
  .nr_modules = 1,
  .modules = MODULES,
  .cmdline = CMDLINE,
  .rsdp = 0xF59D0,
  .map = MAP,
  .map_entries = 3,
};
static const struct module good_module = {.start = 0x300000, .size = 0x12345};

static void setup(void)
{
  static const struct entry map[3] = {{0, 0x9FC00, 1, 0}, {0xF0000, 0x10000, 2, 0}, {0x100000, 0x700000, 1, 0}};
  memory = calloc(1, SIZE);
  put(START, &good_start, sizeof good_start);
  put(MODULES, &good_module, sizeof good_module);
  put(CMDLINE, "ktest=arch loglevel=debug", 26);
  put(MAP, map, sizeof map);
}

static void teardown(void)
{
  free(memory);
}

static struct boot_block block(void)
{
  return (struct boot_block){.decode = pvh_decode,
                             .bytes = memory,
                             .size = SIZE,
                             .base = BASE,
                             .info = START,
                             .own_size_at = BOOT_BLOCK_NO_SIZE};
}

static int decode(struct bootinfo *bi)
{
  struct boot_block b = block();
  return boot_block_decode(&b, bi);
}

static int decode_start(const struct start *start, struct bootinfo *bi)
{
  put(START, start, sizeof *start);
  return decode(bi);
}

START_TEST(decodes_what_qemu_says)
{
  struct bootinfo bi;
  ck_assert_int_eq(decode(&bi), 0);
  ck_assert_str_eq(bi.cmdline, "ktest=arch loglevel=debug");
  ck_assert_str_eq(bi.loader, "PVH");
  ck_assert_uint_eq(bi.rsdp, 0xF59D0);
  ck_assert_uint_eq(bi.initrd, 0x300000);
  ck_assert_uint_eq(bi.initrd_size, 0x12345);
  ck_assert_uint_eq(bi.nregions, 4);
  ck_assert_uint_eq(bi.regions[0].length, 0x9FC00);
  ck_assert_uint_eq(bi.regions[0].kind, MEM_USABLE);
  ck_assert_uint_eq(bi.regions[1].kind, MEM_RESERVED);
  ck_assert_uint_eq(bi.regions[2].base, 0x100000);
  ck_assert_uint_eq(bi.regions[3].base, 0x300000);
  ck_assert_uint_eq(bi.regions[3].kind, MEM_KERNEL);
  ck_assert_uint_eq(bi.framebuffer.format, FRAMEBUFFER_NONE);
}
END_TEST

START_TEST(modules_and_command_line_are_optional)
{
  struct bootinfo bi;
  struct start s = good_start;
  s.nr_modules = 0;
  s.cmdline = 0;
  s.modules = UINT64_MAX; /* not looked at */
  ck_assert_int_eq(decode_start(&s, &bi), 0);
  ck_assert_uint_eq(bi.initrd, 0);
  ck_assert_uint_eq(bi.initrd_size, 0);
  ck_assert_str_eq(bi.cmdline, "");
}
END_TEST

START_TEST(wrong_magic_or_no_map_is_refused)
{
  struct bootinfo bi;
  struct start s = good_start;
  s.magic ^= 1;
  ck_assert_int_eq(decode_start(&s, &bi), -EINVAL);
  s = good_start;
  s.version = 0;
  ck_assert_int_eq(decode_start(&s, &bi), -EINVAL);
  s = good_start;
  s.map_entries = 0;
  ck_assert_int_eq(decode_start(&s, &bi), -EINVAL);
}
END_TEST

START_TEST(pointers_outside_the_view_are_refused)
{
  static const uint64_t bad[] = {1, BASE - 1, BASE + SIZE, BASE + SIZE + 1, UINT64_MAX, UINT64_MAX - 23};
  for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
    struct bootinfo bi;
    struct start s = good_start;
    s.modules = bad[n];
    ck_assert_int_eq(decode_start(&s, &bi), -EFAULT);
    s = good_start;
    s.cmdline = bad[n];
    ck_assert_int_eq(decode_start(&s, &bi), -EFAULT);
    s = good_start;
    s.map = bad[n];
    ck_assert_int_eq(decode_start(&s, &bi), -EFAULT);
  }
  struct bootinfo bi;
  struct start s = good_start;
  s.map_entries = 4;
  ck_assert_int_eq(decode_start(&s, &bi), -EFAULT);
  s.map_entries = UINT32_MAX;
  ck_assert_int_eq(decode_start(&s, &bi), -EFAULT);
}
END_TEST

START_TEST(impossible_modules_are_refused)
{
  static const struct module bad[] = {{0x300000, UINT64_MAX, 0, 0}, {UINT64_MAX, 1, 0, 0}, {1ull << 52, 1, 0, 0}};
  struct bootinfo bi;
  for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
    put(MODULES, &bad[n], sizeof bad[n]);
    ck_assert_int_eq(decode(&bi), -EINVAL);
    ck_assert_uint_eq(bi.initrd_size, 0);
  }
  put(MODULES, &(struct module){0x300000, 0, 0, 0}, sizeof(struct module));
  ck_assert_int_eq(decode(&bi), 0);
  ck_assert_uint_eq(bi.initrd, 0);
}
END_TEST

START_TEST(a_command_line_ends_with_the_view)
{
  struct bootinfo bi;
  struct start s = good_start;
  s.cmdline = BASE + SIZE - 4;
  put(BASE + SIZE - 4, "abcd", 4);
  ck_assert_int_eq(decode_start(&s, &bi), 0);
  ck_assert_str_eq(bi.cmdline, "abcd");
}
END_TEST

/* Beside those of the map there is one for the RAM disk. */
START_TEST(more_regions_than_fit_are_refused)
{
  struct bootinfo bi;
  struct start s = good_start;
  struct boot_block b = block();
  b.size = MAP - BASE + BOOTINFO_MAX_REGIONS * sizeof(struct entry);
  b.bytes = memory = realloc(memory, b.size);
  for (unsigned n = 0; n < BOOTINFO_MAX_REGIONS; n++)
    put(MAP + n * sizeof(struct entry), &(struct entry){MIB(n), PAGE_SIZE, 1, 0}, sizeof(struct entry));
  s.map_entries = BOOTINFO_MAX_REGIONS;
  put(START, &s, sizeof s);
  ck_assert_int_eq(boot_block_decode(&b, &bi), -ENOSPC);
  s.map_entries--;
  put(START, &s, sizeof s);
  ck_assert_int_eq(boot_block_decode(&b, &bi), 0);
  ck_assert_uint_eq(bi.nregions, BOOTINFO_MAX_REGIONS);
}
END_TEST

int main(void)
{
  Suite *s = suite_create("pvh");
  TCase *t = suite_case(s, "decoder", setup, teardown);
  tcase_add_test(t, decodes_what_qemu_says);
  tcase_add_test(t, modules_and_command_line_are_optional);
  tcase_add_test(t, wrong_magic_or_no_map_is_refused);
  tcase_add_test(t, pointers_outside_the_view_are_refused);
  tcase_add_test(t, impossible_modules_are_refused);
  tcase_add_test(t, a_command_line_ends_with_the_view);
  tcase_add_test(t, more_regions_than_fit_are_refused);
  boot_block_add_tests(t, block);
  return suite_run(s);
}
