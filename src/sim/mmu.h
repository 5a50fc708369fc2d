/*
 * The parts of the memory management unit: its registers, walks (arch_mmu_walk.c), and what address spaces missed
 * (arch_mmu_misses.c). Everything may be called inside a signal handler.
 */
#ifndef SIM_MMU_H
#define SIM_MMU_H

#include "tlb.h"

extern struct mmu_registers {
  paddr_t root; /* the page-table register */
  bool loaded;  /* it was loaded at least once */
} mmu;

struct translation {
  paddr_t pa;    /* of the 4 KiB */
  uint64_t size; /* of the page they are in */
  bool user, write, exec, dirty;
};

/* As the processor does for an access: checks rights, sets accessed and dirty. 0, or #PF's error code and MMU_FAULTS. */
#define MMU_FAULTS (1ull << 63)
uint64_t mmu_translate(vaddr_t va, uint64_t access, struct translation *t);
/* Looks without touching. */
bool mmu_peek(vaddr_t va, struct translation *t);

uint32_t mmu_slot(const struct translation *t);
/* A translation may allow less than its entry, never more. */
bool mmu_slot_agrees(uint32_t slot, vaddr_t va);

/* The last pages of the user window that each of the last few address spaces missed: only where to look, for what is
 * translated is what its tables say when it is loaded again. */
#define MMU_MISSES 8u
void mmu_miss_note(paddr_t root, size_t page);
/* Puts them into `pages`, and answers how many. Every few times one is forgotten, to see whether it comes again. */
size_t mmu_misses_recall(paddr_t root, size_t pages[MMU_MISSES]);

#endif
