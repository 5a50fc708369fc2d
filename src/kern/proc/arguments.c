/*
 * What a program finds on its stack when it starts (System V ABI, AMD64 supplement, "Process Initialization"),
 * from the stack pointer up: argc, argv pointers, null, envp pointers, null, auxiliary vector; then 16 random
 * bytes and the strings. Built in one kernel buffer and copied out once.
 */
#include <kern/clock.h>
#include <kern/elf.h>
#include <kern/kmem.h>
#include <kern/string.h>
#include <kern/uaccess.h>

#include "tree.h"

enum { AT_NULL = 0, AT_PHDR = 3, AT_PHENT = 4, AT_PHNUM = 5, AT_PAGESZ = 6, AT_ENTRY = 9, AT_RANDOM = 25 };
enum { AUX_PAIRS = 7, RANDOM_BYTES = 16 };

/* splitmix64 over the clock: enough to make stack canaries and hash seeds differ from run to run, and the same in a
 * replayed run. Not for secrets. */
static uint64_t random_next(void)
{
  static uint64_t state; /* atomic */
  uint64_t z = __atomic_add_fetch(&state, 0x9E3779B97F4A7C15ull, __ATOMIC_RELAXED) + clock_monotonic_ns();
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

/* Writes `count` pointers to consecutive strings, then null; answers the strings' end. */
static const char *put_vector(uint64_t **word, const char *string, unsigned count, const struct process_args *args,
                              vaddr_t strings_at)
{
  for (unsigned i = 0; i < count; i++) {
    *(*word)++ = strings_at + (vaddr_t)(string - args->strings);
    string += strlen(string) + 1;
  }
  *(*word)++ = 0;
  return string;
}

static void put_auxv(uint64_t *word, const struct elf_plan *plan, vaddr_t random_at)
{
  const uint64_t auxv[AUX_PAIRS][2] = {
    {AT_PHDR, plan->phdr},  {AT_PHENT, plan->phentsize}, {AT_PHNUM, plan->phnum},
    {AT_PAGESZ, PAGE_SIZE}, {AT_ENTRY, plan->entry},     {AT_RANDOM, random_at},
    {AT_NULL, 0},
  };
  memcpy(word, auxv, sizeof(auxv));
}

int process_build_stack(struct aspace *as, const struct process_args *args, const struct elf_plan *plan, vaddr_t *sp)
{
  uint64_t strings = (uint64_t)args->argc + args->envc;
  if (args->strings_size > ARG_MAX || strings * sizeof(uint64_t) > ARG_MAX - args->strings_size) return -E2BIG;
  uint64_t words = 1 + (strings + 2) + 2 * AUX_PAIRS; /* argc, the vectors and their nulls, the pairs */
  vaddr_t strings_at = USER_STACK_TOP - args->strings_size;
  vaddr_t random_at = ALIGN_DOWN(strings_at, (vaddr_t)16) - RANDOM_BYTES;
  vaddr_t base = ALIGN_DOWN(random_at - words * sizeof(uint64_t), (vaddr_t)16);

  uint8_t *image = kzalloc(USER_STACK_TOP - base);
  if (image == NULL) return -ENOMEM;
  if (args->strings_size > 0) memcpy(image + (strings_at - base), args->strings, args->strings_size);
  uint64_t random[2] = {random_next(), random_next()};
  memcpy(image + (random_at - base), random, sizeof(random));

  uint64_t *word = (uint64_t *)(void *)image;
  *word++ = args->argc;
  const char *string = put_vector(&word, args->strings, args->argc, args, strings_at);
  put_vector(&word, string, args->envc, args, strings_at);
  put_auxv(word, plan, random_at);

  int err = aspace_copy_out(as, base, image, USER_STACK_TOP - base);
  kfree(image);
  *sp = base;
  return err;
}
