/*
 * ELF64 executables, in two steps: elf_parse turns untrusted bytes into a plan and touches nothing; elf_load applies a
 * plan to an address space. Static and static-PIE (self-relocating) images for x86-64.
 */
#ifndef KERN_ELF_H
#define KERN_ELF_H

#include <kern/types.h>

struct aspace;

#define ELF_MAX_SEGMENTS 16

/* Where the bytes come from. read: exactly len bytes at offset, 0 or negative errno; ranges are inside size. */
struct elf_source {
  int (*read)(const struct elf_source *src, uint64_t offset, void *buf, size_t len);
  uint64_t size;
  void *context;
};

struct elf_segment {
  vaddr_t vaddr; /* as in the file; add plan.bias */
  uint64_t memory_size, file_size, file_offset;
  int prot; /* PROT_* */
};

struct elf_plan {
  vaddr_t bias;  /* 0 for ET_EXEC, where the image goes for ET_DYN */
  vaddr_t entry; /* bias included */
  vaddr_t phdr;  /* program headers in memory, bias included; 0 when no segment holds them */
  uint16_t phnum, phentsize;
  unsigned nsegments;
  struct elf_segment segments[ELF_MAX_SEGMENTS]; /* ascending, none overlapping, page-congruent */
  bool native;                                   /* carries our ABI note */
  uint32_t abi_version;
};

enum elf_error {
  ELF_OK = 0,
  /* one per reason; elf_error_text gives one clear message each */
  ELF_TOO_SHORT,
  ELF_BAD_MAGIC,
  ELF_BAD_CLASS,
  ELF_BAD_ENDIAN,
  ELF_BAD_VERSION,
  ELF_BAD_TYPE,
  ELF_BAD_MACHINE,
  ELF_BAD_EHSIZE,
  ELF_BAD_PHENTSIZE,
  ELF_NO_PHDRS,
  ELF_TOO_MANY_PHDRS,
  ELF_PHDRS_OUTSIDE,
  ELF_NO_LOAD,
  ELF_TOO_MANY_SEGMENTS,
  ELF_SEGMENT_OUTSIDE_FILE,
  ELF_SEGMENT_FILE_LARGER,
  ELF_SEGMENT_WRAPS,
  ELF_SEGMENT_OUTSIDE_WINDOW,
  ELF_SEGMENT_BAD_ALIGN,
  ELF_SEGMENT_MISALIGNED,
  ELF_SEGMENT_OVERLAP,
  ELF_SEGMENT_ORDER,
  ELF_SEGMENT_WRITE_EXEC,
  ELF_BAD_ENTRY,
  ELF_HAS_INTERPRETER,
  ELF_BAD_NOTE,
  ELF_READ_ERROR,
  ELF_ERROR_COUNT
};

enum elf_error elf_parse(const struct elf_source *src, struct elf_plan *plan);
const char *elf_error_text(enum elf_error e);
/* The errno a spawn that fails for this reason answers: -ENOEXEC for all but ELF_READ_ERROR (-EIO). */
int elf_error_errno(enum elf_error e);

/* Maps and fills every segment. On error the address space may hold some; the caller drops it. */
MUST_CHECK int elf_load(const struct elf_source *src, const struct elf_plan *plan, struct aspace *as);

#endif
