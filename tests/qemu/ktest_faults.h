/* Accesses that fault on purpose. */
#ifndef KTEST_FAULTS_H
#define KTEST_FAULTS_H

#include <kern/ktest.h>
#include <kern/trap.h>

static inline void ktest_read_byte(void *p)
{
  (void)*(volatile uint8_t *)p;
}

/* Whether fn(addr) is a page fault at addr: that access (one ACCESS_* bit), with a translation there or not. */
static inline bool ktest_faults(void (*fn)(void *), uintptr_t addr, unsigned access, bool present)
{
  struct trap_info info;
  if (!ktest_expect_trap(fn, (void *)addr, &info)) return false;
  return info.kind == TRAP_PAGE_FAULT && info.addr == addr && info.access == access && info.present == present;
}

#endif
