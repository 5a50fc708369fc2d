/*
 * In-kernel tests that end the machine, each run alone by tests/sim/ends.sh (`ktest=panic_sim_...`): what the simulator says and
 * with which status it leaves is the test. Linked into the simulator alone.
 */
#include "../../src/sim/machine.h"
#include <fmt/paging.h>
#include <kern/kmem.h>
#include <kern/ktest.h>
#include <kern/panic.h>
#include <kern/pmap.h>

/* The leaf entry of a page in the kernel window, for meddling. */
static uint64_t *leaf(vaddr_t va)
{
  paddr_t table = kernel_pmap.root;
  for (unsigned level = PAGING_LEVELS; level > 1; level--) {
    table = ((uint64_t *)phys_to_virt(table))[paging_index(va, level)] & PTE_ADDRESS;
  }
  return (uint64_t *)phys_to_virt(table) + paging_index(va, 1);
}

static volatile char *touched_page(void)
{
  void *page;
  if (kva_alloc_guarded(1, &page)) panic("no memory");
  *(volatile char *)page = 1;
  return page;
}

/* Changed without a flush, as a kernel would that forgot it. */
KTEST(panic_sim_stale_page)
{
  *leaf((vaddr_t)touched_page()) += PAGE_SIZE;
  machine_leave_kernel();
}

KTEST(panic_sim_stale_right)
{
  *leaf((vaddr_t)touched_page()) &= ~PTE_WRITE;
  machine_leave_kernel();
}

/* The same with the flush: nobody complains, and the change has taken effect. */
KTEST(panic_sim_flushed_page)
{
  volatile char *page = touched_page();
  *leaf((vaddr_t)page) &= ~PTE_PRESENT;
  arch_tlb_flush_page((vaddr_t)page);
  machine_leave_kernel();
  (void)arch_irq_disable();
  (void)*page;
}

/* Asleep without a timer; the input has ended. */
KTEST(panic_sim_wait_for_nothing)
{
  (void)arch_irq_disable();
  arch_timer_arm(UINT64_MAX);
  arch_irq_mask(IRQ_SERIAL);
  for (;;) arch_idle();
}

KTEST(panic_sim_reset)
{
  arch_reset();
}
