/* The Multiboot2 decoder: what GRUB says, and what nobody should say. */
#include "boot_block.h"

#include "suite.h"
#include <stdlib.h>
#include <string.h>

#include <fmt/multiboot2.h>

#define INFO 0x8000u /* physical address of the information structure */

/* An information structure under construction; the first 8 bytes are its header. */
struct info {
  uint8_t *bytes; /* exactly `size` bytes on the heap, so that reading past them is seen by the sanitizers */
  size_t size;
};

static struct info info_new(void)
{
  struct info i = {calloc(1, 8), 8};
  return i;
}

static void info_append(struct info *i, const void *data, size_t size)
{
  i->bytes = realloc(i->bytes, i->size + size);
  if (size) memcpy(i->bytes + i->size, data, size);
  i->size += size;
}

static void add_tag(struct info *i, uint32_t type, const void *body, size_t size)
{
  static const uint8_t zeros[8];
  uint32_t header[2] = {type, (uint32_t)(sizeof header + size)};
  info_append(i, zeros, -i->size % 8);
  info_append(i, header, sizeof header);
  info_append(i, body, size);
}

static void finish(struct info *i)
{
  add_tag(i, 0, NULL, 0);
  uint32_t total = (uint32_t)i->size;
  memcpy(i->bytes, &total, sizeof total);
}

static struct boot_block block(const struct info *i)
{
  return (struct boot_block){
    .decode = multiboot2_decode, .bytes = i->bytes, .size = i->size, .base = INFO, .info = INFO, .own_size_at = 0};
}

static int decode(const struct info *i, struct bootinfo *bi)
{
  struct boot_block b = block(i);
  return boot_block_decode(&b, bi);
}

struct entry {
  uint64_t base, length;
  uint32_t type, reserved;
};

static void add_memory_map(struct info *i, const struct entry *entries, size_t count, uint32_t entry_size)
{
  uint8_t body[8 + 64 * 40] = {0};
  uint32_t head[2] = {entry_size, 0};
  ck_assert_uint_le(count, 64);
  memcpy(body, head, sizeof head);
  for (size_t n = 0; n < count; n++) memcpy(body + 8 + n * entry_size, &entries[n], sizeof entries[n]);
  add_tag(i, 6, body, 8 + count * entry_size);
}

static const struct entry one_usable = {0x100000, 0x700000, 1, 0};

static const struct mem_region *region_at(const struct bootinfo *bi, paddr_t base)
{
  for (uint32_t n = 0; n < bi->nregions; n++)
    if (bi->regions[n].base == base) return &bi->regions[n];
  ck_abort_msg("no region at %#llx", (unsigned long long)base);
  return NULL;
}

static void check_region(const struct bootinfo *bi, paddr_t base, uint64_t length, enum mem_kind kind)
{
  const struct mem_region *r = region_at(bi, base);
  ck_assert_uint_eq(r->length, length);
  ck_assert_uint_eq(r->kind, kind);
}

static void add_framebuffer(struct info *i, uint32_t pitch, uint8_t bpp, uint8_t type, uint8_t red, uint8_t blue)
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
  add_tag(i, 8, body, sizeof body);
}

static struct info sample(void)
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
  struct info i = info_new();
  add_tag(&i, 1, "loglevel=debug", 15);
  add_tag(&i, 2, "GRUB 2.06", 10);
  add_tag(&i, 3, &initrd, sizeof initrd);
  add_tag(&i, 3, &second, sizeof second);
  add_tag(&i, 1234, "?", 1); /* unknown: skipped */
  add_memory_map(&i, map, 7, 24);
  add_framebuffer(&i, 4096, 32, 1, 16, 0);
  add_tag(&i, 14, rsdp, sizeof rsdp);
  finish(&i);
  return i;
}

START_TEST(decodes_what_grub_says)
{
  struct bootinfo bi;
  struct info i = sample();
  ck_assert_int_eq(decode(&i, &bi), 0);
  ck_assert_str_eq(bi.cmdline, "loglevel=debug");
  ck_assert_str_eq(bi.loader, "GRUB 2.06");
  ck_assert_uint_eq(bi.initrd, 0x200000);
  ck_assert_uint_eq(bi.initrd_size, 0x12345);
  check_region(&bi, 0, 0x9FC00, MEM_USABLE);
  check_region(&bi, 0x9FC00, 0x400, MEM_RESERVED);
  check_region(&bi, 0x100000, 0x700000, MEM_USABLE);
  check_region(&bi, 0x800000, 0x1000, MEM_ACPI_RECLAIMABLE);
  check_region(&bi, 0x801000, 0x1000, MEM_ACPI_NVS);
  check_region(&bi, 0x802000, 0x1000, MEM_BAD);
  check_region(&bi, 0x803000, 0x1000, MEM_RESERVED);
  check_region(&bi, 0x200000, 0x12345, MEM_KERNEL);
  check_region(&bi, 0xFD000000, 4096 * 768, MEM_FRAMEBUFFER);
  check_region(&bi, INFO, i.size, MEM_BOOT_RECLAIMABLE);
  ck_assert_uint_eq(bi.nregions, 10);
  ck_assert_uint_eq(bi.framebuffer.width, 1024);
  ck_assert_uint_eq(bi.framebuffer.height, 768);
  ck_assert_uint_eq(bi.framebuffer.stride, 1024);
  ck_assert_uint_eq(bi.framebuffer.format, FRAMEBUFFER_BGR);
  ck_assert(bi.rsdp > INFO && bi.rsdp < INFO + i.size);
  ck_assert_mem_eq(i.bytes + (bi.rsdp - INFO), "RSD PTR", 7);
  free(i.bytes);
}
END_TEST

START_TEST(the_newer_rsdp_wins)
{
  for (int newer_first = 0; newer_first < 2; newer_first++) {
    struct bootinfo bi;
    struct info i = info_new();
    add_tag(&i, newer_first ? 15 : 14, newer_first ? "new" : "old", 3);
    add_tag(&i, newer_first ? 14 : 15, newer_first ? "old" : "new", 3);
    add_memory_map(&i, &one_usable, 1, 24);
    finish(&i);
    ck_assert_int_eq(decode(&i, &bi), 0);
    ck_assert_mem_eq(i.bytes + (bi.rsdp - INFO), "new", 3);
    free(i.bytes);
  }
}
END_TEST

START_TEST(larger_map_entries_are_stepped_over)
{
  static const struct entry map[] = {{0x100000, 0x1000, 1, 0}, {0x200000, 0x2000, 1, 0}};
  struct bootinfo bi;
  struct info i = info_new();
  add_memory_map(&i, map, 2, 40);
  finish(&i);
  ck_assert_int_eq(decode(&i, &bi), 0);
  check_region(&bi, 0x100000, 0x1000, MEM_USABLE);
  check_region(&bi, 0x200000, 0x2000, MEM_USABLE);
  free(i.bytes);
}
END_TEST

START_TEST(without_a_map_the_basic_sizes_count)
{
  static const uint32_t kib[2] = {639, 15 * 1024};
  struct bootinfo bi;
  struct info i = info_new();
  add_tag(&i, 4, kib, sizeof kib);
  finish(&i);
  ck_assert_int_eq(decode(&i, &bi), 0);
  check_region(&bi, 0x100000, 15 << 20, MEM_USABLE);
  free(i.bytes);

  i = info_new();
  finish(&i);
  ck_assert_int_eq(decode(&i, &bi), -EINVAL);
  free(i.bytes);
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
  struct bootinfo bi;
  struct info i = info_new();
  add_memory_map(&i, map, 4, 24);
  finish(&i);
  ck_assert_int_eq(decode(&i, &bi), 0);
  check_region(&bi, 0x100000, (1ull << 52) - 0x100000, MEM_USABLE);
  check_region(&bi, 0x000FFFFFFFFFF000ull, 0x1000, MEM_RESERVED);
  ck_assert_uint_eq(bi.nregions, 3); /* with the information itself */
  free(i.bytes);
}
END_TEST

START_TEST(hundreds_of_regions_are_taken_too_many_refused)
{
  struct entry map[64];
  struct bootinfo bi;
  struct info i = info_new();
  for (unsigned n = 0; n < 64; n++) map[n] = (struct entry){0x1000000ull * (n + 1), 0x1000, 1, 0};
  for (unsigned n = 0; n < 3; n++) add_memory_map(&i, map, 64, 24);
  finish(&i);
  ck_assert_int_eq(decode(&i, &bi), 0);
  ck_assert_uint_eq(bi.nregions, 3 * 64 + 1);
  free(i.bytes);
  i = info_new();
  for (unsigned n = 0; n < 5; n++) add_memory_map(&i, map, 64, 24);
  finish(&i);
  ck_assert_int_eq(decode(&i, &bi), -ENOSPC);
  free(i.bytes);
}
END_TEST

START_TEST(long_strings_are_cut)
{
  char text[3000];
  struct bootinfo bi;
  struct info i = info_new();
  memset(text, 'x', sizeof text); /* and no null either */
  add_tag(&i, 1, text, sizeof text);
  add_tag(&i, 2, text, sizeof text);
  add_memory_map(&i, &one_usable, 1, 24);
  finish(&i);
  ck_assert_int_eq(decode(&i, &bi), 0);
  ck_assert_uint_eq(strlen(bi.cmdline), sizeof bi.cmdline - 1);
  ck_assert_uint_eq(strlen(bi.loader), sizeof bi.loader - 1);
  free(i.bytes);
}
END_TEST

START_TEST(odd_modules)
{
  static const uint32_t backwards[2] = {0x300000, 0x200000}, empty[2] = {0x300000, 0x300000};
  struct bootinfo bi;
  struct info i = info_new();
  add_tag(&i, 3, backwards, sizeof backwards);
  add_memory_map(&i, &one_usable, 1, 24);
  finish(&i);
  ck_assert_int_eq(decode(&i, &bi), -EINVAL);
  free(i.bytes);

  i = info_new();
  add_tag(&i, 3, empty, sizeof empty);
  add_memory_map(&i, &one_usable, 1, 24);
  finish(&i);
  ck_assert_int_eq(decode(&i, &bi), 0);
  ck_assert_uint_eq(bi.initrd_size, 0);
  free(i.bytes);
}
END_TEST

START_TEST(only_framebuffers_that_can_be_drawn_on)
{
  static const struct {
    uint32_t pitch;
    uint8_t bpp, type, red, blue;
    uint32_t format;
  } cases[] = {
    {4096, 32, 1, 16, 0, FRAMEBUFFER_BGR},  {8192, 32, 1, 0, 16, FRAMEBUFFER_RGB},
    {4096, 24, 1, 16, 0, FRAMEBUFFER_NONE}, {4096, 32, 2, 16, 0, FRAMEBUFFER_NONE},
    {4096, 32, 1, 10, 0, FRAMEBUFFER_NONE}, {4000, 32, 1, 16, 0, FRAMEBUFFER_NONE},
    {4098, 32, 1, 16, 0, FRAMEBUFFER_NONE},
  };
  for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
    struct bootinfo bi;
    struct info i = info_new();
    add_memory_map(&i, &one_usable, 1, 24);
    add_framebuffer(&i, cases[n].pitch, cases[n].bpp, cases[n].type, cases[n].red, cases[n].blue);
    finish(&i);
    ck_assert_int_eq(decode(&i, &bi), 0);
    ck_assert_uint_eq(bi.framebuffer.format, cases[n].format);
    free(i.bytes);
  }
}
END_TEST

START_TEST(every_truncation_is_an_error)
{
  struct info i = sample();
  struct boot_block b = block(&i);
  boot_block_every_truncation_is_an_error(&b);
  free(i.bytes);
}
END_TEST

START_TEST(any_changed_word_is_survived)
{
  struct info i = sample();
  struct boot_block b = block(&i);
  boot_block_any_changed_word_is_survived(&b);
  free(i.bytes);
}
END_TEST

START_TEST(information_outside_the_view_is_refused)
{
  static const paddr_t addresses[] = {0, INFO - 1, INFO + 0x10000, UINT64_MAX, UINT64_MAX - 7};
  struct info i = sample();
  struct phys_view view = {.bytes = i.bytes, .base = INFO, .size = i.size};
  for (size_t n = 0; n < sizeof addresses / sizeof addresses[0]; n++) {
    struct bootinfo bi = {0};
    ck_assert_int_eq(multiboot2_decode(&view, addresses[n], &bi), -EFAULT);
  }
  free(i.bytes);
}
END_TEST

int main(void)
{
  Suite *s = suite_create("multiboot2");
  TCase *t = tcase_create("decoder");
  tcase_add_test(t, decodes_what_grub_says);
  tcase_add_test(t, the_newer_rsdp_wins);
  tcase_add_test(t, larger_map_entries_are_stepped_over);
  tcase_add_test(t, without_a_map_the_basic_sizes_count);
  tcase_add_test(t, impossible_regions_are_cut_or_dropped);
  tcase_add_test(t, hundreds_of_regions_are_taken_too_many_refused);
  tcase_add_test(t, long_strings_are_cut);
  tcase_add_test(t, odd_modules);
  tcase_add_test(t, only_framebuffers_that_can_be_drawn_on);
  tcase_add_test(t, every_truncation_is_an_error);
  tcase_add_test(t, any_changed_word_is_survived);
  tcase_add_test(t, information_outside_the_view_is_refused);
  suite_add_tcase(s, t);
  return suite_run(s);
}
