/*
 * elf_parse on images built here: a good one, then every way it can be spoilt, each with the one reason it must
 * give; every header field at 0, 1, its largest value and one off; every length the file can be cut to.
 */
#include "suite.h"
#include <stdlib.h>

#define timespec uapi_timespec /* the host's is another */
#include <uapi/abi.h>
#undef timespec

#include <kern/elf.h>

#include "../src/kern/elf/elf_format.h"

enum { MAX_PHDRS = 80, IMAGE_SIZE = 0x4000 };

/* A program under construction: headers apart, bytes at their place in the file. */
struct image {
  struct elf64_header h;
  struct elf64_phdr ph[MAX_PHDRS];
  uint8_t bytes[IMAGE_SIZE];
  uint64_t size;
  uint64_t fail_at; /* reads that touch this offset fail */
  unsigned reads;
};

static struct image im;
static struct elf_plan plan;

static int image_read(const struct elf_source *src, uint64_t offset, void *buf, size_t len)
{
  struct image *i = src->context;
  ck_assert_msg(offset <= src->size && len <= src->size - offset, "read of %zu at %#lx, past the end", len, offset);
  i->reads++;
  if (offset <= i->fail_at && i->fail_at < offset + len) return -EIO;
  memcpy(buf, i->bytes + offset, len);
  return 0;
}

static void image_write_headers(struct image *i)
{
  memcpy(i->bytes, &i->h, sizeof(i->h));
  uint64_t len = i->h.e_phnum * sizeof(i->ph[0]);
  if (i->h.e_phnum <= MAX_PHDRS && i->h.e_phoff <= IMAGE_SIZE && len <= IMAGE_SIZE - i->h.e_phoff)
    memcpy(i->bytes + i->h.e_phoff, i->ph, len);
}

static enum elf_error parse_raw(struct image *i)
{
  const struct elf_source src = {.read = image_read, .size = i->size, .context = i};
  return elf_parse(&src, &plan);
}

static enum elf_error parse(void)
{
  image_write_headers(&im);
  return parse_raw(&im);
}

static void put_note(uint64_t at, const char *name, uint32_t namesz, uint32_t type, uint32_t descsz, uint32_t desc)
{
  const struct elf64_note note = {namesz, descsz, type};
  memcpy(im.bytes + at, &note, sizeof(note));
  memcpy(im.bytes + at + 12, name, strlen(name) + 1);
  memcpy(im.bytes + at + 12 + ((namesz + 3) & ~3u), &desc, sizeof(desc));
}

#define NOTE_AT 0x300u
#define NOTE_SIZE (12u + 12u + 4u)

/* Three segments: headers and code, the hello's read-only text (offset 0x1000, size 0x62), data with .bss. */
static void build(void)
{
  memset(&im, 0, sizeof(im));
  im.size = 0x2100;
  im.fail_at = UINT64_MAX;
  im.h = (struct elf64_header){
    .e_ident = {0x7F, 'E', 'L', 'F', 2, 1, 1},
    .e_type = ET_EXEC,
    .e_machine = EM_X86_64,
    .e_version = 1,
    .e_entry = 0x400400,
    .e_phoff = 64,
    .e_ehsize = 64,
    .e_phentsize = 56,
    .e_phnum = 5,
  };
  im.ph[0] = (struct elf64_phdr){PT_LOAD, PF_R | PF_X, 0, 0x400000, 0, 0x500, 0x500, 0x1000};
  im.ph[1] = (struct elf64_phdr){PT_LOAD, PF_R, 0x1000, 0x401000, 0, 0x62, 0x62, 0x1000};
  im.ph[2] = (struct elf64_phdr){PT_LOAD, PF_R | PF_W, 0x2000, 0x402000, 0, 0x100, 0x3000, 0x1000};
  im.ph[3] = (struct elf64_phdr){PT_NOTE, PF_R, NOTE_AT, 0x400300, 0, NOTE_SIZE, NOTE_SIZE, 4};
  im.ph[4] = (struct elf64_phdr){0x6474E551 /* PT_GNU_STACK */, PF_R | PF_W | PF_X, 0, 0, 0, 0, 0, 16};
  put_note(NOTE_AT, ABI_NOTE_NAME, sizeof(ABI_NOTE_NAME), ABI_NOTE_TYPE, 4, ABI_VERSION);
}

START_TEST(good_executable)
{
  build();
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
  ck_assert_uint_eq(plan.segments[2].memory_size, 0x3000);
}
END_TEST

START_TEST(good_pie)
{
  build();
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
START_TEST(headers_anywhere)
{
  build();
  im.h.e_phoff = 0x2101;
  im.size = 0x2101 + 5 * 56;
  ck_assert_int_eq(parse(), ELF_OK);
  ck_assert_uint_eq(plan.phdr, 0);
  im.size--;
  ck_assert_int_eq(parse(), ELF_PHDRS_OUTSIDE);
}
END_TEST

START_TEST(other_systems)
{
  build();
  im.ph[3].p_type = 0;
  ck_assert_int_eq(parse(), ELF_OK);
  ck_assert(!plan.native);

  build(); /* the name differs in its last byte */
  put_note(NOTE_AT, "Veridiaq", 9, ABI_NOTE_TYPE, 4, 1);
  ck_assert_int_eq(parse(), ELF_OK);
  ck_assert(!plan.native);

  build(); /* another type */
  put_note(NOTE_AT, ABI_NOTE_NAME, 9, ABI_NOTE_TYPE + 1, 4, 1);
  ck_assert_int_eq(parse(), ELF_OK);
  ck_assert(!plan.native);

  build(); /* ours stands second, after one without descriptor whose name wants padding */
  put_note(NOTE_AT, "GN", 3, 7, 0, 0);
  put_note(NOTE_AT + 16, ABI_NOTE_NAME, 9, ABI_NOTE_TYPE, 4, 77);
  im.ph[3].p_filesz = 16 + NOTE_SIZE;
  ck_assert_int_eq(parse(), ELF_OK);
  ck_assert(plan.native);
  ck_assert_uint_eq(plan.abi_version, 77);
}
END_TEST

/* Each case changes a good image a little and names the reason. */
struct spoilt {
  enum elf_error reason;
  void (*spoil)(void);
};

#define SPOIL(name, ...)         \
  static void spoil_##name(void) \
  {                              \
    __VA_ARGS__;                 \
  }
SPOIL(short, im.size = 63)
SPOIL(empty, im.size = 0)
SPOIL(magic0, im.h.e_ident[0] = 0x7E)
SPOIL(magic3, im.h.e_ident[3] = 'f')
SPOIL(class32, im.h.e_ident[4] = 1)
SPOIL(big_endian, im.h.e_ident[5] = 2)
SPOIL(ident_version, im.h.e_ident[6] = 0)
SPOIL(version, im.h.e_version = 2)
SPOIL(relocatable, im.h.e_type = 1)
SPOIL(core, im.h.e_type = 4)
SPOIL(machine, im.h.e_machine = 3)
SPOIL(ehsize, im.h.e_ehsize = 63)
SPOIL(phentsize, im.h.e_phentsize = 55)
SPOIL(phentsize_large, im.h.e_phentsize = 57)
SPOIL(no_phdrs, im.h.e_phnum = 0)
SPOIL(many_phdrs, im.h.e_phnum = 65)
SPOIL(all_phdrs, im.h.e_phnum = 0xFFFF)
SPOIL(phoff_end, im.h.e_phoff = 0x2100 - 5 * 56 + 1)
SPOIL(phoff_wraps, im.h.e_phoff = UINT64_MAX)
SPOIL(no_load, im.ph[0].p_type = im.ph[1].p_type = im.ph[2].p_type = 0)
SPOIL(empty_loads, for (int i = 0; i < 3; i++) im.ph[i].p_filesz = im.ph[i].p_memsz = 0)
SPOIL(beyond_file, im.ph[1].p_filesz = im.ph[1].p_memsz = 0x1101)
SPOIL(offset_wraps, im.ph[1].p_offset = UINT64_MAX - 0xFFF)
SPOIL(file_larger, im.ph[1].p_filesz = 0x63)
SPOIL(size_wraps, im.ph[2].p_memsz = UINT64_MAX - 0x1000)
SPOIL(vaddr_wraps, im.ph[2].p_vaddr = UINT64_MAX - 0xFFF; im.ph[2].p_memsz = 0x1001)
SPOIL(page_zero, im.ph[0].p_vaddr = 0)
SPOIL(below_window, im.ph[0].p_vaddr = USER_BASE - 0x1000)
SPOIL(kernel_half, im.ph[2].p_vaddr = 0xFFFFFFFF80000000)
SPOIL(noncanonical, im.ph[2].p_vaddr = 0x0000800000000000)
SPOIL(into_stack, im.ph[2].p_vaddr = USER_STACK_TOP - USER_STACK_SIZE - 0x1000 - 0x2000)
SPOIL(align, im.ph[1].p_align = 0x1800)
SPOIL(align_pie, im.h.e_type = ET_DYN; im.ph[1].p_align = 1ull << 40)
SPOIL(incongruent, im.ph[1].p_vaddr += 0x10)
SPOIL(overlap, im.ph[1].p_vaddr = 0x400000)
SPOIL(share_page, im.ph[1].p_vaddr = 0x400000; im.ph[0].p_memsz = 1; im.ph[0].p_filesz = 1)
SPOIL(overlap_bss, im.ph[0].p_memsz = 0x1001)
SPOIL(order, im.ph[2].p_vaddr = 0x200000)
SPOIL(write_exec, im.ph[2].p_flags = PF_R | PF_W | PF_X)
SPOIL(entry_zero, im.h.e_entry = 0)
SPOIL(entry_data, im.h.e_entry = 0x402000)
SPOIL(entry_end, im.h.e_entry = 0x400500)
SPOIL(entry_before, im.h.e_entry = 0x3FFFFF)
SPOIL(interpreter, im.ph[4].p_type = PT_INTERP)
SPOIL(note_outside, im.ph[3].p_offset = 0x2100 - NOTE_SIZE + 1)
SPOIL(note_wraps, im.ph[3].p_offset = UINT64_MAX)
SPOIL(note_large, im.ph[3].p_filesz = 4097)
SPOIL(note_cut, im.ph[3].p_filesz = 11)
SPOIL(note_cut_end, im.ph[3].p_offset = 0x2100 - 11; im.ph[3].p_filesz = 11)
SPOIL(note_desc_cut, im.ph[3].p_filesz = NOTE_SIZE - 1)
SPOIL(note_name_cut, put_note(NOTE_AT, "x", 17, 9, 0, 0))
SPOIL(note_name_max, put_note(NOTE_AT, "x", UINT32_MAX, 9, 0, 0))
SPOIL(note_desc_max, put_note(NOTE_AT, "x", 2, 9, UINT32_MAX, 0))
SPOIL(note_desc_size, put_note(NOTE_AT, ABI_NOTE_NAME, 9, ABI_NOTE_TYPE, 3, 0))
SPOIL(read_header, im.fail_at = 10)
SPOIL(read_phdr, im.fail_at = 64 + 56)
SPOIL(read_note, im.fail_at = NOTE_AT)
SPOIL(read_note_name, im.fail_at = NOTE_AT + 12)
SPOIL(read_note_desc, im.fail_at = NOTE_AT + 24)

static void spoil_many_segments(void)
{
  im.h.e_phnum = ELF_MAX_SEGMENTS + 1;
  for (unsigned i = 3; i <= ELF_MAX_SEGMENTS; i++)
    im.ph[i] = (struct elf64_phdr){PT_LOAD, PF_R, 0, 0x500000 + i * 0x1000, 0, 0, 0x1000, 0x1000};
}

static const struct spoilt cases[] = {
  {ELF_TOO_SHORT, spoil_short},
  {ELF_TOO_SHORT, spoil_empty},
  {ELF_BAD_MAGIC, spoil_magic0},
  {ELF_BAD_MAGIC, spoil_magic3},
  {ELF_BAD_CLASS, spoil_class32},
  {ELF_BAD_ENDIAN, spoil_big_endian},
  {ELF_BAD_VERSION, spoil_ident_version},
  {ELF_BAD_VERSION, spoil_version},
  {ELF_BAD_TYPE, spoil_relocatable},
  {ELF_BAD_TYPE, spoil_core},
  {ELF_BAD_MACHINE, spoil_machine},
  {ELF_BAD_EHSIZE, spoil_ehsize},
  {ELF_BAD_PHENTSIZE, spoil_phentsize},
  {ELF_BAD_PHENTSIZE, spoil_phentsize_large},
  {ELF_NO_PHDRS, spoil_no_phdrs},
  {ELF_TOO_MANY_PHDRS, spoil_many_phdrs},
  {ELF_TOO_MANY_PHDRS, spoil_all_phdrs},
  {ELF_PHDRS_OUTSIDE, spoil_phoff_end},
  {ELF_PHDRS_OUTSIDE, spoil_phoff_wraps},
  {ELF_NO_LOAD, spoil_no_load},
  {ELF_NO_LOAD, spoil_empty_loads},
  {ELF_TOO_MANY_SEGMENTS, spoil_many_segments},
  {ELF_SEGMENT_OUTSIDE_FILE, spoil_beyond_file},
  {ELF_SEGMENT_OUTSIDE_FILE, spoil_offset_wraps},
  {ELF_SEGMENT_FILE_LARGER, spoil_file_larger},
  {ELF_SEGMENT_WRAPS, spoil_size_wraps},
  {ELF_SEGMENT_WRAPS, spoil_vaddr_wraps},
  {ELF_SEGMENT_OUTSIDE_WINDOW, spoil_page_zero},
  {ELF_SEGMENT_OUTSIDE_WINDOW, spoil_below_window},
  {ELF_SEGMENT_OUTSIDE_WINDOW, spoil_kernel_half},
  {ELF_SEGMENT_OUTSIDE_WINDOW, spoil_noncanonical},
  {ELF_SEGMENT_OUTSIDE_WINDOW, spoil_into_stack},
  {ELF_SEGMENT_BAD_ALIGN, spoil_align},
  {ELF_SEGMENT_BAD_ALIGN, spoil_align_pie},
  {ELF_SEGMENT_MISALIGNED, spoil_incongruent},
  {ELF_SEGMENT_OVERLAP, spoil_overlap},
  {ELF_SEGMENT_OVERLAP, spoil_share_page},
  {ELF_SEGMENT_OVERLAP, spoil_overlap_bss},
  {ELF_SEGMENT_ORDER, spoil_order},
  {ELF_SEGMENT_WRITE_EXEC, spoil_write_exec},
  {ELF_BAD_ENTRY, spoil_entry_zero},
  {ELF_BAD_ENTRY, spoil_entry_data},
  {ELF_BAD_ENTRY, spoil_entry_end},
  {ELF_BAD_ENTRY, spoil_entry_before},
  {ELF_HAS_INTERPRETER, spoil_interpreter},
  {ELF_BAD_NOTE, spoil_note_outside},
  {ELF_BAD_NOTE, spoil_note_wraps},
  {ELF_BAD_NOTE, spoil_note_large},
  {ELF_BAD_NOTE, spoil_note_cut},
  {ELF_BAD_NOTE, spoil_note_cut_end},
  {ELF_BAD_NOTE, spoil_note_desc_cut},
  {ELF_BAD_NOTE, spoil_note_name_cut},
  {ELF_BAD_NOTE, spoil_note_name_max},
  {ELF_BAD_NOTE, spoil_note_desc_max},
  {ELF_BAD_NOTE, spoil_note_desc_size},
  {ELF_READ_ERROR, spoil_read_header},
  {ELF_READ_ERROR, spoil_read_phdr},
  {ELF_READ_ERROR, spoil_read_note},
  {ELF_READ_ERROR, spoil_read_note_name},
  {ELF_READ_ERROR, spoil_read_note_desc},
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

START_TEST(spoilt_image)
{
  build();
  cases[_i].spoil();
  enum elf_error got = parse();
  ck_assert_msg(got == cases[_i].reason, "case %d: \"%s\", expected \"%s\"", _i, elf_error_text(got),
                elf_error_text(cases[_i].reason));
}
END_TEST

START_TEST(every_reason_reached)
{
  for (int reason = ELF_OK + 1; reason < ELF_ERROR_COUNT; reason++) {
    bool reached = false;
    for (int i = 0; i < CASES; i++) reached |= (int)cases[i].reason == reason;
    ck_assert_msg(reached, "no case for \"%s\"", elf_error_text(reason));
  }
}
END_TEST

START_TEST(texts_and_numbers)
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
static void check_plan(const struct image *i)
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
      ck_assert_uint_le(s->file_offset, i->size);
      ck_assert_uint_le(s->file_size, i->size - s->file_offset);
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
  image_write_headers(&im);
  memcpy(&value, im.bytes + at, width);
  const uint64_t tries[] = {0,         1,         UINT64_MAX,     UINT64_MAX >> 1,
                            value + 1, value - 1, value ^ 0x1000, value + 0x100000000};
  for (unsigned t = 0; t < sizeof(tries) / sizeof(tries[0]); t++) {
    memcpy(im.bytes + at, &tries[t], width);
    if (parse_raw(&im) == ELF_OK) check_plan(&im);
  }
}

START_TEST(every_field)
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

START_TEST(every_length)
{
  build();
  image_write_headers(&im);
  uint64_t whole = im.size;
  for (im.size = 0; im.size < whole; im.size++) ck_assert_int_ne(parse_raw(&im), ELF_OK);
  ck_assert_int_eq(parse_raw(&im), ELF_OK);
}
END_TEST

/* However bad, a file costs a bounded number of reads. */
START_TEST(bounded_work)
{
  build();
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

/* Random damage, repeatable: a fixed seed. */
START_TEST(random_damage)
{
  srand(7);
  for (unsigned round = 0, rounds = stress(20000); round < rounds; round++) {
    build();
    image_write_headers(&im);
    for (int n = rand() % 4 + 1; n > 0; n--) im.bytes[(unsigned)rand() % (NOTE_AT + NOTE_SIZE)] = (uint8_t)rand();
    if (parse_raw(&im) == ELF_OK) check_plan(&im);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("elf");
  TCase *tc = tcase_create("parse");
  tcase_add_test(tc, good_executable);
  tcase_add_test(tc, good_pie);
  tcase_add_test(tc, headers_anywhere);
  tcase_add_test(tc, other_systems);
  tcase_add_loop_test(tc, spoilt_image, 0, CASES);
  tcase_add_test(tc, every_reason_reached);
  tcase_add_test(tc, texts_and_numbers);
  tcase_add_test(tc, every_field);
  tcase_add_test(tc, every_length);
  tcase_add_test(tc, bounded_work);
  tcase_add_test(tc, random_damage);
  suite_add_tcase(suite, tc);
  return suite_run(suite);
}
