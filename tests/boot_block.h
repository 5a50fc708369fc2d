/* What the tests of the boot-protocol decoders share: a block of boot information cut short, and with any word changed. */
#ifndef TESTS_BOOT_BLOCK_H
#define TESTS_BOOT_BLOCK_H

#include "suite.h"

#include <fmt/physview.h>
#include <kern/bootinfo.h>

struct boot_block {
  int (*decode)(const struct phys_view *view, paddr_t info, struct bootinfo *bi);
  uint8_t *bytes; /* `size` of them on the heap, so that reading past them is seen by the sanitizers */
  size_t size;
  paddr_t base, info; /* physical addresses of the first byte and of what the decoder is given */
  size_t own_size_at; /* where the block says its size in 32 bits; BOOT_BLOCK_NO_SIZE */
};
#define BOOT_BLOCK_NO_SIZE SIZE_MAX

/* Into a zeroed bi, with a view of the block alone. */
int boot_block_decode(const struct boot_block *b, struct bootinfo *bi);

/* Two tests of the block that `block` answers: every beginning of it is refused, also when it says itself that it is so short;
 * and each word in turn is given values of every kind. */
void boot_block_add_tests(TCase *tc, struct boot_block (*block)(void));

#endif
