/* The empty symbol table: for the first link, from which the real one is made, and for programs that have none. */
#include <kern/symbols.h>

__attribute__((weak)) const uint32_t ksym_count = 0;
__attribute__((weak)) const struct ksym ksym_table[1] = {{0, 0}};
__attribute__((weak)) const char ksym_names[1] = "";
