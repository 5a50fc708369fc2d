/* The I/O bus: which device answers which port. Nothing there reads as all ones; memory-mapped devices there are none. */
#include "machine.h"

#include <kern/bootinfo.h>
#include <kern/screen.h>

#define UART_BASE 0x3F8u
#define UART_PORTS 8u
#define DEBUGCON_PORT 0xE9u
#define FLOATING 0xFFu

static uint8_t port_read(uint64_t port)
{
  if (port - UART_BASE < UART_PORTS) return uart_read((unsigned)(port - UART_BASE));
  if (port == DEBUGCON_PORT && debugcon_present()) return DEBUGCON_PORT; /* its value is how it is found */
  return FLOATING;
}

static void port_write(uint64_t port, uint8_t value)
{
  if (port - UART_BASE < UART_PORTS)
    uart_write((unsigned)(port - UART_BASE), value);
  else if (port == DEBUGCON_PORT && debugcon_present())
    debugcon_write(value);
}

/* Wider accesses are byte accesses of neighbouring ports. */
uint32_t arch_io_read(enum io_space space, uint64_t addr, unsigned width)
{
  uint32_t value = 0;
  for (unsigned i = 0; i < width; i++) {
    uint8_t byte = space == IO_PORT ? port_read(addr + i) : FLOATING;
    value |= (uint32_t)byte << (8 * i);
  }
  return value;
}

void arch_io_write(enum io_space space, uint64_t addr, unsigned width, uint32_t value)
{
  if (space != IO_PORT) return;
  for (unsigned i = 0; i < width; i++) port_write(addr + i, (uint8_t)(value >> (8 * i)));
}

/* The serial line and the debug console have portable drivers, too; the framebuffer is in the direct map. */
void arch_console_init(const struct bootinfo *bi)
{
  (void)screen_init(bi, phys_to_virt(bi->framebuffer.base));
}
