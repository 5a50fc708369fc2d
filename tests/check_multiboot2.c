/* The Multiboot2 decoder: what GRUB says, and what nobody should say. */
#include "boot_block.h"

#include <stdlib.h>
#include <string.h>

#include <fmt/multiboot2.h>

#define INFO 0x8000u /* physical address of the information structure */

/* An information structure under construction; the first 8 bytes are its header. */
static struct {
  uint8_t *bytes; /* exactly `size` bytes on the heap, so that reading past them is seen by the sanitizers */
  size_t size;
} info;

static struct bootinfo bi; /* what was made of it */

static void teardown(void)
{
  free(info.bytes);
}

static void begin(void)
{
  free(info.bytes);
  info.bytes = calloc(1, 8);
  info.size = 8;
}

static void append(const void *data, size_t size)
{
  info.bytes = realloc(info.bytes, info.size + size);
  if (size) memcpy(info.bytes + info.size, data, size);
  info.size += size;
}

static void add_tag(uint32_t type, const void *body, size_t size)
{
  static const uint8_t zeros[8];
  uint32_t header[2] = {type, (uint32_t)(sizeof header + size)};
  append(zeros, -info.size % 8);
  append(header, sizeof header);
  append(body, size);
}

/* After the last tag. */
static struct boot_block finish(void)
{
  add_tag(0, NULL, 0);
  uint32_t total = (uint32_t)info.size;
  memcpy(info.bytes, &total, sizeof total);
  return (struct boot_block){
    .decode = multiboot2_decode, .bytes = info.bytes, .size = info.size, .base = INFO, .info = INFO, .own_size_at = 0};
}

static int decode(void)
{
  struct boot_block b = finish();
  return boot_block_decode(&b, &bi);
}

struct entry {
  uint64_t base, length;
  uint32_t type, reserved;
};

static void add_memory_map(const struct entry *entries, size_t count, uint32_t entry_size)
{
  uint8_t body[8 + 64 * 40] = {0};
  uint32_t head[2] = {entry_size, 0};
  ck_assert_uint_le(count, 64);
  memcpy(body, head, sizeof head);
  for (size_t n = 0; n < count; n++) memcpy(body + 8 + n * entry_size, &entries[n], sizeof entries[n]);
  add_tag(6, body, 8 + count * entry_size);
}

static const struct entry one_usable = {0x100000, 0x700000, 1, 0};

static void check_region(paddr_t base, uint64_t length, enum mem_kind kind)
{
  uint32_t n = 0;
  while (n < bi.nregions && bi.regions[n].base != base) n++;
  ck_assert_msg(n < bi.nregions, "no region at %#lx", base);
  ck_assert_uint_eq(bi.regions[n].length, length);
  ck_assert_uint_eq(bi.regions[n].kind, kind);
}

static void add_framebuffer(uint32_t pitch, uint8_t bpp, uint8_t type, uint8_t red, uint8_t blue)
{
  uint8_t body[30] = {0};
  uint64_t base = 0xFD000000;
  uint32_t size[3] = {pitch, 1024, 768};
  uint8_t colours[6] = {red, 8, 8, 8, blue, 8};
  memcpy(body, &base, 8);
  memcpy(body + 8, size, sizeof size);
  body[20] = bpp;
  body[21] = type;
  memcpy(body + 24, colours, sizeof colours);
  add_tag(8, body, sizeof body);
}

/* What GRUB says. */
static void add_sample(void)
{
  static const struct entry map[] = {
    {0, 0x9FC00, 1, 0},       {0x9FC00, 0x400, 2, 0},   {0x100000, 0x700000, 1, 0}, {0x800000, 0x1000, 3, 0},
    {0x801000, 0x1000, 4, 0}, {0x802000, 0x1000, 5, 0}, {0x803000, 0x1000, 77, 0},
  };
  static const struct {
    uint32_t start, end;
    char name[8];
  } initrd = {0x200000, 0x212345, "initrd"}, second = {0x300000, 0x301000, "other"};
  static const char rsdp[20] = "RSD PTR ";
  add_tag(1, "loglevel=debug", 15);
  add_tag(2, "GRUB 2.06", 10);
  add_tag(3, &initrd, sizeof initrd);
  add_tag(3, &second, sizeof second);
  add_tag(1234, "?", 1); /* unknown: skipped */
  add_memory_map(map, 7, 24);
  add_framebuffer(4096, 32, 1, 16, 0);
  add_tag(14, rsdp, sizeof rsdp);
}

static struct boot_block sample(void)
{
  add_sample();
  return finish();
}

START_TEST(decodes_what_grub_says)
{
  add_sample();
  ck_assert_int_eq(decode(), 0);
  ck_assert_str_eq(bi.cmdline, "loglevel=debug");
  ck_assert_str_eq(bi.loader, "GRUB 2.06");
  ck_assert_uint_eq(bi.initrd, 0x200000);
  ck_assert_uint_eq(bi.initrd_size, 0x12345);
  check_region(0, 0x9FC00, MEM_USABLE);
  check_region(0x9FC00, 0x400, MEM_RESERVED);
  check_region(0x100000, 0x700000, MEM_USABLE);
  check_region(0x800000, 0x1000, MEM_ACPI_RECLAIMABLE);
  check_region(0x801000, 0x1000, MEM_ACPI_NVS);
  check_region(0x802000, 0x1000, MEM_BAD);
  check_region(0x803000, 0x1000, MEM_RESERVED);
  check_region(0x200000, 0x12345, MEM_KERNEL);
  check_region(0xFD000000, 4096 * 768, MEM_FRAMEBUFFER);
  check_region(INFO, info.size, MEM_BOOT_RECLAIMABLE);
  ck_assert_uint_eq(bi.nregions, 10);
  ck_assert_uint_eq(bi.framebuffer.width, 1024);
  ck_assert_uint_eq(bi.framebuffer.height, 768);
  ck_assert_uint_eq(bi.framebuffer.stride, 1024);
  ck_assert_uint_eq(bi.framebuffer.format, FRAMEBUFFER_BGR);
  ck_assert(bi.rsdp > INFO && bi.rsdp < INFO + info.size);
  ck_assert_mem_eq(info.bytes + (bi.rsdp - INFO), "RSD PTR", 7);
}
END_TEST

START_TEST(the_newer_rsdp_wins)
{
  const bool newer_first = _i;
  add_tag(newer_first ? 15 : 14, newer_first ? "new" : "old", 3);
  add_tag(newer_first ? 14 : 15, newer_first ? "old" : "new", 3);
  add_memory_map(&one_usable, 1, 24);
  ck_assert_int_eq(decode(), 0);
  ck_assert_mem_eq(info.bytes + (bi.rsdp - INFO), "new", 3);
}
END_TEST

START_TEST(larger_map_entries_are_stepped_over)
{
  static const struct entry map[] = {{0x100000, 0x1000, 1, 0}, {0x200000, 0x2000, 1, 0}};
  add_memory_map(map, 2, 40);
  ck_assert_int_eq(decode(), 0);
  check_region(0x100000, 0x1000, MEM_USABLE);
  check_region(0x200000, 0x2000, MEM_USABLE);
}
END_TEST

START_TEST(without_a_map_the_basic_sizes_count)
{
  static const uint32_t kib[2] = {639, 15 * 1024};
  add_tag(4, kib, sizeof kib);
  ck_assert_int_eq(decode(), 0);
  check_region(0x100000, 15 << 20, MEM_USABLE);

  begin();
  ck_assert_int_eq(decode(), -EINVAL);
}
END_TEST

START_TEST(impossible_regions_are_cut_or_dropped)
{
  static const struct entry map[] = {
    {0x100000, UINT64_MAX, 1, 0},            /* wraps */
    {0xFFFFFFFFFFFFF000ull, 0x2000, 1, 0},   /* past 52 bits */
    {0x000FFFFFFFFFF000ull, 0x100000, 2, 0}, /* reaches past */
    {0x300000, 0, 1, 0},                     /* empty */
  };
  add_memory_map(map, 4, 24);
  ck_assert_int_eq(decode(), 0);
  check_region(0x100000, (1ull << 52) - 0x100000, MEM_USABLE);
  check_region(0x000FFFFFFFFFF000ull, 0x1000, MEM_RESERVED);
  ck_assert_uint_eq(bi.nregions, 3); /* with the information itself */
}
END_TEST

START_TEST(hundreds_of_regions_are_taken_too_many_refused)
{
  struct entry map[64];
  for (unsigned n = 0; n < 64; n++) map[n] = (struct entry){0x1000000ull * (n + 1), 0x1000, 1, 0};
  for (unsigned n = 0; n < 3; n++) add_memory_map(map, 64, 24);
  ck_assert_int_eq(decode(), 0);
  ck_assert_uint_eq(bi.nregions, 3 * 64 + 1);
  begin();
  for (unsigned n = 0; n < 5; n++) add_memory_map(map, 64, 24);
  ck_assert_int_eq(decode(), -ENOSPC);
}
END_TEST

START_TEST(long_strings_are_cut)
{
  char text[3000];
  memset(text, 'x', sizeof text); /* and no null either */
  add_tag(1, text, sizeof text);
  add_tag(2, text, sizeof text);
  add_memory_map(&one_usable, 1, 24);
  ck_assert_int_eq(decode(), 0);
  ck_assert_uint_eq(strlen(bi.cmdline), sizeof bi.cmdline - 1);
  ck_assert_uint_eq(strlen(bi.loader), sizeof bi.loader - 1);
}
END_TEST

START_TEST(modules_may_be_empty_but_not_end_before_they_begin)
{
  static const uint32_t backwards[2] = {0x300000, 0x200000}, empty[2] = {0x300000, 0x300000};
  add_tag(3, backwards, sizeof backwards);
  add_memory_map(&one_usable, 1, 24);
  ck_assert_int_eq(decode(), -EINVAL);

  begin();
  add_tag(3, empty, sizeof empty);
  add_memory_map(&one_usable, 1, 24);
  ck_assert_int_eq(decode(), 0);
  ck_assert_uint_eq(bi.initrd_size, 0);
}
END_TEST

static const struct {
  uint32_t pitch;
  uint8_t bpp, type, red, blue;
  uint32_t format;
} framebuffers[] = {
  {4096, 32, 1, 16, 0, FRAMEBUFFER_BGR},  {8192, 32, 1, 0, 16, FRAMEBUFFER_RGB},
  {4096, 24, 1, 16, 0, FRAMEBUFFER_NONE}, {4096, 32, 2, 16, 0, FRAMEBUFFER_NONE},
  {4096, 32, 1, 10, 0, FRAMEBUFFER_NONE}, {4000, 32, 1, 16, 0, FRAMEBUFFER_NONE},
  {4098, 32, 1, 16, 0, FRAMEBUFFER_NONE},
};

START_TEST(only_framebuffers_that_can_be_drawn_on)
{
  add_memory_map(&one_usable, 1, 24);
  add_framebuffer(framebuffers[_i].pitch, framebuffers[_i].bpp, framebuffers[_i].type, framebuffers[_i].red,
                  framebuffers[_i].blue);
  ck_assert_int_eq(decode(), 0);
  ck_assert_uint_eq(bi.framebuffer.format, framebuffers[_i].format);
}
END_TEST

START_TEST(information_outside_the_view_is_refused)
{
  static const paddr_t addresses[] = {0, INFO - 1, INFO + 0x10000, UINT64_MAX, UINT64_MAX - 7};
  struct boot_block b = sample();
  for (size_t n = 0; n < sizeof addresses / sizeof addresses[0]; n++) {
    b.info = addresses[n];
    ck_assert_int_eq(boot_block_decode(&b, &bi), -EFAULT);
  }
}
END_TEST

int main(void)
{
  Suite *s = suite_create("multiboot2");
  TCase *t = suite_case(s, "decoder", begin, teardown);
  tcase_add_test(t, decodes_what_grub_says);
  tcase_add_loop_test(t, the_newer_rsdp_wins, 0, 2);
  tcase_add_test(t, larger_map_entries_are_stepped_over);
  tcase_add_test(t, without_a_map_the_basic_sizes_count);
  tcase_add_test(t, impossible_regions_are_cut_or_dropped);
  tcase_add_test(t, hundreds_of_regions_are_taken_too_many_refused);
  tcase_add_test(t, long_strings_are_cut);
  tcase_add_test(t, modules_may_be_empty_but_not_end_before_they_begin);
  tcase_add_loop_test(t, only_framebuffers_that_can_be_drawn_on, 0, sizeof framebuffers / sizeof framebuffers[0]);
  tcase_add_test(t, information_outside_the_view_is_refused);
  boot_block_add_tests(t, sample);
  return suite_run(s);
}
