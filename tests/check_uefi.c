/* The UEFI loader's parts on a firmware of make-believe: leaving it, its memory map, files, screens, tables, kernels. */
#include "fake_efi.h"

#include "suite.h"
#include <layout.h>
#include <stdlib.h>
#include <string.h>

static struct buffer none;

/* ---- leaving the firmware ---- */

static struct vbi_info *leave(struct buffer *block, bool expected)
{
  ck_assert(info_allocate(block, &none));
  ck_assert_int_eq(leave_firmware(NULL, block), expected);
  return (struct vbi_info *)block->bytes;
}

static const struct vbi_memory *region(const struct vbi_info *info, uint32_t n)
{
  ck_assert_uint_lt(n, info->map_entries);
  return (const struct vbi_memory *)((const uint8_t *)info + info->map_offset) + n;
}

static void add_memory(uint32_t type, uint64_t physical, uint64_t pages)
{
  fake_efi.map[fake_efi.map_count++] =
    (struct efi_memory_descriptor){.type = type, .physical = physical, .pages = pages};
}

START_TEST(a_stale_key_is_tried_again)
{
  for (unsigned stale = 0; stale < 8; stale++) {
    struct buffer block;
    fake_efi_reset();
    add_memory(EFI_CONVENTIONAL, 0x100000, 16);
    fake_efi.stale_keys = stale;
    struct vbi_info *info = leave(&block, true);
    ck_assert_uint_eq(fake_efi.exits, stale + 1);
    ck_assert_uint_eq(fake_efi.after_exit, 0);
    /* The last map counts, with what the firmware took meanwhile. */
    ck_assert_uint_eq(info->map_entries, stale ? 1 + stale : 1);
    if (stale) ck_assert_uint_eq(region(info, stale)->type, VBI_MEMORY_RESERVED);
  }
}
END_TEST

START_TEST(a_firmware_that_does_not_let_go_is_given_up)
{
  struct buffer block;
  add_memory(EFI_CONVENTIONAL, 0x100000, 16);
  fake_efi.stale_keys = 20;
  (void)leave(&block, false);
  ck_assert_uint_eq(fake_efi.exits, 8);
  ck_assert_str_eq(fake_efi.said, "veridian: UEFI loader: the firmware does not let go (ExitBootServices)\r\n");
}
END_TEST

START_TEST(other_errors_are_not_tried_again)
{
  struct buffer block;
  add_memory(EFI_CONVENTIONAL, 0x100000, 16);
  fake_efi.exit_error = EFI_LOAD_ERROR;
  (void)leave(&block, false);
  ck_assert_uint_eq(fake_efi.exits, 1);
}
END_TEST

START_TEST(a_map_that_outgrows_its_slack_is_refused)
{
  struct buffer block;
  add_memory(EFI_CONVENTIONAL, 0x100000, 16);
  ck_assert(info_allocate(&block, &none));
  fake_efi.map_count = 1 + 64;
  ck_assert(leave_firmware(NULL, &block));
  ck_assert_uint_eq(((struct vbi_info *)block.bytes)->map_entries, 1); /* the others are empty */
  fake_efi.map_count++;
  ck_assert(!leave_firmware(NULL, &block));
  ck_assert_ptr_nonnull(strstr(fake_efi.said, "the firmware gives no memory map"));
}
END_TEST

START_TEST(the_map_is_sorted_merged_and_named)
{
  static const uint32_t expected[] = {VBI_MEMORY_USABLE,           VBI_MEMORY_LOADER,   VBI_MEMORY_USABLE,
                                      VBI_MEMORY_ACPI_RECLAIMABLE, VBI_MEMORY_ACPI_NVS, VBI_MEMORY_BAD,
                                      VBI_MEMORY_RESERVED};
  struct buffer block;
  add_memory(EFI_UNUSABLE, 0x900000, 1);
  add_memory(EFI_BOOT_SERVICES_DATA, 0x300000, 1);
  add_memory(EFI_BOOT_SERVICES_CODE, 0x302000, 1);
  add_memory(EFI_CONVENTIONAL, 0x301000, 1);
  add_memory(EFI_CONVENTIONAL, 0x100000, 16);
  add_memory(EFI_LOADER_CODE, 0x200000, 1);
  add_memory(EFI_LOADER_DATA, 0x201000, 1);
  add_memory(EFI_ACPI_RECLAIM, 0x700000, 1);
  add_memory(EFI_ACPI_NVS, 0x800000, 1);
  add_memory(EFI_RUNTIME_SERVICES_CODE, 0xA00000, 1);
  add_memory(99, 0xA01000, 1);
  add_memory(EFI_CONVENTIONAL, 0xB00000, 0);
  add_memory(EFI_CONVENTIONAL, 0xC00000, UINT64_MAX / EFI_PAGE + 1); /* its size wraps */
  struct vbi_info *info = leave(&block, true);
  ck_assert_uint_eq(info->map_entries, sizeof expected / sizeof expected[0]);
  for (uint32_t i = 0; i < info->map_entries; i++) ck_assert_uint_eq(region(info, i)->type, expected[i]);
  ck_assert_uint_eq(region(info, 2)->base, 0x300000);
  ck_assert_uint_eq(region(info, 2)->length, 3 * EFI_PAGE);
  ck_assert_uint_eq(region(info, 6)->length, 2 * EFI_PAGE);
}
END_TEST

/* ---- files ---- */

static void have_file(const char *name, const void *bytes, size_t size)
{
  fake_efi.file_name = name;
  fake_efi.file_bytes = bytes;
  fake_efi.file_size = size;
}

START_TEST(files_are_read_in_parts)
{
  struct buffer b;
  have_file("kernel.elf", "0123456789", 10);
  fake_efi.read_max = 3;
  ck_assert(file_read(NULL, "kernel.elf", 10, &b));
  ck_assert_uint_eq(b.size, 10);
  ck_assert_int_eq(memcmp(b.bytes, "0123456789", 10), 0);
  buffer_free(&b);
  ck_assert_uint_eq(fake_efi.pages_live, 0);
}
END_TEST

START_TEST(files_that_cannot_be_read_keep_nothing)
{
  struct buffer b;
  ck_assert(!file_read(NULL, "kernel.elf", 10, &b));
  ck_assert_ptr_nonnull(strstr(fake_efi.said, "has no sound file system"));
  have_file("kernel.elf", "0123456789", 10);
  ck_assert(!file_read(NULL, "kernel.el", 10, &b));
  ck_assert_ptr_nonnull(strstr(fake_efi.said, "kernel.el is missing"));
  ck_assert(!file_read(NULL, "kernel.elf", 9, &b));
  ck_assert_ptr_nonnull(strstr(fake_efi.said, "kernel.elf is too long"));
  fake_efi.read_max = 0;
  ck_assert(!file_read(NULL, "kernel.elf", 10, &b));
  ck_assert_ptr_nonnull(strstr(fake_efi.said, "kernel.elf cannot be read"));
  ck_assert_uint_eq(fake_efi.pages_live, 0);
}
END_TEST

static void command_line_is(const char *text, size_t size, const char *said)
{
  struct buffer b;
  fake_efi_reset();
  have_file("cmdline.txt", text, size);
  cmdline_read(NULL, &b);
  ck_assert_uint_eq(b.size, *said ? 0 : size);
  ck_assert_ptr_nonnull(strstr(fake_efi.said, said));
  if (!*said) ck_assert_str_eq(fake_efi.said, "");
  buffer_free(&b);
  ck_assert_uint_eq(fake_efi.pages_live, 0);
}

START_TEST(command_lines_are_plain_text_or_ignored)
{
  char longest[VBI_CMDLINE_MAX + 1];
  memset(longest, 'x', sizeof longest);
  command_line_is("ktest\r\n", 7, "");
  command_line_is("a\tb ~", 5, "");
  command_line_is("", 0, "");
  command_line_is(longest, VBI_CMDLINE_MAX, "");
  command_line_is(longest, VBI_CMDLINE_MAX + 1, "cmdline.txt is ignored");
  command_line_is("a\0b", 3, "is not plain text");
  command_line_is("a\x7F", 2, "is not plain text");
  command_line_is("\xFF\xFEk", 3, "is not plain text");

  struct buffer b;
  fake_efi_reset();
  have_file("other", "x", 1);
  cmdline_read(NULL, &b);
  ck_assert_uint_eq(b.size, 0);
  ck_assert_str_eq(fake_efi.said, "");
}
END_TEST

START_TEST(the_command_line_lies_behind_the_map)
{
  uint8_t text[] = "ktest";
  struct buffer block, cmdline = {.bytes = text, .size = 5};
  add_memory(EFI_CONVENTIONAL, 0x100000, 16);
  ck_assert(info_allocate(&block, &cmdline));
  struct vbi_info *info = (struct vbi_info *)block.bytes;
  ck_assert_uint_eq(info->magic, VBI_MAGIC);
  ck_assert_uint_eq(info->size, block.size);
  ck_assert_uint_eq(info->cmdline_offset + info->cmdline_size, info->size);
  ck_assert_int_eq(memcmp(block.bytes + info->cmdline_offset, "ktest", 5), 0);
  ck_assert(leave_firmware(NULL, &block));
  ck_assert_uint_le(info->map_offset + info->map_entries * sizeof(struct vbi_memory), info->cmdline_offset);
}
END_TEST

/* ---- screens ---- */

#define RGB                   \
  {                           \
    0xFF, 0xFF00, 0xFF0000, 0 \
  }
#define BGR                   \
  {                           \
    0xFF0000, 0xFF00, 0xFF, 0 \
  }
#define RGB565             \
  {                        \
    0xF800, 0x7E0, 0x1F, 0 \
  }

static void have_screen(uint32_t current, const struct efi_graphics_info *modes, uint32_t count)
{
  fake_efi.graphics = true;
  fake_efi.mode_count = count;
  memcpy(fake_efi.modes, modes, count * sizeof modes[0]);
  fake_efi_set_mode(current);
}

static void have_native(unsigned width, unsigned height)
{
  uint8_t *timing = fake_efi.edid + 54;
  fake_efi.edid_size = 128;
  timing[0] = 1;
  timing[2] = (uint8_t)width;
  timing[4] = (uint8_t)(width >> 8 << 4);
  timing[5] = (uint8_t)height;
  timing[7] = (uint8_t)(height >> 8 << 4);
}

static void screen_is(uint32_t width, uint32_t height, uint32_t pixels)
{
  struct vbi_framebuffer fb = {0};
  find_framebuffer(&fb);
  ck_assert_uint_eq(fb.width, width);
  ck_assert_uint_eq(fb.height, height);
  ck_assert_uint_eq(fb.pixels, pixels);
  ck_assert_uint_eq(fake_efi.pools_live, 0);
}

/* Some modes: version 1 is one that cannot be queried. */
static const struct efi_graphics_info some[] = {
  {0, 800, 600, EFI_PIXELS_BGR, {0}, 832},       {0, 1024, 768, EFI_PIXELS_MASK, RGB, 1024},
  {0, 1600, 1200, EFI_PIXELS_BLT_ONLY, {0}, 0},  {0, 1280, 1024, EFI_PIXELS_MASK, BGR, 1280},
  {1, 1280, 800, EFI_PIXELS_RGB, {0}, 1280},     {0, 640, 480, EFI_PIXELS_RGB, {0}, 640},
  {0, 1400, 1050, EFI_PIXELS_MASK, RGB565, 1400}};
#define SOME (sizeof some / sizeof some[0])

START_TEST(the_native_mode_is_preferred)
{
  have_screen(0, some, SOME);
  have_native(1280, 1024);
  screen_is(1280, 1024, VBI_PIXELS_BGR);
  have_native(1024, 768);
  screen_is(1024, 768, VBI_PIXELS_RGB);
  have_native(640, 480);
  screen_is(640, 480, VBI_PIXELS_RGB);
}
END_TEST

START_TEST(without_a_usable_native_mode_the_present_one_stays)
{
  static const unsigned sizes[][2] = {{1920, 1080}, {1600, 1200}, {1280, 800}, {1400, 1050}, {0, 0}};
  have_screen(0, some, SOME);
  screen_is(800, 600, VBI_PIXELS_BGR);
  for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
    have_native(sizes[n][0], sizes[n][1]);
    screen_is(800, 600, VBI_PIXELS_BGR);
  }
  have_native(1024, 768);
  fake_efi.edid_size = 127;
  screen_is(800, 600, VBI_PIXELS_BGR);
  have_native(1024, 768);
  fake_efi.edid[54] = 0; /* no pixel clock */
  screen_is(800, 600, VBI_PIXELS_BGR);
  have_native(1024, 768);
  fake_efi.mode_fixed = true;
  screen_is(800, 600, VBI_PIXELS_BGR);
}
END_TEST

START_TEST(a_mode_that_cannot_be_drawn_on_gives_way_to_the_largest)
{
  have_screen(2, some, SOME);
  screen_is(1280, 1024, VBI_PIXELS_BGR);
  fake_efi_set_mode(2);
  fake_efi.mode_fixed = true;
  screen_is(0, 0, VBI_PIXELS_NONE);
  fake_efi_reset();
  have_screen(0, &some[2], 1);
  have_native(1600, 1200);
  screen_is(0, 0, VBI_PIXELS_NONE);
}
END_TEST

START_TEST(no_screen_is_none)
{
  screen_is(0, 0, VBI_PIXELS_NONE);
}
END_TEST

/* ---- tables, the kernel ---- */

START_TEST(the_newer_acpi_table_is_preferred)
{
  static struct efi_configuration_table tables[] = {
    {{1, 2, 3, {0}}, (void *)0x1},
    {{0xEB9D2D30, 0x2D88, 0x11D3, {0x9A, 0x16, 0x00, 0x90, 0x27, 0x3F, 0xC1, 0x4D}}, (void *)0x10},
    {{0x8868E871, 0xE4F1, 0x11D3, {0xBC, 0x22, 0x00, 0x80, 0xC7, 0x3C, 0x88, 0x81}}, (void *)0x20}};
  efi->tables = tables;
  for (size_t n = 0; n <= 3; n++) {
    static const uint64_t expected[] = {0, 0, 0x10, 0x20};
    efi->table_count = n;
    ck_assert_uint_eq(find_rsdp(), expected[n]);
  }
}
END_TEST

/* An ELF file: one segment, one note, the note's bytes. */
#define ELF_NOTE 176
#define ELF_SIZE 208
static void elf_build(uint8_t *elf)
{
  static const uint8_t ident[7] = {0x7F, 'E', 'L', 'F', 2, 1, 1};
  struct {
    uint32_t type, flags;
    uint64_t offset, virtual, physical, file_size, memory_size, align;
  } headers[2] = {{1, 5, 0, 0, LAYOUT_KERNEL_LMA, 64, 0x1800, 0}, {4, 4, ELF_NOTE, 0, 0, 32, 32, 0}};
  uint32_t note[] = {9, 8, VBI_NOTE_TYPE};
  uint64_t entry = LAYOUT_KERNEL_BASE + LAYOUT_KERNEL_LMA + 0x17FF;
  memset(elf, 0, ELF_SIZE);
  memcpy(elf, ident, sizeof ident);
  memcpy(elf + 18, &(uint16_t){62}, 2);
  memcpy(elf + 32, &(uint64_t){64}, 8);
  memcpy(elf + 54, &(uint16_t){56}, 2);
  memcpy(elf + 56, &(uint16_t){2}, 2);
  memcpy(elf + 64, headers, sizeof headers);
  memcpy(elf + ELF_NOTE, note, sizeof note);
  memcpy(elf + ELF_NOTE + 12, "Veridian", 9);
  memcpy(elf + ELF_NOTE + 24, &entry, 8);
}

START_TEST(a_good_kernel_is_planned)
{
  uint8_t bytes[ELF_SIZE];
  struct buffer elf = {bytes, ELF_SIZE};
  struct kernel_plan plan;
  elf_build(bytes);
  ck_assert_ptr_null(kernel_plan(&elf, &plan));
  ck_assert_uint_eq(plan.low, LAYOUT_KERNEL_LMA);
  ck_assert_uint_eq(plan.high, LAYOUT_KERNEL_LMA + 0x1800);
  ck_assert_uint_eq(plan.entry, LAYOUT_KERNEL_BASE + LAYOUT_KERNEL_LMA + 0x17FF);
}
END_TEST

START_TEST(every_truncated_kernel_is_refused)
{
  uint8_t bytes[ELF_SIZE];
  elf_build(bytes);
  for (size_t size = 0; size < ELF_SIZE; size++) {
    struct buffer elf = {malloc(size ? size : 1), size};
    struct kernel_plan plan;
    memcpy(elf.bytes, bytes, size);
    ck_assert_ptr_nonnull(kernel_plan(&elf, &plan));
    free(elf.bytes);
  }
}
END_TEST

START_TEST(any_changed_word_of_a_kernel_is_survived)
{
  static const uint32_t values[] = {0, 1, ELF_SIZE - 1, ELF_SIZE, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFF};
  struct buffer elf = {malloc(ELF_SIZE), ELF_SIZE};
  for (size_t at = 0; at + 4 <= ELF_SIZE; at++) {
    for (size_t n = 0; n < sizeof values / sizeof values[0]; n++) {
      struct kernel_plan plan;
      elf_build(elf.bytes);
      memcpy(elf.bytes + at, &values[n], 4);
      if (kernel_plan(&elf, &plan)) continue;
      ck_assert_uint_ge(plan.low, LAYOUT_KERNEL_LMA);
      ck_assert_uint_lt(plan.low, plan.high);
      ck_assert_uint_le(plan.high, BELOW_4_GIB);
    }
  }
  free(elf.bytes);
}
END_TEST

START_TEST(the_tables_map_what_the_protocol_says)
{
  uint64_t root;
  ck_assert(tables_build(&root));
  const uint64_t *pml4 = (const uint64_t *)(uintptr_t)root;
  const uint64_t *low = (const uint64_t *)(uintptr_t)(pml4[0] & ~0xFFFull);
  const uint64_t *high = (const uint64_t *)(uintptr_t)(pml4[511] & ~0xFFFull);
  ck_assert_uint_eq(pml4[0], pml4[LAYOUT_DIRECT_MAP_SLOT]);
  ck_assert_uint_eq(high[510], low[0]);
  for (unsigned gib = 0; gib < 4; gib++) {
    const uint64_t *pages = (const uint64_t *)(uintptr_t)(low[gib] & ~0xFFFull);
    for (uint64_t i = 0; i < 512; i++) ck_assert_uint_eq(pages[i], ((uint64_t)gib << 30 | i << 21) + 0x83);
  }
  for (unsigned i = 1; i < 511; i++)
    if (i != LAYOUT_DIRECT_MAP_SLOT) ck_assert_uint_eq(pml4[i], 0);
}
END_TEST

int main(void)
{
  Suite *s = suite_create("uefi");
  TCase *t = tcase_create("loader");
  tcase_add_checked_fixture(t, fake_efi_reset, fake_efi_reset);
  tcase_add_test(t, a_stale_key_is_tried_again);
  tcase_add_test(t, a_firmware_that_does_not_let_go_is_given_up);
  tcase_add_test(t, other_errors_are_not_tried_again);
  tcase_add_test(t, a_map_that_outgrows_its_slack_is_refused);
  tcase_add_test(t, the_map_is_sorted_merged_and_named);
  tcase_add_test(t, files_are_read_in_parts);
  tcase_add_test(t, files_that_cannot_be_read_keep_nothing);
  tcase_add_test(t, command_lines_are_plain_text_or_ignored);
  tcase_add_test(t, the_command_line_lies_behind_the_map);
  tcase_add_test(t, the_native_mode_is_preferred);
  tcase_add_test(t, without_a_usable_native_mode_the_present_one_stays);
  tcase_add_test(t, a_mode_that_cannot_be_drawn_on_gives_way_to_the_largest);
  tcase_add_test(t, no_screen_is_none);
  tcase_add_test(t, the_newer_acpi_table_is_preferred);
  tcase_add_test(t, a_good_kernel_is_planned);
  tcase_add_test(t, every_truncated_kernel_is_refused);
  tcase_add_test(t, any_changed_word_of_a_kernel_is_survived);
  tcase_add_test(t, the_tables_map_what_the_protocol_says);
  suite_add_tcase(s, t);
  return suite_run(s);
}
