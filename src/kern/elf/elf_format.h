/* The parts of the ELF64 format the loader reads. Tool Interface Standard ELF 1.2; System V ABI, AMD64 supplement. */
#ifndef KERN_ELF_FORMAT_H
#define KERN_ELF_FORMAT_H

#include <stdint.h>

struct elf64_header {
  uint8_t e_ident[16];
  uint16_t e_type;
  uint16_t e_machine;
  uint32_t e_version;
  uint64_t e_entry;
  uint64_t e_phoff;
  uint64_t e_shoff;
  uint32_t e_flags;
  uint16_t e_ehsize;
  uint16_t e_phentsize;
  uint16_t e_phnum;
  uint16_t e_shentsize;
  uint16_t e_shnum;
  uint16_t e_shstrndx;
};
_Static_assert(sizeof(struct elf64_header) == 64, "ELF64 header");

struct elf64_phdr {
  uint32_t p_type;
  uint32_t p_flags;
  uint64_t p_offset;
  uint64_t p_vaddr;
  uint64_t p_paddr;
  uint64_t p_filesz;
  uint64_t p_memsz;
  uint64_t p_align;
};
_Static_assert(sizeof(struct elf64_phdr) == 56, "ELF64 program header");

struct elf64_note {
  uint32_t n_namesz;
  uint32_t n_descsz;
  uint32_t n_type;
};
_Static_assert(sizeof(struct elf64_note) == 12, "ELF note header");

enum { EI_CLASS = 4, EI_DATA = 5, EI_VERSION = 6 };
enum { ELFCLASS64 = 2, ELFDATA2LSB = 1, EV_CURRENT = 1 };
enum { ET_EXEC = 2, ET_DYN = 3, EM_X86_64 = 62 };
enum { PT_LOAD = 1, PT_INTERP = 3, PT_NOTE = 4 };

#define PF_X 0x1u
#define PF_W 0x2u
#define PF_R 0x4u

#endif
