/* elf_parse on images that were good but for one thing, each with the one reason it must give. */
#include "elf_rig.h"

/* As many as are too many, together with those there are. */
static void add_segments(void)
{
  im.h.e_phnum = ELF_MAX_SEGMENTS + 1;
  for (unsigned i = 3; i <= ELF_MAX_SEGMENTS; i++)
    im.ph[i] = (struct elf64_phdr){PT_LOAD, PF_R, 0, 0x500000 + i * 0x1000, 0, 0, 0x1000, 0x1000};
}

/* The reason, a name, and what it takes. */
#define SPOILT                                                                                                        \
  CASE(ELF_TOO_SHORT, short, im.size = 63)                                                                            \
  CASE(ELF_TOO_SHORT, empty, im.size = 0)                                                                             \
  CASE(ELF_BAD_MAGIC, magic0, im.h.e_ident[0] = 0x7E)                                                                 \
  CASE(ELF_BAD_MAGIC, magic3, im.h.e_ident[3] = 'f')                                                                  \
  CASE(ELF_BAD_CLASS, class32, im.h.e_ident[4] = 1)                                                                   \
  CASE(ELF_BAD_ENDIAN, big_endian, im.h.e_ident[5] = 2)                                                               \
  CASE(ELF_BAD_VERSION, ident_version, im.h.e_ident[6] = 0)                                                           \
  CASE(ELF_BAD_VERSION, version, im.h.e_version = 2)                                                                  \
  CASE(ELF_BAD_TYPE, relocatable, im.h.e_type = 1)                                                                    \
  CASE(ELF_BAD_TYPE, core, im.h.e_type = 4)                                                                           \
  CASE(ELF_BAD_MACHINE, machine, im.h.e_machine = 3)                                                                  \
  CASE(ELF_BAD_EHSIZE, ehsize, im.h.e_ehsize = 63)                                                                    \
  CASE(ELF_BAD_PHENTSIZE, phentsize, im.h.e_phentsize = 55)                                                           \
  CASE(ELF_BAD_PHENTSIZE, phentsize_large, im.h.e_phentsize = 57)                                                     \
  CASE(ELF_NO_PHDRS, no_phdrs, im.h.e_phnum = 0)                                                                      \
  CASE(ELF_TOO_MANY_PHDRS, many_phdrs, im.h.e_phnum = 65)                                                             \
  CASE(ELF_TOO_MANY_PHDRS, all_phdrs, im.h.e_phnum = 0xFFFF)                                                          \
  CASE(ELF_PHDRS_OUTSIDE, phoff_end, im.h.e_phoff = 0x2100 - 5 * 56 + 1)                                              \
  CASE(ELF_PHDRS_OUTSIDE, phoff_wraps, im.h.e_phoff = UINT64_MAX)                                                     \
  CASE(ELF_NO_LOAD, no_load, im.ph[0].p_type = im.ph[1].p_type = im.ph[2].p_type = 0)                                 \
  CASE(ELF_NO_LOAD, empty_loads, for (int i = 0; i < 3; i++) im.ph[i].p_filesz = im.ph[i].p_memsz = 0)                \
  CASE(ELF_TOO_MANY_SEGMENTS, many_segments, add_segments())                                                          \
  CASE(ELF_SEGMENT_OUTSIDE_FILE, beyond_file, im.ph[1].p_filesz = im.ph[1].p_memsz = 0x1101)                          \
  CASE(ELF_SEGMENT_OUTSIDE_FILE, offset_wraps, im.ph[1].p_offset = UINT64_MAX - 0xFFF)                                \
  CASE(ELF_SEGMENT_FILE_LARGER, file_larger, im.ph[1].p_filesz = 0x63)                                                \
  CASE(ELF_SEGMENT_WRAPS, size_wraps, im.ph[2].p_memsz = UINT64_MAX - 0x1000)                                         \
  CASE(ELF_SEGMENT_WRAPS, vaddr_wraps, im.ph[2].p_vaddr = UINT64_MAX - 0xFFF; im.ph[2].p_memsz = 0x1001)              \
  CASE(ELF_SEGMENT_OUTSIDE_WINDOW, page_zero, im.ph[0].p_vaddr = 0)                                                   \
  CASE(ELF_SEGMENT_OUTSIDE_WINDOW, below_window, im.ph[0].p_vaddr = USER_BASE - 0x1000)                               \
  CASE(ELF_SEGMENT_OUTSIDE_WINDOW, kernel_half, im.ph[2].p_vaddr = 0xFFFFFFFF80000000)                                \
  CASE(ELF_SEGMENT_OUTSIDE_WINDOW, noncanonical, im.ph[2].p_vaddr = 0x0000800000000000)                               \
  CASE(ELF_SEGMENT_OUTSIDE_WINDOW, into_stack, im.ph[2].p_vaddr = USER_STACK_TOP - USER_STACK_SIZE - 0x1000 - 0x2000) \
  CASE(ELF_SEGMENT_BAD_ALIGN, align, im.ph[1].p_align = 0x1800)                                                       \
  CASE(ELF_SEGMENT_BAD_ALIGN, align_pie, im.h.e_type = ET_DYN; im.ph[1].p_align = 1ull << 40)                         \
  CASE(ELF_SEGMENT_MISALIGNED, incongruent, im.ph[1].p_vaddr += 0x10)                                                 \
  CASE(ELF_SEGMENT_OVERLAP, overlap, im.ph[1].p_vaddr = 0x400000)                                                     \
  CASE(ELF_SEGMENT_OVERLAP, share_page, im.ph[1].p_vaddr = 0x400000; im.ph[0].p_memsz = 1; im.ph[0].p_filesz = 1)     \
  CASE(ELF_SEGMENT_OVERLAP, overlap_bss, im.ph[0].p_memsz = 0x1001)                                                   \
  CASE(ELF_SEGMENT_ORDER, order, im.ph[2].p_vaddr = 0x200000)                                                         \
  CASE(ELF_SEGMENT_WRITE_EXEC, write_exec, im.ph[2].p_flags = PF_R | PF_W | PF_X)                                     \
  CASE(ELF_BAD_ENTRY, entry_zero, im.h.e_entry = 0)                                                                   \
  CASE(ELF_BAD_ENTRY, entry_data, im.h.e_entry = 0x402000)                                                            \
  CASE(ELF_BAD_ENTRY, entry_end, im.h.e_entry = 0x400500)                                                             \
  CASE(ELF_BAD_ENTRY, entry_before, im.h.e_entry = 0x3FFFFF)                                                          \
  CASE(ELF_HAS_INTERPRETER, interpreter, im.ph[4].p_type = PT_INTERP)                                                 \
  CASE(ELF_BAD_NOTE, note_outside, im.ph[3].p_offset = 0x2100 - NOTE_SIZE + 1)                                        \
  CASE(ELF_BAD_NOTE, note_wraps, im.ph[3].p_offset = UINT64_MAX)                                                      \
  CASE(ELF_BAD_NOTE, note_large, im.ph[3].p_filesz = 4097)                                                            \
  CASE(ELF_BAD_NOTE, note_cut, im.ph[3].p_filesz = 11)                                                                \
  CASE(ELF_BAD_NOTE, note_cut_end, im.ph[3].p_offset = 0x2100 - 11; im.ph[3].p_filesz = 11)                           \
  CASE(ELF_BAD_NOTE, note_desc_cut, im.ph[3].p_filesz = NOTE_SIZE - 1)                                                \
  CASE(ELF_BAD_NOTE, note_name_cut, put_note(NOTE_AT, "x", 17, 9, 0, 0))                                              \
  CASE(ELF_BAD_NOTE, note_name_max, put_note(NOTE_AT, "x", UINT32_MAX, 9, 0, 0))                                      \
  CASE(ELF_BAD_NOTE, note_desc_max, put_note(NOTE_AT, "x", 2, 9, UINT32_MAX, 0))                                      \
  CASE(ELF_BAD_NOTE, note_desc_size, put_note(NOTE_AT, ABI_NOTE_NAME, 9, ABI_NOTE_TYPE, 3, 0))                        \
  CASE(ELF_READ_ERROR, read_header, im.fail_at = 10)                                                                  \
  CASE(ELF_READ_ERROR, read_phdr, im.fail_at = 64 + 56)                                                               \
  CASE(ELF_READ_ERROR, read_note, im.fail_at = NOTE_AT)                                                               \
  CASE(ELF_READ_ERROR, read_note_name, im.fail_at = NOTE_AT + 12)                                                     \
  CASE(ELF_READ_ERROR, read_note_desc, im.fail_at = NOTE_AT + 24)

#define CASE(reason, name, ...)  \
  static void spoil_##name(void) \
  {                              \
    __VA_ARGS__;                 \
  }
SPOILT
#undef CASE

static const struct {
  enum elf_error reason;
  const char *name;
  void (*spoil)(void);
} cases[] = {
#define CASE(reason, name, ...) {reason, #name, spoil_##name},
  SPOILT
#undef CASE
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

START_TEST(a_spoilt_image_is_refused_for_its_reason)
{
  cases[_i].spoil();
  enum elf_error got = parse();
  ck_assert_msg(got == cases[_i].reason, "%s: \"%s\", expected \"%s\"", cases[_i].name, elf_error_text(got),
                elf_error_text(cases[_i].reason));
}
END_TEST

START_TEST(every_reason_has_its_case)
{
  for (int reason = ELF_OK + 1; reason < ELF_ERROR_COUNT; reason++) {
    bool reached = false;
    for (int i = 0; i < CASES; i++) reached |= (int)cases[i].reason == reason;
    ck_assert_msg(reached, "no case for \"%s\"", elf_error_text(reason));
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("spoilt ELF files");
  TCase *tc = suite_case(suite, "reasons", build, NULL);
  tcase_add_loop_test(tc, a_spoilt_image_is_refused_for_its_reason, 0, CASES);
  tcase_add_test(tc, every_reason_has_its_case);
  return suite_run(suite);
}
