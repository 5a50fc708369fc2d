/*
 * The x86-64 page-table format with four levels, and translation as the processor does it. Intel SDM vol. 3A, 4.5
 * "4-Level Paging", 4.6 "Access Rights", 4.7 "Page-Fault Exceptions". The kernel builds tables with pmap.c; the simulated
 * processor translates with the functions here.
 *
 * The processor modelled has NX, CR0.WP, SMEP and SMAP on, RFLAGS.AC clear, and 52 physical address bits.
 */
#ifndef X86_FMT_PAGING_H
#define X86_FMT_PAGING_H

#include <kern/types.h>

#define PTE_PRESENT (1ull << 0)
#define PTE_WRITE (1ull << 1)
#define PTE_USER (1ull << 2)
#define PTE_WRITE_THROUGH (1ull << 3)
#define PTE_NOCACHE (1ull << 4)
#define PTE_ACCESSED (1ull << 5)
#define PTE_DIRTY (1ull << 6)      /* leaf entries */
#define PTE_LARGE (1ull << 7)      /* levels 2 and 3: this entry maps a page; reserved in level 4 */
#define PTE_PAT_4K (1ull << 7)     /* level 1 */
#define PTE_GLOBAL (1ull << 8)     /* leaf entries */
#define PTE_PAT_LARGE (1ull << 12) /* large pages */
#define PTE_ADDRESS 0x000FFFFFFFFFF000ull
#define PTE_NX (1ull << 63)

/* Bits 52-61 are ignored by the processor in entries that refer to a table: pmap.c counts there how many entries of that
 * table are in use (0-512). */
#define PTE_COUNT_SHIFT 52
#define PTE_COUNT_ONE (1ull << PTE_COUNT_SHIFT)
#define PTE_COUNT_MASK (0x3FFull << PTE_COUNT_SHIFT)

#define PAGING_LEVELS 4
#define PAGING_ENTRIES 512u

/* Memory types by index (bits PAT, PCD, PWT): the reset value but for index 4, write-combining instead of write-back. */
#define X86_PAT_VALUE 0x0007040100070406ull

/* Level 4 is the root, level 1 holds 4 KiB pages. */
static inline unsigned paging_shift(unsigned level)
{
  return 12 + 9 * (level - 1);
}
static inline unsigned paging_index(vaddr_t va, unsigned level)
{
  return (unsigned)(va >> paging_shift(level)) & (PAGING_ENTRIES - 1);
}
/* The canonical address with the same lower 48 bits: bits 63-48 repeat bit 47. */
static inline vaddr_t paging_sign_extend(vaddr_t va)
{
  return (vaddr_t)((int64_t)((uint64_t)va << 16) >> 16);
}
static inline bool paging_canonical(vaddr_t va)
{
  return paging_sign_extend(va) == va;
}

/* What a walk found. On success every field but error; on failure only error. */
struct x86_walk {
  uint64_t error;         /* #PF error code, PF_* of fmt/trapframe.h */
  paddr_t pa;             /* of the address, offset included */
  uint64_t page_size;     /* 4 KiB, 2 MiB or 1 GiB */
  uint64_t entry;         /* the leaf entry */
  bool user, write, exec; /* what all levels together allow; user: and not only the kernel */
  bool accessed, dirty;
};

/* Translates as the processor does for one access, `access` being PF_WRITE, PF_USER and PF_FETCH as they apply: checks
 * rights and reserved bits, sets accessed (every level) and dirty (on a write). `va` is canonical. True when the access is
 * allowed; else result->error is what the processor would push. Tables are read through phys_to_virt. */
bool x86_mmu_walk(paddr_t root, vaddr_t va, uint64_t access, struct x86_walk *result);

/* Looks without touching: no rights checked, no bit set. False when va is not mapped. */
bool x86_mmu_peek(paddr_t root, vaddr_t va, struct x86_walk *result);

#endif
