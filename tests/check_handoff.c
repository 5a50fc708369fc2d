/* The VBI1 decoder: what our loaders say, and what nobody should say. */
#include "boot_block.h"

#include <stdlib.h>
#include <string.h>

#include <fmt/handoff.h>
#include <fmt/vbi.h>

#define BASE 0x10000u /* physical address of the view's first byte */
#define MAP sizeof(struct vbi_info)
#define ENTRIES 3
#define CMDLINE (MAP + ENTRIES * sizeof(struct vbi_memory))
#define SIZE (CMDLINE + 4)

/* Exactly SIZE bytes on the heap, so that reading past them is seen by the sanitizers. */
static uint8_t *memory;

static const struct vbi_info good = {
  .magic = VBI_MAGIC,
  .size = SIZE,
  .initrd = 0x300000,
  .initrd_size = 0x12345,
  .rsdp = 0xF59D0,
  .framebuffer = {.base = 0xC0000000, .width = 1024, .height = 768, .stride = 1040, .pixels = VBI_PIXELS_BGR},
  .map_offset = MAP,
  .map_entries = ENTRIES,
  .cmdline_offset = CMDLINE,
  .cmdline_size = 4,
  .loader = "test",
};

static void setup(void)
{
  static const struct vbi_memory map[ENTRIES] = {
    {0, 0x9FC00, VBI_MEMORY_USABLE, 0}, {0x10000, 0x8000, VBI_MEMORY_LOADER, 0}, {0x100000, 0x700000, 77, 0}};
  memory = malloc(SIZE);
  memcpy(memory, &good, sizeof good);
  memcpy(memory + MAP, map, sizeof map);
  memcpy(memory + CMDLINE, "test", 4);
}

static void teardown(void)
{
  free(memory);
}

static struct boot_block block(void)
{
  return (struct boot_block){.decode = handoff_decode,
                             .bytes = memory,
                             .size = SIZE,
                             .base = BASE,
                             .info = BASE,
                             .own_size_at = offsetof(struct vbi_info, size)};
}

static int decode_info(const struct vbi_info *info, struct bootinfo *bi)
{
  struct boot_block b = block();
  memcpy(memory, info, sizeof *info);
  return boot_block_decode(&b, bi);
}

START_TEST(decodes_what_a_loader_says)
{
  struct bootinfo bi;
  ck_assert_int_eq(decode_info(&good, &bi), 0);
  ck_assert_str_eq(bi.cmdline, "test");
  ck_assert_str_eq(bi.loader, "test");
  ck_assert_uint_eq(bi.rsdp, 0xF59D0);
  ck_assert_uint_eq(bi.initrd, 0x300000);
  ck_assert_uint_eq(bi.initrd_size, 0x12345);
  ck_assert_uint_eq(bi.nregions, 5);
  ck_assert_uint_eq(bi.regions[0].length, 0x9FC00);
  ck_assert_uint_eq(bi.regions[0].kind, MEM_USABLE);
  ck_assert_uint_eq(bi.regions[1].kind, MEM_BOOT_RECLAIMABLE);
  ck_assert_uint_eq(bi.regions[2].kind, MEM_RESERVED); /* a type nobody knows */
  ck_assert_uint_eq(bi.regions[3].kind, MEM_FRAMEBUFFER);
  ck_assert_uint_eq(bi.regions[4].kind, MEM_KERNEL);
  ck_assert_uint_eq(bi.framebuffer.format, FRAMEBUFFER_BGR);
  ck_assert_uint_eq(bi.framebuffer.length, 1040 * 4 * 768);
}
END_TEST

START_TEST(memory_past_52_bits_is_cut)
{
  static const uint32_t types[] = {VBI_MEMORY_USABLE, VBI_MEMORY_LOADER};
  for (size_t n = 0; n < sizeof types / sizeof types[0]; n++) {
    struct bootinfo bi;
    struct vbi_memory map[ENTRIES] = {{PADDR_MASK - 0xFFF, 0x2000, types[n], 0},
                                      {PADDR_MASK + 1, 0x1000, types[n], 0},
                                      {0x1000, UINT64_MAX, types[n], 0}};
    memcpy(memory + MAP, map, sizeof map);
    ck_assert_int_eq(decode_info(&good, &bi), 0);
    ck_assert_uint_eq(bi.nregions, 4);
    ck_assert_uint_eq(bi.regions[0].length, 0x1000);
    ck_assert_uint_eq(bi.regions[1].length, PADDR_MASK + 1 - 0x1000);
  }
}
END_TEST

START_TEST(ram_disk_and_command_line_are_optional)
{
  struct bootinfo bi;
  struct vbi_info info = good;
  info.initrd = info.initrd_size = 0;
  info.cmdline_size = 0;
  info.cmdline_offset = UINT32_MAX; /* not looked at */
  ck_assert_int_eq(decode_info(&info, &bi), 0);
  ck_assert_uint_eq(bi.initrd, 0);
  ck_assert_str_eq(bi.cmdline, "");
}
END_TEST

START_TEST(framebuffers_that_cannot_be_drawn_on_are_none)
{
  static const struct vbi_framebuffer bad[] = {
    {0xC0000000, 1024, 768, 1024, VBI_PIXELS_NONE}, {0xC0000000, 1024, 768, 1024, 3},
    {0xC0000000, 0, 768, 1024, VBI_PIXELS_RGB},     {0xC0000000, 1024, 0, 1024, VBI_PIXELS_RGB},
    {0xC0000000, 1024, 768, 1023, VBI_PIXELS_RGB},  {UINT64_MAX, 1024, 768, 1024, VBI_PIXELS_RGB},
    {PADDR_MASK, 1024, 768, 1024, VBI_PIXELS_RGB},  {0, UINT32_MAX, UINT32_MAX, UINT32_MAX, VBI_PIXELS_RGB}};
  for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
    struct bootinfo bi;
    struct vbi_info info = good;
    info.framebuffer = bad[n];
    ck_assert_int_eq(decode_info(&info, &bi), 0);
    ck_assert_uint_eq(bi.framebuffer.format, FRAMEBUFFER_NONE);
    ck_assert_uint_eq(bi.nregions, 4);
  }
}
END_TEST

START_TEST(line_ends_in_a_command_line_are_spaces)
{
  static const char *const cases[][2] = {
    {"a\r\nb", "a  b"}, {"\ta\n\n", " a"}, {" \r\n ", ""}, {"a\0bc", "a"}, {"\x7F\x1B\x80", "  \x80"}};
  for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
    struct bootinfo bi;
    struct vbi_info info = good;
    memcpy(memory + CMDLINE, cases[n][0], 4);
    info.cmdline_size = n == 4 ? 3 : 4;
    ck_assert_int_eq(decode_info(&info, &bi), 0);
    ck_assert_str_eq(bi.cmdline, cases[n][1]);
  }
}
END_TEST

/* Of that many entries, which are those of the map again and again, and nothing else. */
static int decode_map(const struct vbi_memory *map, size_t length, uint32_t count, struct bootinfo *bi)
{
  struct vbi_info info = good;
  info.initrd = info.initrd_size = info.cmdline_size = 0;
  info.framebuffer.pixels = VBI_PIXELS_NONE;
  info.map_entries = count;
  info.size = (uint32_t)(MAP + count * sizeof(struct vbi_memory));
  struct boot_block b = block();
  b.size = info.size;
  b.bytes = malloc(b.size);
  memcpy(b.bytes, &info, sizeof info);
  for (size_t n = 0; n < count; n++) memcpy(b.bytes + MAP + n * sizeof map[0], &map[n % length], sizeof map[0]);
  int err = boot_block_decode(&b, bi);
  free(b.bytes);
  return err;
}

START_TEST(more_regions_than_fit_are_refused)
{
  static const struct vbi_memory page = {0x100000, 0x1000, VBI_MEMORY_USABLE, 0};
  struct bootinfo bi;
  ck_assert_int_eq(decode_map(&page, 1, BOOTINFO_MAX_REGIONS, &bi), 0);
  ck_assert_uint_eq(bi.nregions, BOOTINFO_MAX_REGIONS);
  ck_assert_int_eq(decode_map(&page, 1, BOOTINFO_MAX_REGIONS + 1, &bi), -ENOSPC);
}
END_TEST

/* What E820 says on machines that were not tested by their makers. */
START_TEST(garbage_in_the_map_becomes_a_map)
{
  static const struct vbi_memory odd[] = {
    {0, 0x9FC00, VBI_MEMORY_USABLE, 0},        {0x100000, 0x700000, VBI_MEMORY_USABLE, 0},
    {0x200000, 0, VBI_MEMORY_BAD, 0},          {0x300000, UINT64_MAX, VBI_MEMORY_USABLE, 0},
    {UINT64_MAX, 1, VBI_MEMORY_USABLE, 0},     {0xFF000, 0x2000, VBI_MEMORY_RESERVED, 0},
    {0x400000, 0x100000, VBI_MEMORY_BAD, 0},   {0x480000, 0x100000, VBI_MEMORY_ACPI_NVS, 0},
    {0x400000, 0x1000, VBI_MEMORY_USABLE, 0},  {0x600000, 0x1000, 0, 0},
    {0x601000, 0x1000, UINT32_MAX, UINT32_MAX}};
  struct bootinfo bi;
  ck_assert_int_eq(decode_map(odd, sizeof odd / sizeof odd[0], 240, &bi), 0);
  ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
  static const struct mem_region expected[] = {
    {0, 0x9F000, MEM_USABLE},          {0xFF000, 0x2000, MEM_RESERVED},
    {0x101000, 0x2FF000, MEM_USABLE},  {0x400000, 0x100000, MEM_BAD},
    {0x500000, 0x80000, MEM_ACPI_NVS}, {0x580000, 0x80000, MEM_USABLE},
    {0x600000, 0x2000, MEM_RESERVED},  {0x602000, (1ull << 52) - 0x602000, MEM_USABLE}};
  ck_assert_uint_eq(bi.nregions, sizeof expected / sizeof expected[0]);
  for (uint32_t n = 0; n < bi.nregions; n++) {
    ck_assert_uint_eq(bi.regions[n].base, expected[n].base);
    ck_assert_uint_eq(bi.regions[n].length, expected[n].length);
    ck_assert_uint_eq(bi.regions[n].kind, expected[n].kind);
  }
}
END_TEST

static void expect_refusal(const struct vbi_info *info, int error)
{
  struct bootinfo bi;
  ck_assert_int_eq(decode_info(info, &bi), error);
}

START_TEST(malformed_blocks_are_refused)
{
  struct vbi_info info;
  info = good, info.magic ^= 1, expect_refusal(&info, -EINVAL);
  info = good, info.size = sizeof info - 1, expect_refusal(&info, -EINVAL);
  info = good, info.size = SIZE + 1, expect_refusal(&info, -EFAULT);
  info = good, info.size = UINT32_MAX, expect_refusal(&info, -EINVAL);
  info = good, info.map_entries = 0, expect_refusal(&info, -EINVAL);
  info = good, info.map_entries = ENTRIES + 1, expect_refusal(&info, -EINVAL);
  info = good, info.map_entries = UINT32_MAX, expect_refusal(&info, -EINVAL);
  info = good, info.map_offset = UINT32_MAX, expect_refusal(&info, -EINVAL);
  info = good, info.cmdline_size = 5, expect_refusal(&info, -EINVAL);
  info = good, info.cmdline_offset = SIZE + 1, expect_refusal(&info, -EINVAL);
  info = good, info.initrd = UINT64_MAX, expect_refusal(&info, -EINVAL);
  info = good, info.initrd_size = UINT64_MAX, expect_refusal(&info, -EINVAL);
  info = good, info.initrd_size = 0, expect_refusal(&info, -EINVAL);
}
END_TEST

int main(void)
{
  Suite *s = suite_create("handoff");
  TCase *t = suite_case(s, "decoder", setup, teardown);
  tcase_add_test(t, decodes_what_a_loader_says);
  tcase_add_test(t, memory_past_52_bits_is_cut);
  tcase_add_test(t, ram_disk_and_command_line_are_optional);
  tcase_add_test(t, framebuffers_that_cannot_be_drawn_on_are_none);
  tcase_add_test(t, line_ends_in_a_command_line_are_spaces);
  tcase_add_test(t, more_regions_than_fit_are_refused);
  tcase_add_test(t, garbage_in_the_map_becomes_a_map);
  tcase_add_test(t, malformed_blocks_are_refused);
  boot_block_add_tests(t, block);
  return suite_run(s);
}
