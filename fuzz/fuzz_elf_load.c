/*
 * ELF files all the way into an address space of the booted kernel, and out of it. Nothing is left, whether the file was
 * accepted or refused. The mutator knows the headers: it puts numbers worth trying into their fields.
 */
#include "machine/guest.h"

#include <kern/aspace.h>
#include <kern/elf.h>
#include <string.h>

#include "../src/kern/elf/elf_format.h"

static struct {
  const uint8_t *data;
  size_t size;
} input;

static int read_input(const struct elf_source *src, uint64_t offset, void *buf, size_t len)
{
  REQUIRE(offset <= src->size && len <= src->size - offset);
  memcpy(buf, input.data + offset, len);
  return 0;
}

static void load(void)
{
  const struct elf_source src = {.read = read_input, .size = input.size};
  struct elf_plan plan;
  struct aspace *as;
  enum elf_error error = elf_parse(&src, &plan);
  REQUIRE(error < ELF_ERROR_COUNT && elf_error_text(error));
  if (error != ELF_OK || aspace_create(&as)) return;
  int err = elf_load(&src, &plan, as);
  REQUIRE(err == 0 || err == -ENOMEM);
  aspace_unref(as);
}

/* In the kernel, on a thread of its own. */
static bool step(int pid, struct trapframe *tf)
{
  (void)pid, (void)tf;
  load();
  guest_stop();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct guest_user user = {.step = step};
  static bool booted;
  if (!booted) {
    booted = true;
    guest_boot(NULL);
  }
  input.data = data;
  input.size = size;
  REQUIRE(guest_run(&user, 0, 0) == GUEST_DONE);
  REQUIRE(guest_left_nothing());
  return 0;
}
