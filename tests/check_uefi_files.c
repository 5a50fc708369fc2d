/* The files that the UEFI loader reads, from a firmware of make-believe: the command line, and kernels. */
#include "fake_efi.h"

#include "suite.h"
#include <layout.h>
#include <stdlib.h>
#include <string.h>

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
  ck_assert_uint_eq(b.size, 0);
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

START_TEST(a_file_that_cannot_be_opened_or_held_is_refused)
{
  static const struct {
    efi_status open, position;
    unsigned allocations;
    const char *said;
  } cases[] = {
    {EFI_LOAD_ERROR, EFI_SUCCESS, 1, "kernel.elf cannot be opened"},
    {EFI_SUCCESS, EFI_LOAD_ERROR, 1, "kernel.elf is not a file"}, /* a folder, for instance */
    {EFI_SUCCESS, EFI_SUCCESS, 0, "kernel.elf does not fit into memory"},
  };
  struct buffer b;
  have_file("kernel.elf", "0123456789", 10);
  fake_efi.open_error = cases[_i].open;
  fake_efi.position_error = cases[_i].position;
  fake_efi.allocations_left = cases[_i].allocations;
  ck_assert(!file_read(NULL, "kernel.elf", 10, &b));
  ck_assert_ptr_nonnull(strstr(fake_efi.said, cases[_i].said));
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

/* ---- kernels ---- */

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

START_TEST(a_spoilt_kernel_is_refused_for_its_reason)
{
  static const struct {
    size_t at;
    uint8_t byte;
    const char *why;
  } cases[] = {
    {3, 'f', "is not an x86-64 ELF file"},
    {4, 1, "is not an x86-64 ELF file"},
    {18, 3, "is not an x86-64 ELF file"},
    {54, 57, "is damaged"},                /* size of a program header */
    {57, 1, "is damaged"},                 /* many of them */
    {64 + 8, ELF_SIZE - 63, "is damaged"}, /* the segment's offset */
    {64 + 26, 0, "is damaged"},            /* its address: below the kernel's */
    {64 + 24, 1, "is damaged"},            /* ... not a page's */
    {64 + 47, 1, "is damaged"},            /* its size in memory */
    {64 + 56, 5, "has no VBI1 entry"},     /* another type than that of notes */
    {ELF_NOTE + 12, 'v', "has no VBI1 entry"},
    {ELF_NOTE + 25, 0x18, "has no VBI1 entry"}, /* behind the segment */
  };
  uint8_t bytes[ELF_SIZE];
  struct buffer elf = {bytes, ELF_SIZE};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct kernel_plan plan;
    elf_build(bytes);
    ck_assert_uint_ne(bytes[cases[i].at], cases[i].byte);
    bytes[cases[i].at] = cases[i].byte;
    const char *why = kernel_plan(&elf, &plan);
    ck_assert_msg(why && strcmp(why, cases[i].why) == 0, "byte %zu: %s", cases[i].at, why ? why : "accepted");
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

int main(void)
{
  Suite *s = suite_create("uefi files");
  TCase *t = suite_case(s, "files", fake_efi_reset, fake_efi_reset);
  tcase_add_test(t, files_are_read_in_parts);
  tcase_add_test(t, files_that_cannot_be_read_keep_nothing);
  tcase_add_loop_test(t, a_file_that_cannot_be_opened_or_held_is_refused, 0, 3);
  tcase_add_test(t, command_lines_are_plain_text_or_ignored);
  tcase_add_test(t, a_good_kernel_is_planned);
  tcase_add_test(t, every_truncated_kernel_is_refused);
  tcase_add_test(t, a_spoilt_kernel_is_refused_for_its_reason);
  tcase_add_test(t, any_changed_word_of_a_kernel_is_survived);
  return suite_run(s);
}
