/*
 * A thousand and more ELF files made hostile field by field: each field of each header, of the file, its segments and its note,
 * at 0, 1, its largest values, one off, the file's size, other segments' addresses and places, and what makes sums wrap. What is
 * wrong with a file is found out here by other means (a list of rules, sums in 128 bits): a file with nothing wrong is accepted,
 * loads into an address space and reads back there; any other is refused for one of the things that are wrong with it, and each
 * reason that a field can give is given. Neither leaves anything.
 */
#include "mm_rig.h"

#include <kern/elf.h>
#include <kern/uaccess.h>
#include <string.h>
#include <uapi/abi.h>

#include "../src/kern/elf/elf_format.h"

#define FILE_SIZE 0x2100u
#define PHDRS 4u
#define NOTE_AT 0x300u
#define NOTE_SIZE 28u
#define NOTE_MAX 4096u
#define IMAGE_LIMIT (USER_STACK_TOP - USER_STACK_SIZE - PAGE_SIZE)

typedef unsigned __int128 wide;

static uint8_t file[FILE_SIZE];
static unsigned accepted, refused;
static uint64_t reasons; /* bits: those that a file was refused for */
static uint64_t objects_before, pages_before;

/* ---- good files ---- */

static void build(bool pie)
{
  const uint64_t at = pie ? 0 : 0x400000;
  const struct elf64_header h = {
    .e_ident = {0x7F, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
    .e_type = pie ? ET_DYN : ET_EXEC,
    .e_machine = EM_X86_64,
    .e_version = EV_CURRENT,
    .e_entry = at + 0x400,
    .e_phoff = sizeof h,
    .e_ehsize = sizeof h,
    .e_phentsize = sizeof(struct elf64_phdr),
    .e_phnum = PHDRS,
  };
  const struct elf64_phdr ph[PHDRS] = {
    {PT_LOAD, PF_R | PF_X, 0, at, 0, 0x500, 0x500, 0x1000},
    {PT_LOAD, PF_R, 0x1000, at + 0x1000, 0, 0x62, 0x62, 0x1000},
    {PT_LOAD, PF_R | PF_W, 0x2000, at + 0x2000, 0, 0x100, 0x3000, 0x1000},
    {PT_NOTE, PF_R, NOTE_AT, at + NOTE_AT, 0, NOTE_SIZE, NOTE_SIZE, 4},
  };
  const struct elf64_note note = {sizeof ABI_NOTE_NAME, 4, ABI_NOTE_TYPE};
  const uint32_t version = ABI_VERSION;
  for (unsigned i = 0; i < FILE_SIZE; i++) file[i] = (uint8_t)(i * 7 + 1);
  memcpy(file, &h, sizeof h);
  memcpy(file + h.e_phoff, ph, sizeof ph);
  memcpy(file + NOTE_AT, &note, sizeof note);
  memset(file + NOTE_AT + 12, 0, 12);
  memcpy(file + NOTE_AT + 12, ABI_NOTE_NAME, sizeof ABI_NOTE_NAME);
  memcpy(file + NOTE_AT + 24, &version, sizeof version);
}

/* ---- what is wrong with a file ---- */

#define WRONG(reason) (1ull << (reason))
_Static_assert(ELF_ERROR_COUNT <= 64, "a bit for each reason");

struct verdict {
  uint64_t wrong;   /* bits: reasons to refuse it */
  bool notes_moved; /* its notes are elsewhere than they were: well-formed or not, by chance */
};

static bool is_power_of_two(uint64_t n)
{
  return __builtin_popcountll(n) <= 1;
}

static uint64_t header_wrong(const struct elf64_header *h)
{
  uint64_t wrong = 0;
  if (memcmp(h->e_ident,
             "\x7F"
             "ELF",
             4) != 0)
    wrong |= WRONG(ELF_BAD_MAGIC);
  if (h->e_ident[EI_CLASS] != ELFCLASS64) wrong |= WRONG(ELF_BAD_CLASS);
  if (h->e_ident[EI_DATA] != ELFDATA2LSB) wrong |= WRONG(ELF_BAD_ENDIAN);
  if (h->e_ident[EI_VERSION] != 1 || h->e_version != 1) wrong |= WRONG(ELF_BAD_VERSION);
  if (h->e_type != ET_EXEC && h->e_type != ET_DYN) wrong |= WRONG(ELF_BAD_TYPE);
  if (h->e_machine != EM_X86_64) wrong |= WRONG(ELF_BAD_MACHINE);
  if (h->e_ehsize != 64) wrong |= WRONG(ELF_BAD_EHSIZE);
  if (h->e_phentsize != 56) wrong |= WRONG(ELF_BAD_PHENTSIZE);
  if (h->e_phnum == 0) wrong |= WRONG(ELF_NO_PHDRS);
  if (h->e_phnum > 64) wrong |= WRONG(ELF_TOO_MANY_PHDRS);
  if ((wide)h->e_phoff + (wide)h->e_phnum * h->e_phentsize > FILE_SIZE) wrong |= WRONG(ELF_PHDRS_OUTSIDE);
  return wrong;
}

static uint64_t segment_wrong(const struct elf64_phdr *ph, bool pie)
{
  wide start = (wide)ph->p_vaddr + (pie ? USER_PIE_BASE : 0), end = start + ph->p_memsz;
  uint64_t wrong = 0;
  if (ph->p_filesz > ph->p_memsz) wrong |= WRONG(ELF_SEGMENT_FILE_LARGER);
  if (ph->p_memsz == 0) return wrong;
  if (ph->p_filesz && (wide)ph->p_offset + ph->p_filesz > FILE_SIZE) wrong |= WRONG(ELF_SEGMENT_OUTSIDE_FILE);
  if (end > UINT64_MAX) wrong |= WRONG(ELF_SEGMENT_WRAPS);
  if (start < USER_BASE || end > IMAGE_LIMIT) wrong |= WRONG(ELF_SEGMENT_OUTSIDE_WINDOW);
  if (!is_power_of_two(ph->p_align) || (pie && ph->p_align > 1 && USER_PIE_BASE % ph->p_align))
    wrong |= WRONG(ELF_SEGMENT_BAD_ALIGN);
  if (ph->p_filesz && ph->p_vaddr % PAGE_SIZE != ph->p_offset % PAGE_SIZE) wrong |= WRONG(ELF_SEGMENT_MISALIGNED);
  if ((ph->p_flags & PF_W) && (ph->p_flags & PF_X)) wrong |= WRONG(ELF_SEGMENT_WRITE_EXEC);
  return wrong;
}

/* Two segments, in the file's order. */
static uint64_t pair_wrong(const struct elf64_phdr *a, const struct elf64_phdr *b)
{
  wide a_end = ((wide)a->p_vaddr + a->p_memsz + PAGE_MASK) / PAGE_SIZE;
  if (b->p_vaddr < a->p_vaddr) return WRONG(ELF_SEGMENT_ORDER);
  return b->p_vaddr / PAGE_SIZE < a_end ? WRONG(ELF_SEGMENT_OVERLAP) : 0;
}

static bool holds_entry(const struct elf64_phdr *ph, uint64_t entry)
{
  return (ph->p_flags & PF_X) && entry >= ph->p_vaddr && (wide)entry < (wide)ph->p_vaddr + ph->p_memsz;
}

/* The notes where build put them: each fits, and the descriptor of the first of ours is a version. */
static uint64_t notes_wrong(void)
{
  for (wide at = 0, end; at < NOTE_SIZE; at = (end + 3) / 4 * 4) {
    struct elf64_note note;
    if (NOTE_SIZE - at < sizeof note) return WRONG(ELF_BAD_NOTE);
    memcpy(&note, file + NOTE_AT + at, sizeof note);
    wide name_at = at + sizeof note, name_end = name_at + note.n_namesz;
    end = (name_end + 3) / 4 * 4 + note.n_descsz;
    if ((note.n_descsz ? end : name_end) > NOTE_SIZE) return WRONG(ELF_BAD_NOTE);
    bool ours = note.n_type == ABI_NOTE_TYPE && note.n_namesz == sizeof ABI_NOTE_NAME &&
                memcmp(file + NOTE_AT + name_at, ABI_NOTE_NAME, sizeof ABI_NOTE_NAME) == 0;
    if (ours) return note.n_descsz == sizeof(uint32_t) ? 0 : WRONG(ELF_BAD_NOTE);
  }
  return 0;
}

static void judge_notes(const struct elf64_phdr *ph, struct verdict *v)
{
  if ((wide)ph->p_offset + ph->p_filesz > FILE_SIZE || ph->p_filesz > NOTE_MAX) v->wrong |= WRONG(ELF_BAD_NOTE);
  if (ph->p_filesz != 0 && (ph->p_offset != NOTE_AT || ph->p_filesz != NOTE_SIZE || ph->p_align == 8))
    v->notes_moved = true;
  else if (ph->p_filesz != 0)
    v->wrong |= notes_wrong();
}

static struct verdict judge(void)
{
  struct elf64_header h;
  struct elf64_phdr ph[64];
  unsigned loads[64], count = 0;
  bool entry = false;
  memcpy(&h, file, sizeof h);
  struct verdict v = {.wrong = header_wrong(&h)};
  if (v.wrong) return v;
  memcpy(ph, file + h.e_phoff, h.e_phnum * sizeof ph[0]);
  for (unsigned i = 0; i < h.e_phnum; i++) {
    if (ph[i].p_type == PT_INTERP) v.wrong |= WRONG(ELF_HAS_INTERPRETER);
    if (ph[i].p_type == PT_NOTE) judge_notes(&ph[i], &v);
    if (ph[i].p_type != PT_LOAD) continue;
    v.wrong |= segment_wrong(&ph[i], h.e_type == ET_DYN);
    if (ph[i].p_memsz == 0) continue;
    if (count > 0) v.wrong |= pair_wrong(&ph[loads[count - 1]], &ph[i]);
    entry |= holds_entry(&ph[i], h.e_entry);
    loads[count++] = i;
  }
  if (count > ELF_MAX_SEGMENTS) v.wrong |= WRONG(ELF_TOO_MANY_SEGMENTS);
  if (count == 0) v.wrong |= WRONG(ELF_NO_LOAD);
  if (!entry) v.wrong |= WRONG(ELF_BAD_ENTRY);
  return v;
}

/* ---- parse and load ---- */

static int read_file(const struct elf_source *src, uint64_t offset, void *buf, size_t len)
{
  ck_assert(offset <= src->size && len <= src->size - offset);
  memcpy(buf, file + offset, len);
  return 0;
}

/* The file's bytes are where they belong, and zeros behind them. */
static void check_loaded(struct aspace *as, const struct elf_plan *plan)
{
  uint8_t byte;
  for (unsigned i = 0; i < plan->nsegments; i++) {
    const struct elf_segment *s = &plan->segments[i];
    vaddr_t start = plan->bias + s->vaddr;
    if (!(s->prot & PROT_READ)) continue;
    for (uint64_t at = 0; at < s->file_size; at += MAX(s->file_size / 8, 1)) {
      ck_assert_int_eq(aspace_copy_in(as, &byte, start + at, 1), 0);
      ck_assert_uint_eq(byte, file[s->file_offset + at]);
    }
    if (s->memory_size == s->file_size) continue;
    ck_assert_int_eq(aspace_copy_in(as, &byte, start + s->memory_size - 1, 1), 0);
    ck_assert_uint_eq(byte, 0);
  }
}

static void load(const struct elf_source *src, const struct elf_plan *plan)
{
  struct aspace *as;
  ck_assert_int_eq(aspace_create(&as), 0);
  ck_assert_int_eq(elf_load(src, plan, as), 0);
  check_loaded(as, plan);
  aspace_unref(as);
}

/* `what` and `value`: for the message. */
static void try_file(const char *what, uint64_t value)
{
  const struct elf_source src = {.read = read_file, .size = FILE_SIZE};
  struct elf_plan plan;
  uint64_t objects, pages;
  struct verdict v = judge();
  enum elf_error error = elf_parse(&src, &plan);
  if (error == ELF_OK) {
    ck_assert_msg(v.wrong == 0, "%s = %#lx: accepted, wrong is %#lx", what, value, v.wrong);
    load(&src, &plan);
    accepted++;
  } else {
    bool by_chance = v.notes_moved && error == ELF_BAD_NOTE;
    ck_assert_msg(by_chance || (v.wrong & WRONG(error)), "%s = %#lx: %s, wrong is %#lx", what, value,
                  elf_error_text(error), v.wrong);
    reasons |= WRONG(error);
    refused++;
  }
  usage(&objects, &pages);
  ck_assert_msg(objects == objects_before && pages == pages_before, "%s = %#lx: something is left", what, value);
}

/* ---- hostile fields ---- */

struct field {
  const char *name;
  size_t offset, width;
};
#define FIELD(type, member)                                                    \
  {                                                                            \
#member, offsetof(struct type, member), sizeof(((struct type *)0)->member) \
  }
static const struct field header_fields[] = {
  FIELD(elf64_header, e_type),     FIELD(elf64_header, e_machine),   FIELD(elf64_header, e_version),
  FIELD(elf64_header, e_entry),    FIELD(elf64_header, e_phoff),     FIELD(elf64_header, e_shoff),
  FIELD(elf64_header, e_flags),    FIELD(elf64_header, e_ehsize),    FIELD(elf64_header, e_phentsize),
  FIELD(elf64_header, e_phnum),    FIELD(elf64_header, e_shentsize), FIELD(elf64_header, e_shnum),
  FIELD(elf64_header, e_shstrndx),
};
static const struct field phdr_fields[] = {
  FIELD(elf64_phdr, p_type),  FIELD(elf64_phdr, p_flags),  FIELD(elf64_phdr, p_offset), FIELD(elf64_phdr, p_vaddr),
  FIELD(elf64_phdr, p_paddr), FIELD(elf64_phdr, p_filesz), FIELD(elf64_phdr, p_memsz),  FIELD(elf64_phdr, p_align),
};

/* The first of the name's bytes too. */
static const struct field note_fields[] = {
  FIELD(elf64_note, n_namesz),
  FIELD(elf64_note, n_descsz),
  FIELD(elf64_note, n_type),
  {"name", sizeof(struct elf64_note), 1},
  {"descriptor", NOTE_SIZE - sizeof(uint32_t), sizeof(uint32_t)},
};

static uint64_t value_at(size_t at, size_t width)
{
  uint64_t value = 0;
  memcpy(&value, file + at, width);
  return value;
}

static void try_field(bool pie, const struct field *f, size_t base)
{
  build(pie);
  const uint64_t good = value_at(base + f->offset, f->width), max = UINT64_MAX >> (64 - 8 * f->width);
  const uint64_t values[] = {
    0,
    1,
    2,
    3,
    7,
    good - 1,
    good + 1,
    good + PAGE_SIZE,
    good - PAGE_SIZE,
    -good,
    max,
    max - 1,
    max / 2,
    max / 2 + 1,
    FILE_SIZE,
    FILE_SIZE - 1,
    FILE_SIZE + 1,
    64,
    65,
    0x1000,
    0x400000,
    0x401000,
    0x402000,
    0x401001,
    0x4000,
    0x2000,
    0x3000,
    -0x62ull, /* behind which, or below which, each segment's bytes wrap to 0 */
    -0x100ull,
    -0x500ull,
    -0x3000ull,
    NOTE_AT,
    NOTE_SIZE - 12,
    NOTE_SIZE - 11,
    max - PAGE_SIZE + 1,
    USER_BASE,
    USER_BASE - PAGE_SIZE,
    IMAGE_LIMIT,
    IMAGE_LIMIT - PAGE_SIZE,
    USER_TOP,
    -USER_PIE_BASE,
    0x800000000000,
  };
  for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
    bool seen = (values[i] & max) == good;
    for (size_t k = 0; k < i && !seen; k++) seen = ((values[i] ^ values[k]) & max) == 0;
    if (seen) continue;
    build(pie);
    memcpy(file + base + f->offset, &values[i], f->width);
    try_file(f->name, values[i] & max);
  }
}

static void setup(void)
{
  rig_boot_default();
  usage(&objects_before, &pages_before);
}

START_TEST(good_files)
{
  build(_i);
  try_file("nothing", 0);
  ck_assert_uint_eq(accepted, 1);
}
END_TEST

START_TEST(every_field)
{
  for (unsigned i = 0; i < sizeof((struct elf64_header *)0)->e_ident; i++)
    try_field(_i, &(struct field){"e_ident", i, 1}, 0);
  for (unsigned i = 0; i < ARRAY_SIZE(header_fields); i++) try_field(_i, &header_fields[i], 0);
  for (unsigned p = 0; p < PHDRS; p++)
    for (unsigned i = 0; i < ARRAY_SIZE(phdr_fields); i++)
      try_field(_i, &phdr_fields[i], sizeof(struct elf64_header) + p * sizeof(struct elf64_phdr));
  for (unsigned i = 0; i < ARRAY_SIZE(note_fields); i++) try_field(_i, &note_fields[i], NOTE_AT);
  ck_assert_uint_ge(accepted + refused, 1000);
  ck_assert_uint_ge(accepted, 100);
  /* A short file, a failed read and seventeen segments are no field's doing. */
  const uint64_t others = WRONG(ELF_OK) | WRONG(ELF_TOO_SHORT) | WRONG(ELF_READ_ERROR) | WRONG(ELF_TOO_MANY_SEGMENTS);
  for (unsigned reason = 0; reason < ELF_ERROR_COUNT; reason++)
    ck_assert_msg((reasons | others) & WRONG(reason), "nothing was refused for: %s", elf_error_text(reason));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("hostile ELF files");
  TCase *tc = suite_case(suite, "fields", setup, NULL);
  tcase_add_loop_test(tc, good_files, 0, 2);
  tcase_add_loop_test(tc, every_field, 0, 2);
  return suite_run(suite);
}
