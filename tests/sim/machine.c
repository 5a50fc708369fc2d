/* In-kernel tests of what only the simulated machine has. Linked into the simulator alone. */
#include "../../src/sim/machine.h"
#include <kern/ktest.h>
#include <kern/pmap.h>
#include <kern/pmm.h>
#include <kern/string.h>

#define ALIASES 20000u /* more than the machine keeps translations of */

/* At the end of the window, which the kernel fills from its beginning. */
static vaddr_t alias(unsigned i)
{
  struct arch_window w = arch_kernel_window();
  return w.base + w.size - (ALIASES - i) * (vaddr_t)PAGE_SIZE;
}

/* Old translations make room for new ones; those that went away come back when needed. The first one stays good, and so does
 * the stack this runs on. */
KTEST(sim_translations_are_bounded)
{
  paddr_t pages[2];
  size_t most, made = 0;
  bool good = true, bounded = true;
  ktest_check(pmm_alloc_page(PMM_KERNEL, &pages[0]) == 0);
  ktest_check(pmm_alloc_page(PMM_KERNEL, &pages[1]) == 0);
  for (; made < ALIASES && !pmap_map(&kernel_pmap, alias(made), pages[made % 2], PMAP_WRITE); made++) {
    volatile unsigned *words = (volatile unsigned *)alias(made);
    words[made % 2] = made;
    bounded = bounded && machine_mmu_live(&most) <= most;
  }
  for (unsigned i = 0; i < made && made == ALIASES; i++)
    good = good && ((volatile unsigned *)alias(i))[i % 2] == ALIASES - 2 + i % 2;
  for (size_t i = 0; i < made; i++) {
    paddr_t pa;
    good = !pmap_unmap(&kernel_pmap, alias((unsigned)i), &pa) && pa == pages[i % 2] && good;
  }
  pmm_free_page(pages[0]);
  pmm_free_page(pages[1]);
  ktest_check(made == ALIASES);
  ktest_check(good);
  ktest_check(bounded);
}

/* A port nothing answers, a device on two ports, the scratch register. */
KTEST(sim_ports)
{
  ktest_check(arch_io_read(IO_PORT, 0x70, 1) == 0xFF);
  ktest_check(arch_io_read(IO_PORT, 0x2F8, 4) == 0xFFFFFFFF);
  ktest_check(arch_io_read(IO_MMIO, 0xFEE00000, 4) == 0xFFFFFFFF);
  arch_io_write(IO_PORT, 0x3FF, 1, 0x5A);
  ktest_check(arch_io_read(IO_PORT, 0x3FF, 1) == 0x5A);
  ktest_check(arch_io_read(IO_PORT, 0x3FF, 2) == 0xFF5A);
}

#define UART(reg) (0x3F8u + (reg))

static uint8_t get(unsigned reg)
{
  return (uint8_t)arch_io_read(IO_PORT, UART(reg), 1);
}

static void put(unsigned reg, unsigned value)
{
  arch_io_write(IO_PORT, UART(reg), 1, value);
}

/* The UART in loop-back, where nobody sees what it sends: FIFO, overrun, trigger, modem lines, divisor. */
static const char *uart_trouble(void)
{
  put(2, 0x07); /* FIFOs on and empty, trigger 1 */
  if ((get(2) & 0xC1) != 0xC1) return "FIFO not announced";
  if (get(5) & 1) return "data in an empty FIFO";
  for (unsigned i = 0; i < 16; i++) put(0, 'a' + i);
  if ((get(5) & 0x63) != 0x61) return "line status with a full FIFO";
  put(0, '!');
  if (!(get(5) & 2)) return "no overrun";
  if (get(5) & 2) return "overrun not cleared by reading";
  for (unsigned i = 0; i < 16; i++)
    if (get(0) != 'a' + i) return "bytes out of order";
  if (get(5) & 1) return "data left over";
  put(4, 0x1B); /* loop-back, OUT2, RTS, DTR */
  if ((get(6) & 0xF0) != 0xB0) return "modem lines";
  put(4, 0x1A); /* DTR down */
  if ((get(6) & 0xF2) != 0x92 || get(6) & 0x0F) return "modem delta";
  put(3, 0x83); /* DLAB */
  put(0, 0x34);
  put(1, 0x12);
  if (get(0) != 0x34 || get(1) != 0x12) return "divisor";
  return NULL;
}

KTEST(sim_uart_loop_back)
{
  bool enabled = arch_irq_disable();
  uint8_t ier = get(1), mcr = get(4), lcr = get(3);
  put(1, 0);
  put(4, 0x1B);
  const char *trouble = uart_trouble();
  put(0, 1);
  put(1, 0);
  put(3, lcr);
  put(4, mcr);
  put(2, 0x07);
  put(1, ier);
  arch_irq_restore(enabled);
  ktest_check(trouble == NULL);
}
