/* Ports and device registers. Device registers appear uncached in their own window (layout.h). */
#include "io.h"

#include "insn.h"
#include "layout.h"
#include <kern/arch.h>

#define ALL_ONES(width) ((uint32_t)(UINT64_MAX >> (64 - 8 * (width))))

volatile void *io_registers_at(paddr_t pa, uint64_t size)
{
  uint64_t offset = pa - LAYOUT_MMIO_PHYS;
  if (pa < LAYOUT_MMIO_PHYS || size > LAYOUT_MMIO_SIZE || offset > LAYOUT_MMIO_SIZE - size) return NULL;
  return (volatile void *)(LAYOUT_MMIO_BASE + offset);
}

static uint32_t mmio_read(uint64_t addr, unsigned width)
{
  volatile void *p = io_registers_at(addr, width);
  if (!p) return ALL_ONES(width);
  switch (width) {
  case 1: return *(volatile uint8_t *)p;
  case 2: return *(volatile uint16_t *)p;
  default: return *(volatile uint32_t *)p;
  }
}

static void mmio_write(uint64_t addr, unsigned width, uint32_t value)
{
  volatile void *p = io_registers_at(addr, width);
  if (!p) return;
  switch (width) {
  case 1: *(volatile uint8_t *)p = (uint8_t)value; break;
  case 2: *(volatile uint16_t *)p = (uint16_t)value; break;
  default: *(volatile uint32_t *)p = value; break;
  }
}

uint32_t arch_io_read(enum io_space space, uint64_t addr, unsigned width)
{
  if (space == IO_MMIO) return mmio_read(addr, width);
  switch (width) {
  case 1: return insn_in8((uint16_t)addr);
  case 2: return insn_in16((uint16_t)addr);
  default: return insn_in32((uint16_t)addr);
  }
}

void arch_io_write(enum io_space space, uint64_t addr, unsigned width, uint32_t value)
{
  if (space == IO_MMIO) {
    mmio_write(addr, width, value);
    return;
  }
  switch (width) {
  case 1: insn_out8((uint16_t)addr, (uint8_t)value); break;
  case 2: insn_out16((uint16_t)addr, (uint16_t)value); break;
  default: insn_out32((uint16_t)addr, value); break;
  }
}
