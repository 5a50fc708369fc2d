/*
 * From untrusted bytes to a plan of what to map where, or to the one reason why not. Pure: reads through the
 * source and writes the plan, nothing else. Every size and offset of the file is a number an enemy chose: sums are
 * checked before they are used, and the number of reads is bounded by ELF_MAX_PHDRS and NOTE_MAX_SIZE.
 *
 * PT_GNU_STACK is ignored whatever it asks for: a stack is never executable here.
 */
#include <kern/elf.h>
#include <kern/string.h>
#include <plant.h>
#include <uapi/abi.h>

#include "elf_format.h"

#define ELF_MAX_PHDRS 64u
#define NOTE_MAX_SIZE 4096u

/* Programs end below the stack and its guard page. */
#define IMAGE_LIMIT (USER_STACK_TOP - USER_STACK_SIZE - PAGE_SIZE)

static const char *const error_texts[ELF_ERROR_COUNT] = {
  [ELF_OK] = "No error",
  [ELF_TOO_SHORT] = "File too short for an ELF header",
  [ELF_BAD_MAGIC] = "Not an ELF file",
  [ELF_BAD_CLASS] = "Not a 64-bit ELF file",
  [ELF_BAD_ENDIAN] = "Not a little-endian ELF file",
  [ELF_BAD_VERSION] = "Unknown ELF version",
  [ELF_BAD_TYPE] = "Not an executable ELF file",
  [ELF_BAD_MACHINE] = "Not for x86-64",
  [ELF_BAD_EHSIZE] = "Wrong ELF header size",
  [ELF_BAD_PHENTSIZE] = "Wrong program header size",
  [ELF_NO_PHDRS] = "No program headers",
  [ELF_TOO_MANY_PHDRS] = "Too many program headers",
  [ELF_PHDRS_OUTSIDE] = "Program headers extend beyond file size",
  [ELF_NO_LOAD] = "No loadable segment",
  [ELF_TOO_MANY_SEGMENTS] = "Too many loadable segments",
  [ELF_SEGMENT_OUTSIDE_FILE] = "Segment extends beyond file size",
  [ELF_SEGMENT_FILE_LARGER] = "Segment larger in the file than in memory",
  [ELF_SEGMENT_WRAPS] = "Segment wraps around the end of memory",
  [ELF_SEGMENT_OUTSIDE_WINDOW] = "Segment outside the user address window",
  [ELF_SEGMENT_BAD_ALIGN] = "Segment alignment not a power of two or too large",
  [ELF_SEGMENT_MISALIGNED] = "Segment address and file offset differ within a page",
  [ELF_SEGMENT_OVERLAP] = "Segments overlap or share a page",
  [ELF_SEGMENT_ORDER] = "Segments not in ascending order",
  [ELF_SEGMENT_WRITE_EXEC] = "Segment both writable and executable",
  [ELF_BAD_ENTRY] = "Entry point not in an executable segment",
  [ELF_HAS_INTERPRETER] = "Dynamically linked: needs an interpreter",
  [ELF_BAD_NOTE] = "Malformed note segment",
  [ELF_READ_ERROR] = "Read error",
};

const char *elf_error_text(enum elf_error e)
{
  return (unsigned)e < ELF_ERROR_COUNT ? error_texts[e] : "Unknown error";
}

int elf_error_errno(enum elf_error e)
{
  if (e == ELF_OK) return 0;
  return e == ELF_READ_ERROR ? -EIO : -ENOEXEC;
}

/* [offset, offset + len) lies inside the file. */
static bool in_file(const struct elf_source *src, uint64_t offset, uint64_t len)
{
  uint64_t end;
  return !__builtin_add_overflow(offset, len, &end) && end <= src->size + PLANTED(elf);
}

static enum elf_error check_header(const struct elf_source *src, const struct elf64_header *h)
{
  static const uint8_t magic[4] = {0x7F, 'E', 'L', 'F'};
  if (memcmp(h->e_ident, magic, sizeof(magic)) != 0) return ELF_BAD_MAGIC;
  if (h->e_ident[EI_CLASS] != ELFCLASS64) return ELF_BAD_CLASS;
  if (h->e_ident[EI_DATA] != ELFDATA2LSB) return ELF_BAD_ENDIAN;
  if (h->e_ident[EI_VERSION] != EV_CURRENT || h->e_version != EV_CURRENT) return ELF_BAD_VERSION;
  if (h->e_type != ET_EXEC && h->e_type != ET_DYN) return ELF_BAD_TYPE;
  if (h->e_machine != EM_X86_64) return ELF_BAD_MACHINE;
  if (h->e_ehsize != sizeof(*h)) return ELF_BAD_EHSIZE;
  if (h->e_phnum == 0) return ELF_NO_PHDRS;
  if (h->e_phentsize != sizeof(struct elf64_phdr)) return ELF_BAD_PHENTSIZE;
  if (h->e_phnum > ELF_MAX_PHDRS) return ELF_TOO_MANY_PHDRS;
  if (!in_file(src, h->e_phoff, (uint64_t)h->e_phnum * h->e_phentsize)) return ELF_PHDRS_OUTSIDE;
  return ELF_OK;
}

static enum elf_error check_alignment(const struct elf64_phdr *ph, bool moved)
{
  if ((ph->p_align & (ph->p_align - 1)) != 0) return ELF_SEGMENT_BAD_ALIGN; /* 0 and 1 mean none */
  if (moved && ph->p_align > 1 && !IS_ALIGNED(USER_PIE_BASE, ph->p_align)) return ELF_SEGMENT_BAD_ALIGN;
  if (ph->p_filesz != 0 && ((ph->p_vaddr ^ ph->p_offset) & PAGE_MASK) != 0) return ELF_SEGMENT_MISALIGNED;
  return ELF_OK;
}

/* The segment against those before it: ascending, on pages of its own. */
static enum elf_error check_order(const struct elf_plan *plan, const struct elf64_phdr *ph)
{
  if (plan->nsegments == 0) return ELF_OK;
  const struct elf_segment *before = &plan->segments[plan->nsegments - 1];
  if (ph->p_vaddr < before->vaddr) return ELF_SEGMENT_ORDER;
  uint64_t before_end = ALIGN_UP(before->vaddr + before->memory_size, (uint64_t)PAGE_SIZE);
  return ALIGN_DOWN(ph->p_vaddr, (uint64_t)PAGE_SIZE) < before_end ? ELF_SEGMENT_OVERLAP : ELF_OK;
}

static enum elf_error check_address(const struct elf_plan *plan, const struct elf64_phdr *ph)
{
  uint64_t start, end;
  if (__builtin_add_overflow(ph->p_vaddr, plan->bias, &start)) return ELF_SEGMENT_WRAPS;
  if (__builtin_add_overflow(start, ph->p_memsz, &end)) return ELF_SEGMENT_WRAPS;
  return start < USER_BASE || end > IMAGE_LIMIT ? ELF_SEGMENT_OUTSIDE_WINDOW : ELF_OK;
}

static int segment_prot(uint32_t flags)
{
  return ((flags & PF_R) != 0 ? PROT_READ : 0) | ((flags & PF_W) != 0 ? PROT_WRITE : 0) |
         ((flags & PF_X) != 0 ? PROT_EXEC : 0);
}

static enum elf_error add_segment(const struct elf_source *src, const struct elf64_phdr *ph, struct elf_plan *plan)
{
  if (ph->p_filesz > ph->p_memsz) return ELF_SEGMENT_FILE_LARGER;
  if (ph->p_memsz == 0) return ELF_OK;
  if (plan->nsegments == ELF_MAX_SEGMENTS) return ELF_TOO_MANY_SEGMENTS;
  if (ph->p_filesz != 0 && !in_file(src, ph->p_offset, ph->p_filesz)) return ELF_SEGMENT_OUTSIDE_FILE;
  enum elf_error err = check_address(plan, ph);
  if (err == ELF_OK) err = check_alignment(ph, plan->bias != 0);
  if (err == ELF_OK) err = check_order(plan, ph);
  if (err != ELF_OK) return err;
  if ((ph->p_flags & PF_W) != 0 && (ph->p_flags & PF_X) != 0) return ELF_SEGMENT_WRITE_EXEC;
  plan->segments[plan->nsegments++] = (struct elf_segment){
    .vaddr = ph->p_vaddr,
    .memory_size = ph->p_memsz,
    .file_size = ph->p_filesz,
    .file_offset = ph->p_offset,
    .prot = segment_prot(ph->p_flags),
  };
  return ELF_OK;
}

/* The name and descriptor of a note whose header says it could be ours. */
static enum elf_error read_native_note(const struct elf_source *src, const struct elf64_note *note, uint64_t name_at,
                                       uint64_t desc_at, struct elf_plan *plan)
{
  char name[sizeof(ABI_NOTE_NAME)];
  if (src->read(src, name_at, name, sizeof(name)) != 0) return ELF_READ_ERROR;
  if (memcmp(name, ABI_NOTE_NAME, sizeof(name)) != 0) return ELF_OK;
  if (note->n_descsz != sizeof(plan->abi_version)) return ELF_BAD_NOTE;
  if (src->read(src, desc_at, &plan->abi_version, sizeof(plan->abi_version)) != 0) return ELF_READ_ERROR;
  plan->native = true;
  return ELF_OK;
}

/* Walks the notes of one PT_NOTE segment. Name and descriptor are each padded to 4 bytes, or to 8 where the segment is
 * aligned so. No sum wraps: a place inside NOTE_MAX_SIZE and two 32-bit sizes. */
static enum elf_error read_notes(const struct elf_source *src, const struct elf64_phdr *ph, struct elf_plan *plan)
{
  if (!in_file(src, ph->p_offset, ph->p_filesz) || ph->p_filesz > NOTE_MAX_SIZE) return ELF_BAD_NOTE;
  uint64_t align = ph->p_align == 8 ? 8 : 4, size = ph->p_filesz, at = 0;
  while (at < size && !plan->native) {
    struct elf64_note note;
    if (size - at < sizeof(note)) return ELF_BAD_NOTE;
    if (src->read(src, ph->p_offset + at, &note, sizeof(note)) != 0) return ELF_READ_ERROR;
    uint64_t name_at = at + sizeof(note);
    uint64_t desc_at = ALIGN_UP(name_at + note.n_namesz, align);
    uint64_t end = desc_at + note.n_descsz;
    if (end > size && (note.n_descsz != 0 || name_at + note.n_namesz > size)) return ELF_BAD_NOTE;
    if (note.n_type == ABI_NOTE_TYPE && note.n_namesz == sizeof(ABI_NOTE_NAME)) {
      enum elf_error err = read_native_note(src, &note, ph->p_offset + name_at, ph->p_offset + desc_at, plan);
      if (err != ELF_OK) return err;
    }
    at = ALIGN_UP(end, align);
  }
  return ELF_OK;
}

static enum elf_error read_phdrs(const struct elf_source *src, const struct elf64_header *h, struct elf_plan *plan)
{
  for (unsigned i = 0; i < h->e_phnum; i++) {
    struct elf64_phdr ph;
    if (src->read(src, h->e_phoff + i * sizeof(ph), &ph, sizeof(ph)) != 0) return ELF_READ_ERROR;
    enum elf_error err = ELF_OK;
    if (ph.p_type == PT_LOAD)
      err = add_segment(src, &ph, plan);
    else if (ph.p_type == PT_NOTE)
      err = read_notes(src, &ph, plan);
    else if (ph.p_type == PT_INTERP)
      err = ELF_HAS_INTERPRETER;
    if (err != ELF_OK) return err;
  }
  return plan->nsegments > 0 ? ELF_OK : ELF_NO_LOAD;
}

/* Where the program finds its own program headers, when a segment brings them into memory whole. */
static vaddr_t find_phdrs(const struct elf64_header *h, const struct elf_plan *plan)
{
  uint64_t size = (uint64_t)h->e_phnum * h->e_phentsize;
  for (unsigned i = 0; i < plan->nsegments; i++) {
    const struct elf_segment *s = &plan->segments[i];
    if (h->e_phoff >= s->file_offset && h->e_phoff - s->file_offset <= s->file_size &&
        size <= s->file_size - (h->e_phoff - s->file_offset))
      return plan->bias + s->vaddr + (h->e_phoff - s->file_offset);
  }
  return 0;
}

/* `entry` as in the file. */
static bool entry_is_code(const struct elf_plan *plan, uint64_t entry)
{
  for (unsigned i = 0; i < plan->nsegments; i++) {
    const struct elf_segment *s = &plan->segments[i];
    if ((s->prot & PROT_EXEC) != 0 && entry >= s->vaddr && entry - s->vaddr < s->memory_size) return true;
  }
  return false;
}

enum elf_error elf_parse(const struct elf_source *src, struct elf_plan *plan)
{
  memset(plan, 0, sizeof(*plan));
  struct elf64_header h;
  if (src->size < sizeof(h)) return ELF_TOO_SHORT;
  if (src->read(src, 0, &h, sizeof(h)) != 0) return ELF_READ_ERROR;
  enum elf_error err = check_header(src, &h);
  if (err != ELF_OK) return err;

  plan->bias = h.e_type == ET_DYN ? USER_PIE_BASE : 0;
  err = read_phdrs(src, &h, plan);
  if (err != ELF_OK) return err;
  if (!entry_is_code(plan, h.e_entry)) return ELF_BAD_ENTRY;

  plan->entry = h.e_entry + plan->bias;
  plan->phdr = find_phdrs(&h, plan);
  plan->phnum = h.e_phnum;
  plan->phentsize = h.e_phentsize;
  return ELF_OK;
}
