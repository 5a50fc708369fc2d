/* Boot information, as the harnesses of everything that fills it check it. */
#ifndef FUZZ_BOOT_H
#define FUZZ_BOOT_H

#include "fuzz.h"

#include <fmt/physview.h>
#include <kern/bootinfo.h>

/* A decoder of one boot protocol. */
typedef int boot_decoder(const struct phys_view *view, paddr_t info, struct bootinfo *bi);

/* The bytes are memory from `base` on, the protocol's structure comes first. Whatever is accepted keeps the invariants of
 * kern/bootinfo.h, before and after it is put in order. */
void boot_decode(boot_decoder *decode, paddr_t base, const uint8_t *data, size_t size);

/* The address lies in usable memory of `bi`, which is in order. */
bool boot_is_usable(const struct bootinfo *bi, paddr_t at);

/* Puts `bi` in order and requires that it is. */
void boot_sanitize(struct bootinfo *bi);

#endif
