/* Names of kernel addresses, from a table made out of the linked kernel itself (build-aux/mksyms). */
#ifndef KERN_SYMBOLS_H
#define KERN_SYMBOLS_H

#include <kern/types.h>

/* Sorted by offset; names are null-terminated strings in ksym_names. Provided by the generated ksyms.S, empty in the
 * first link and in unit tests. Offsets count from arch_text_base(). */
extern const uint32_t ksym_count;
extern const struct ksym {
  uint32_t offset, name; /* name: byte index into ksym_names */
} ksym_table[];
extern const char ksym_names[];

/* Symbol that contains pc and the distance from its start; null when unknown. */
const char *symbol_lookup(uintptr_t pc, uintptr_t *distance);

#endif
