/*
 * A machine for tests of memory management: physical memory, a direct map, a kernel window whose pages appear by walking the
 * kernel's own page tables, and one processor with an interrupt flag. No threads: mutexes are free, the running process has
 * the address space a test gives it. Check forks for every test, so each has a machine of its own.
 */
#ifndef TESTS_RIG_H
#define TESTS_RIG_H

#include "suite.h"

#include <kern/arch.h>
#include <kern/bootinfo.h>
#include <kern/types.h>

#define RIG_HALTED 3 /* exit status when the kernel halted with the report the test expected */
#define RIG_WINDOW 0x300000000000ull
#define RIG_WINDOW_SIZE MIB(256)

struct aspace;

extern struct rig {
  uint64_t memory;       /* bytes of RAM */
  uint64_t flushes;      /* arch_tlb_flush_page calls */
  uint64_t full_flushes; /* arch_tlb_flush_all */
  uint64_t activations;  /* arch_aspace_activate */
  uint64_t page_size_max;
  paddr_t root; /* what was activated last */
  bool irq_on;
  unsigned irq_times_on; /* how often interrupts were enabled again */
  const char *halt_says; /* text the report must contain when the kernel halts */
  char printed[4096];
  size_t printed_length;
} rig;

/* A machine with that much memory and no kernel in it; arch_direct_map_base works. */
void rig_machine(uint64_t memory);

/* Usable from 0 to 640 KiB and from 1 MiB on. */
void rig_memory_map(struct bootinfo *bi);

/* The machine, and the kernel's memory management started on it, with that command line. */
void rig_boot(uint64_t memory, const char *cmdline);
/* As a checked fixture: 64 MiB. */
void rig_boot_default(void);

/* The running process's address space; null: a kernel thread runs. */
void rig_set_aspace(struct aspace *as);

/* Whether a byte can be read / written, in the kernel window. */
bool rig_can_read(const void *p);
bool rig_can_write(const void *p);

/* An access with the bits of a page-fault error code, by the tables that were activated last. True when they allow it: the
 * processor then remembers the translation for a while. */
bool rig_access(vaddr_t va, uint64_t access);

/* Every page of the window that the processor has translated, and what it remembers else, agrees with the tables: no flush
 * is missing. */
bool rig_tlb_is_right(void);

/* Whether n bytes all have that value. */
bool rig_all_bytes(const void *p, uint8_t value, size_t n);

#endif
