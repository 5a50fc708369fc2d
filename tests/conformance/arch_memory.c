/* The contract with the machine: the direct map, the kernel window, and the I/O spaces. */
#include <kern/arch.h>
#include <kern/kmem.h>
#include <kern/kmsan.h>
#include <kern/ktest.h>
#include <kern/pmap.h>
#include <kern/pmm.h>

KTEST(arch_direct_map_round_trip)
{
  paddr_t pa;

  ktest_check(pmm_alloc_page(PMM_KERNEL, &pa) == 0);
  uint64_t *p = phys_to_virt(pa);
  bool kept = virt_to_phys(p) == pa;
  for (unsigned i = 0; i < PAGE_SIZE / sizeof *p; i++) p[i] = pa + i;
  for (unsigned i = 0; i < PAGE_SIZE / sizeof *p; i++) kept = kept && ((volatile uint64_t *)p)[i] == pa + i;
  pmm_free_page(pa);
  ktest_check(kept);
}

/* What is written at a window address is found at the physical address its table entry names. */
KTEST(arch_window_is_what_tables_say)
{
  struct arch_window window = arch_kernel_window();
  struct pmap_entry entry;
  void *block;

  ktest_check(kva_alloc_guarded(1, &block) == 0);
  volatile uint64_t *p = block;
  p[3] = 0x0123456789ABCDEFu;
  bool inside = (vaddr_t)block - window.base < window.size;
  bool found = pmap_lookup(&kernel_pmap, (vaddr_t)block + 24, &entry);
  if (found) kmsan_unpoison(phys_to_virt(entry.pa), sizeof *p);
  bool same = found && *(volatile uint64_t *)phys_to_virt(entry.pa) == 0x0123456789ABCDEFu;
  kva_free_guarded(block, 1);
  ktest_check(inside);
  ktest_check(found && same);
}

KTEST(arch_absent_port_reads_ones)
{
  ktest_check(arch_io_read(IO_PORT, 0x0E80, 1) == 0xFF);
  ktest_check(arch_io_read(IO_PORT, 0x0E80, 2) == 0xFFFF);
  ktest_check(arch_io_read(IO_PORT, 0x0E80, 4) == 0xFFFFFFFF);
}
