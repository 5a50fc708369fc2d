/* The kernel's first page tables: fmt/vbi.h says what they map. */
#include "loader.h"

#include <layout.h>

#define ENTRIES 512
#define PTE_PRESENT_WRITE 3
#define PDE_HUGE 0x83
#define SIZE_2M 0x200000
#define GIBS (LAYOUT_BOOT_MAPPED >> 30)

bool tables_build(uint64_t *root)
{
  struct buffer b;
  if (!buffer_allocate(&b, (3 + GIBS) * EFI_PAGE, "the page table")) return false;
  uint64_t *pml4 = (uint64_t *)b.bytes, *low = pml4 + ENTRIES, *high = low + ENTRIES, *directories = high + ENTRIES;
  for (uint64_t i = 0; i < GIBS * ENTRIES; i++) directories[i] = i * SIZE_2M | PDE_HUGE;
  for (uint64_t i = 0; i < GIBS; i++) low[i] = (uint64_t)(uintptr_t)(directories + i * ENTRIES) | PTE_PRESENT_WRITE;
  high[LAYOUT_KERNEL_BASE >> 30 & (ENTRIES - 1)] = low[0];
  pml4[0] = pml4[LAYOUT_DIRECT_MAP_SLOT] = (uint64_t)(uintptr_t)low | PTE_PRESENT_WRITE;
  pml4[ENTRIES - 1] = (uint64_t)(uintptr_t)high | PTE_PRESENT_WRITE;
  *root = (uint64_t)(uintptr_t)pml4;
  return true;
}
