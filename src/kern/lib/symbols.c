/* Names of kernel addresses: a binary search in the table made from the linked kernel. */
#include <kern/arch.h>
#include <kern/symbols.h>

/* No function is longer: what lies farther from any name is not the kernel's. */
#define FUNCTION_MAX 0x10000u

const char *symbol_lookup(uintptr_t pc, uintptr_t *distance)
{
  uintptr_t base = arch_text_base();
  uint32_t low = 0, high = ksym_count;

  if (pc < base || high == 0 || pc - base < ksym_table[0].offset) return NULL;
  uintptr_t offset = pc - base;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (ksym_table[middle].offset <= offset)
      low = middle;
    else
      high = middle;
  }
  *distance = offset - ksym_table[low].offset;
  if (*distance >= FUNCTION_MAX) return NULL;
  return ksym_names + ksym_table[low].name;
}
