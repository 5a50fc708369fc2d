/* Changes ELF files where it matters: the header's constants are put right, and one field gets a number at some edge. */
#include "fuzz.h"

#include <string.h>

#include "../src/kern/elf/elf_format.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void fix_header(struct elf64_header *h)
{
  static const uint8_t ident[] = {0x7F, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT};
  memcpy(h->e_ident, ident, sizeof ident);
  if (h->e_type != ET_DYN) h->e_type = ET_EXEC;
  h->e_machine = EM_X86_64;
  h->e_version = EV_CURRENT;
  h->e_ehsize = sizeof *h;
  h->e_phentsize = sizeof(struct elf64_phdr);
}

static uint64_t edge(const struct elf64_phdr *ph, size_t size, unsigned seed)
{
  const uint64_t edges[] = {0,
                            1,
                            size,
                            size - 1,
                            size + 1,
                            0x1000,
                            0x10000,
                            0x7FFF0000,
                            0x80000000,
                            UINT64_MAX,
                            INT64_MAX,
                            ph->p_vaddr,
                            ph->p_vaddr + ph->p_memsz,
                            -ph->p_vaddr,
                            ph->p_offset,
                            ph->p_filesz,
                            ph->p_memsz + 1,
                            ph->p_memsz - 1};
  return edges[seed % COUNT(edges)];
}

static void change_field(struct elf64_phdr *ph, size_t size, unsigned seed)
{
  uint64_t value = edge(ph, size, seed / 8);
  switch (seed % 8) {
  case 0: ph->p_type = seed / 8 % 5; break;
  case 1: ph->p_flags = seed / 8 % 8; break;
  case 2: ph->p_offset = value; break;
  case 3: ph->p_vaddr = value; break;
  case 4: ph->p_filesz = value; break;
  case 5: ph->p_memsz = value; break;
  case 6: ph->p_align = value; break;
  case 7: /* page-congruent again */ ph->p_vaddr = (ph->p_vaddr & ~0xFFFull) | (ph->p_offset & 0xFFF); break;
  }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
  struct elf64_header h;
  struct elf64_phdr ph;
  size = LLVMFuzzerMutate(data, size, max_size);
  if (size < sizeof h || seed % 4 == 0) return size;
  memcpy(&h, data, sizeof h);
  fix_header(&h);
  if (h.e_phnum == 0 || h.e_phnum > 16) h.e_phnum = (uint16_t)(1 + seed / 4 % 4);
  if (h.e_phoff > size || size - h.e_phoff < sizeof ph) h.e_phoff = sizeof h;
  size_t at = h.e_phoff + (seed / 16 % h.e_phnum) * sizeof ph;
  if (at <= size && size - at >= sizeof ph) {
    memcpy(&ph, data + at, sizeof ph);
    if (seed / 4 % 4 != 0) change_field(&ph, size, seed / 64);
    if (seed / 4 % 8 == 1) h.e_entry = ph.p_vaddr;
    memcpy(data + at, &ph, sizeof ph);
  }
  memcpy(data, &h, sizeof h);
  return size;
}
