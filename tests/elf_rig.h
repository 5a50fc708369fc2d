/*
 * An ELF file under construction: a good one, which a test changes before elf_parse looks at it. Check forks for every test, so
 * each has its own.
 */
#ifndef TESTS_ELF_RIG_H
#define TESTS_ELF_RIG_H

#include "suite.h"

#define timespec uapi_timespec /* the host's is another */
#include <uapi/abi.h>
#undef timespec

#include <kern/elf.h>

#include "../src/kern/elf/elf_format.h"

enum { MAX_PHDRS = 80, IMAGE_SIZE = 0x4000 };

/* Headers apart, bytes at their place in the file. */
extern struct image {
  struct elf64_header h;
  struct elf64_phdr ph[MAX_PHDRS];
  uint8_t bytes[IMAGE_SIZE];
  uint64_t size;
  uint64_t fail_at; /* reads that touch this offset fail */
  unsigned reads;
} im;

/* What elf_parse made of it last; junk where it set nothing. */
extern struct elf_plan plan;

#define NOTE_AT 0x300u
#define NOTE_SIZE (12u + 12u + 4u)

/* A fixture: the good image. Three segments: headers and code (offset 0, size 0x500), constants (0x1000, 0x62), data with .bss
 * (0x2000, 0x100); a note in the first, ours. The bytes have the headers. */
void build(void);

void put_note(uint64_t at, const char *name, uint32_t namesz, uint32_t type, uint32_t descsz, uint32_t desc);

/* Of the bytes as they are, and with the headers put into them first. */
enum elf_error parse_bytes(void);
enum elf_error parse(void);

#endif
