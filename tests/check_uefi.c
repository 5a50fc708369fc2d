/* The UEFI loader's way out of the firmware, a make-believe one: memory map, boot information, page tables, ACPI tables. */
#include "fake_efi.h"

#include "suite.h"
#include <layout.h>
#include <string.h>

static struct buffer none;

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

START_TEST(a_map_of_too_small_descriptors_is_refused)
{
  static const size_t sizes[] = {0, sizeof(struct efi_memory_descriptor) - 1};
  struct buffer block;
  fake_efi.descriptor_size = sizes[_i];
  add_memory(EFI_CONVENTIONAL, 0x100000, 16);
  ck_assert(!info_allocate(&block, &none));
  fake_efi.descriptor_size = sizeof(struct efi_memory_descriptor);
  ck_assert(info_allocate(&block, &none));
  fake_efi.descriptor_size = sizes[_i];
  ck_assert(!leave_firmware(NULL, &block));
  ck_assert_uint_eq(fake_efi.exits, 0);
  ck_assert_str_eq(fake_efi.said, "veridian: UEFI loader: the firmware gives no memory map\r\n"
                                  "veridian: UEFI loader: the firmware gives no memory map\r\n");
}
END_TEST

/* Its size would make the one that it is merged with end before it begins. */
START_TEST(memory_that_ends_past_all_addresses_is_left_out)
{
  struct buffer block;
  add_memory(EFI_UNUSABLE, 0x100000, 1);
  add_memory(EFI_UNUSABLE, 0x101000, UINT64_MAX / EFI_PAGE);
  struct vbi_info *info = leave(&block, true);
  ck_assert_uint_eq(info->map_entries, 1);
  ck_assert_uint_eq(region(info, 0)->base, 0x100000);
  ck_assert_uint_eq(region(info, 0)->length, EFI_PAGE);
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

/* Without memory nothing is said but why. */
START_TEST(what_does_not_fit_into_memory_is_named)
{
  struct buffer block = {0};
  uint64_t root;
  fake_efi.allocations_left = 0;
  ck_assert(!tables_build(&root));
  ck_assert_str_eq(fake_efi.said, "veridian: UEFI loader: the page table does not fit into memory\r\n");
  fake_efi.said[0] = '\0';
  ck_assert(!info_allocate(&block, &none));
  ck_assert_ptr_nonnull(strstr(fake_efi.said, "the memory map does not fit into memory"));
  fake_efi.allocations_left = 1;
  ck_assert(!info_allocate(&block, &none));
  ck_assert_ptr_nonnull(strstr(fake_efi.said, "the boot information does not fit into memory"));
  ck_assert_uint_eq(block.size, 0);
}
END_TEST

START_TEST(long_texts_are_cut)
{
  char name[201], expected[300] = "veridian: UEFI loader: ";
  memset(name, 'x', 200);
  name[200] = '\0';
  memcpy(expected + strlen(expected), name, 95);
  strcat(expected, " is missing\r\n");
  ck_assert(!refuse(name, "is missing"));
  ck_assert_str_eq(fake_efi.said, expected);
}
END_TEST

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
  TCase *t = suite_case(s, "leaving", fake_efi_reset, fake_efi_reset);
  tcase_add_test(t, a_stale_key_is_tried_again);
  tcase_add_test(t, a_firmware_that_does_not_let_go_is_given_up);
  tcase_add_test(t, other_errors_are_not_tried_again);
  tcase_add_test(t, a_map_that_outgrows_its_slack_is_refused);
  tcase_add_loop_test(t, a_map_of_too_small_descriptors_is_refused, 0, 2);
  tcase_add_test(t, memory_that_ends_past_all_addresses_is_left_out);
  tcase_add_test(t, the_map_is_sorted_merged_and_named);
  tcase_add_test(t, the_command_line_lies_behind_the_map);
  tcase_add_test(t, what_does_not_fit_into_memory_is_named);
  tcase_add_test(t, long_texts_are_cut);
  tcase_add_test(t, the_newer_acpi_table_is_preferred);
  tcase_add_test(t, the_tables_map_what_the_protocol_says);
  return suite_run(s);
}
