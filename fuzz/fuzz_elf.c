/*
 * The ELF parser on any bytes: it reads only inside the file, does a bounded amount of work, and a plan it accepts
 * is one that can be applied without looking again: pages of its own for each segment, in the window, never
 * writable code. The last byte says which read fails when the file is parsed a second time.
 */
#include "fuzz.h"

#include <kern/elf.h>
#include <kern/string.h>
#include <uapi/abi.h>

struct bytes {
  const uint8_t *data;
  unsigned reads, fails; /* which one; 0: none */
};

static int read_bytes(const struct elf_source *src, uint64_t offset, void *buf, size_t len)
{
  struct bytes *b = src->context;
  REQUIRE(offset <= src->size && len <= src->size - offset);
  REQUIRE(++b->reads < 100000);
  if (b->reads == b->fails) return -EIO;
  memcpy(buf, b->data + offset, len);
  return 0;
}

static void check_plan(const struct elf_plan *plan, size_t size)
{
  uint64_t last_end = USER_BASE;
  bool entry_found = false;
  REQUIRE(plan->nsegments > 0 && plan->nsegments <= ELF_MAX_SEGMENTS);
  for (unsigned i = 0; i < plan->nsegments; i++) {
    const struct elf_segment *s = &plan->segments[i];
    uint64_t start = plan->bias + s->vaddr, end = start + s->memory_size;
    REQUIRE(s->memory_size > 0 && end > start && s->file_size <= s->memory_size);
    REQUIRE((start & ~PAGE_MASK) >= last_end);
    REQUIRE(end <= USER_STACK_TOP - USER_STACK_SIZE - PAGE_SIZE);
    REQUIRE(s->file_size == 0 || (s->file_offset <= size && s->file_size <= size - s->file_offset));
    REQUIRE((s->prot & PROT_WRITE) == 0 || (s->prot & PROT_EXEC) == 0);
    entry_found |= plan->entry >= start && plan->entry < end && (s->prot & PROT_EXEC) != 0;
    last_end = (end + PAGE_MASK) & ~PAGE_MASK;
  }
  REQUIRE(entry_found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct bytes bytes = {.data = data};
  const struct elf_source src = {.read = read_bytes, .size = size, .context = &bytes};
  struct elf_plan plan;
  enum elf_error error = elf_parse(&src, &plan);
  REQUIRE(error < ELF_ERROR_COUNT && elf_error_text(error) && elf_error_text((enum elf_error)size));
  REQUIRE((elf_error_errno(error) == 0) == (error == ELF_OK));
  if (error == ELF_OK) check_plan(&plan, size);

  unsigned fails = size > 0 ? data[size - 1] : 0;
  if (fails == 0 || fails > bytes.reads) return 0;
  bytes = (struct bytes){.data = data, .fails = fails};
  REQUIRE(elf_parse(&src, &plan) == ELF_READ_ERROR && elf_error_errno(ELF_READ_ERROR) == -EIO);
  return 0;
}
