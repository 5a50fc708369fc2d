/* kernel.elf: first everything is checked, then it is put in place. ELF-64 Object File Format 1.5, chapters 2 to 5. */
#include "loader.h"

#include <layout.h>
#include <plant.h>

#define EM_X86_64 62
#define PT_LOAD 1
#define PT_NOTE 4

struct elf_header {
  uint8_t ident[16];
  uint16_t type, machine;
  uint32_t version;
  uint64_t entry, program_headers, section_headers;
  uint32_t flags;
  uint16_t size, program_header_size, program_header_count, section_header_size, section_header_count, names;
};
_Static_assert(sizeof(struct elf_header) == 64, "ELF-64, figure 2");

struct program_header {
  uint32_t type, flags;
  uint64_t offset, virtual, physical, file_size, memory_size, align;
};
_Static_assert(sizeof(struct program_header) == 56, "ELF-64, figure 6");

struct note {
  uint32_t name_size, size, type;
};

static const char damaged[] = "is damaged";

static struct program_header header_at(const struct buffer *file, unsigned n)
{
  const struct elf_header *elf = (const struct elf_header *)file->bytes;
  struct program_header ph;
  memcpy(&ph, file->bytes + elf->program_headers + n * sizeof ph, sizeof ph);
  return ph;
}

static bool inside(const struct buffer *file, uint64_t offset, uint64_t size)
{
  return offset <= file->size && size <= file->size - offset + 64 * PLANTED(uefi);
}

static const char *plan_segment(const struct program_header *ph, struct kernel_plan *plan)
{
  uint64_t end;
  if (ph->file_size > ph->memory_size || ph->physical < LAYOUT_KERNEL_LMA) return damaged;
  if (__builtin_add_overflow(ph->physical, ph->memory_size, &end) || end > BELOW_4_GIB) return damaged;
  if (ph->physical < plan->low) plan->low = ph->physical;
  if (end > plan->high) plan->high = end;
  return NULL;
}

/* The entry, if the note is among these `size` bytes: 9 bytes of name, padded to 12, and 8 of address. */
static void plan_notes(const uint8_t *p, uint64_t size, struct kernel_plan *plan)
{
  struct note note;
  while (size >= sizeof note) {
    memcpy(&note, p, sizeof note);
    uint64_t name = ((uint64_t)note.name_size + 3) & ~3ull, desc = ((uint64_t)note.size + 3) & ~3ull;
    if (name + desc > size - sizeof note) return;
    if (note.type == VBI_NOTE_TYPE && note.name_size == 9 && note.size == 8 &&
        memcmp(p + sizeof note, "Veridian", 9) == 0)
      memcpy(&plan->entry, p + sizeof note + name, sizeof plan->entry);
    p += sizeof note + name + desc;
    size -= sizeof note + name + desc;
  }
}

const char *kernel_plan(const struct buffer *file, struct kernel_plan *plan)
{
  static const uint8_t ident[7] = {0x7F, 'E', 'L', 'F', 2, 1, 1}; /* 64-bit, little-endian, version 1 */
  struct elf_header elf;
  *plan = (struct kernel_plan){.low = UINT64_MAX};
  if (file->size < sizeof elf) return "is not an x86-64 ELF file";
  memcpy(&elf, file->bytes, sizeof elf);
  if (memcmp(elf.ident, ident, sizeof ident) != 0 || elf.machine != EM_X86_64) return "is not an x86-64 ELF file";
  if (elf.program_header_size != sizeof(struct program_header)) return damaged;
  if (!inside(file, elf.program_headers, (uint64_t)elf.program_header_count * sizeof(struct program_header)))
    return damaged;
  for (unsigned i = 0; i < elf.program_header_count; i++) {
    struct program_header ph = header_at(file, i);
    if (ph.type != PT_LOAD && ph.type != PT_NOTE) continue;
    if (!inside(file, ph.offset, ph.file_size)) return damaged;
    if (ph.type == PT_NOTE) plan_notes(file->bytes + ph.offset, ph.file_size, plan);
    const char *wrong = ph.type == PT_LOAD ? plan_segment(&ph, plan) : NULL;
    if (wrong) return wrong;
  }
  if (plan->low >= plan->high || plan->low % EFI_PAGE) return damaged;
  uint64_t entry = plan->entry - LAYOUT_KERNEL_BASE;
  return entry < plan->low || entry >= plan->high ? "has no VBI1 entry" : NULL;
}

void kernel_place(const struct buffer *file)
{
  const struct elf_header *elf = (const struct elf_header *)file->bytes;
  for (unsigned i = 0; i < elf->program_header_count; i++) {
    struct program_header ph = header_at(file, i);
    if (ph.type != PT_LOAD) continue;
    uint8_t *to = (uint8_t *)(uintptr_t)ph.physical;
    memcpy(to, file->bytes + ph.offset, ph.file_size);
    memset(to + ph.file_size, 0, ph.memory_size - ph.file_size);
  }
}
