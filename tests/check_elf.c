/*
 * elf_parse on good images, built here, and whether it is sound on any other: every header field at 0, 1, its largest value
 * and one off; every length the file can be cut to; random damage.
 */
#include "elf_rig.h"

START_TEST(a_good_executable_is_planned)
{
  ck_assert_int_eq(parse(), ELF_OK);
  ck_assert_uint_eq(plan.bias, 0);
  ck_assert_uint_eq(plan.entry, 0x400400);
  ck_assert_uint_eq(plan.phdr, 0x400040);
  ck_assert_uint_eq(plan.phnum, 5);
  ck_assert_uint_eq(plan.phentsize, 56);
  ck_assert_uint_eq(plan.nsegments, 3);
  ck_assert(plan.native);
  ck_assert_uint_eq(plan.abi_version, ABI_VERSION);
  ck_assert_uint_eq(plan.segments[1].file_offset, 0x1000);
  ck_assert_uint_eq(plan.segments[1].file_size, 0x62);
  ck_assert_int_eq(plan.segments[0].prot, PROT_READ | PROT_EXEC);
  ck_assert_int_eq(plan.segments[1].prot, PROT_READ);
  ck_assert_int_eq(plan.segments[2].prot, PROT_READ | PROT_WRITE);
  ck_assert_uint_eq(plan.segments[2].vaddr, 0x402000);
  ck_assert_uint_eq(plan.segments[2].file_size, 0x100);
  ck_assert_uint_eq(plan.segments[2].memory_size, 0x3000);
}
END_TEST

START_TEST(a_good_pie_is_planned)
{
  im.h.e_type = ET_DYN;
  im.h.e_entry = 0x400;
  for (int i = 0; i < 3; i++) im.ph[i].p_vaddr -= 0x400000;
  ck_assert_int_eq(parse(), ELF_OK);
  ck_assert_uint_eq(plan.bias, USER_PIE_BASE);
  ck_assert_uint_eq(plan.entry, USER_PIE_BASE + 0x400);
  ck_assert_uint_eq(plan.phdr, USER_PIE_BASE + 64);
  ck_assert_uint_eq(plan.segments[0].vaddr, 0);
}
END_TEST

/* Program headers after everything else, at an odd offset no segment holds. */
START_TEST(program_headers_may_be_anywhere)
{
  im.h.e_phoff = 0x2101;
  im.size = 0x2101 + 5 * 56;
  ck_assert_int_eq(parse(), ELF_OK);
  ck_assert_uint_eq(plan.phdr, 0);
  im.size--;
  ck_assert_int_eq(parse(), ELF_PHDRS_OUTSIDE);
}
END_TEST

/* Ours needs a note of our name and type. */
START_TEST(programs_of_other_systems_are_told_by_their_notes)
{
  static const struct {
    const char *name;
    uint32_t type;
  } notes[] = {{"Veridiaq", ABI_NOTE_TYPE}, {ABI_NOTE_NAME, ABI_NOTE_TYPE + 1}};
  for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
    put_note(NOTE_AT, notes[i].name, 9, notes[i].type, 4, 1);
    ck_assert_int_eq(parse(), ELF_OK);
    ck_assert(!plan.native);
  }
  im.ph[3].p_type = 0;
  ck_assert_int_eq(parse(), ELF_OK);
  ck_assert(!plan.native);
}
END_TEST

START_TEST(our_note_is_found_behind_another)
{
  put_note(NOTE_AT, "GN", 3, 7, 0, 0); /* without a descriptor, and its name wants padding */
  put_note(NOTE_AT + 16, ABI_NOTE_NAME, 9, ABI_NOTE_TYPE, 4, 77);
  im.ph[3].p_filesz = 16 + NOTE_SIZE;
  ck_assert_int_eq(parse(), ELF_OK);
  ck_assert(plan.native);
  ck_assert_uint_eq(plan.abi_version, 77);
}
END_TEST

START_TEST(every_reason_has_its_words_and_number)
{
  for (int a = 0; a < ELF_ERROR_COUNT; a++) {
    ck_assert_ptr_nonnull(elf_error_text(a));
    for (int b = 0; b < a; b++) ck_assert_str_ne(elf_error_text(a), elf_error_text(b));
    int expected = a == ELF_OK ? 0 : a == ELF_READ_ERROR ? -EIO : -ENOEXEC;
    ck_assert_int_eq(elf_error_errno(a), expected);
  }
  ck_assert_str_eq(elf_error_text(ELF_SEGMENT_OUTSIDE_FILE), "Segment extends beyond file size");
  ck_assert_str_eq(elf_error_text(ELF_ERROR_COUNT), "Unknown error");
}
END_TEST

/* A plan that was accepted is one elf_load can apply without looking again. */
static void check_plan(void)
{
  uint64_t last_end = 0;
  ck_assert_uint_gt(plan.nsegments, 0);
  ck_assert_uint_le(plan.nsegments, ELF_MAX_SEGMENTS);
  for (unsigned n = 0; n < plan.nsegments; n++) {
    const struct elf_segment *s = &plan.segments[n];
    uint64_t start = (s->vaddr + plan.bias) & ~0xFFFull;
    uint64_t end = s->vaddr + plan.bias + s->memory_size;
    ck_assert_uint_gt(s->memory_size, 0);
    ck_assert_uint_ge(start, last_end);
    ck_assert_uint_ge(start, USER_BASE);
    ck_assert_uint_le(end, USER_STACK_TOP - USER_STACK_SIZE - PAGE_SIZE);
    ck_assert_uint_gt(end, start);
    ck_assert_uint_le(s->file_size, s->memory_size);
    if (s->file_size > 0) {
      ck_assert_uint_le(s->file_offset, im.size);
      ck_assert_uint_le(s->file_size, im.size - s->file_offset);
    }
    ck_assert_int_ne(s->prot & (PROT_WRITE | PROT_EXEC), PROT_WRITE | PROT_EXEC);
    last_end = (end + 0xFFF) & ~0xFFFull;
  }
}

/* Sets the `width`-byte field at `at` to 0, 1, the largest, one off: whatever the answer, a plan must be sound. */
static void try_field(uint64_t at, unsigned width)
{
  uint64_t value = 0;
  build();
  memcpy(&value, im.bytes + at, width);
  const uint64_t tries[] = {0,         1,         UINT64_MAX,     UINT64_MAX >> 1,
                            value + 1, value - 1, value ^ 0x1000, value + 0x100000000};
  for (unsigned t = 0; t < sizeof(tries) / sizeof(tries[0]); t++) {
    memcpy(im.bytes + at, &tries[t], width);
    if (parse_bytes() == ELF_OK) check_plan();
  }
}

START_TEST(any_field_may_be_wrong)
{
  static const uint8_t header[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                   1, 2, 2, 4, 8, 8, 8, 4, 2, 2, 2, 2, 2, 2};
  static const uint8_t phdr[] = {4, 4, 8, 8, 8, 8, 8, 8};
  uint64_t at = 0;
  for (unsigned i = 0; i < sizeof(header); i++) {
    try_field(at, header[i]);
    at += header[i];
  }
  ck_assert_uint_eq(at, sizeof(struct elf64_header));
  for (unsigned n = 0; n < 5; n++) {
    for (unsigned i = 0; i < sizeof(phdr); i++) {
      try_field(at, phdr[i]);
      at += phdr[i];
    }
  }
  for (at = NOTE_AT; at < NOTE_AT + NOTE_SIZE; at += 4) try_field(at, 4);
}
END_TEST

START_TEST(every_truncated_file_is_refused)
{
  uint64_t whole = im.size;
  for (im.size = 0; im.size < whole; im.size++) ck_assert_int_ne(parse_bytes(), ELF_OK);
  ck_assert_int_eq(parse_bytes(), ELF_OK);
}
END_TEST

/* However bad, a file costs a bounded number of reads. */
START_TEST(reads_are_bounded)
{
  im.h.e_phnum = 64;
  im.h.e_phoff = 0x1000;
  memset(im.bytes + NOTE_AT, 0, 0xD00); /* notes without name and descriptor: the smallest there are */
  im.size = IMAGE_SIZE;
  for (unsigned i = 0; i < 64; i++) im.ph[i] = (struct elf64_phdr){PT_NOTE, PF_R, 0x2000, 0, 0, 4096, 0, 4};
  memset(im.bytes + 0x2000, 0, 4096);
  ck_assert_int_eq(parse(), ELF_BAD_NOTE); /* 4096 is no multiple of 12 */
  for (unsigned i = 0; i < 64; i++) im.ph[i].p_filesz = 4092;
  im.reads = 0;
  ck_assert_int_eq(parse(), ELF_NO_LOAD);
  ck_assert_uint_le(im.reads, 1 + 64 + 64 * 341);
}
END_TEST

START_TEST(random_damage_is_survived)
{
  for (unsigned round = 0, rounds = stress(20000); round < rounds; round++) {
    build();
    for (uint64_t n = test_random(4) + 1; n > 0; n--)
      im.bytes[test_random(NOTE_AT + NOTE_SIZE)] = (uint8_t)test_random(256);
    if (parse_bytes() == ELF_OK) check_plan();
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("elf");
  TCase *tc = suite_case(suite, "parse", build, NULL);
  tcase_add_test(tc, a_good_executable_is_planned);
  tcase_add_test(tc, a_good_pie_is_planned);
  tcase_add_test(tc, program_headers_may_be_anywhere);
  tcase_add_test(tc, programs_of_other_systems_are_told_by_their_notes);
  tcase_add_test(tc, our_note_is_found_behind_another);
  tcase_add_test(tc, every_reason_has_its_words_and_number);
  tcase_add_test(tc, any_field_may_be_wrong);
  tcase_add_test(tc, every_truncated_file_is_refused);
  tcase_add_test(tc, reads_are_bounded);
  tcase_add_test(tc, random_damage_is_survived);
  return suite_run(suite);
}
