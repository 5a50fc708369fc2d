/* COM1 by polling; see dev/early_serial.h. National Semiconductor PC16550D, 8.0 "Registers". */
#include "early_serial.h"

#include "../insn.h"
#include <kern/arch.h>

#define COM1 0x3F8
#define UART_DATA (COM1 + 0)       /* divisor low with DLAB */
#define UART_INTERRUPTS (COM1 + 1) /* divisor high with DLAB */
#define UART_LINE (COM1 + 3)
#define UART_MODEM (COM1 + 4)
#define UART_STATUS (COM1 + 5)
#define LINE_8N1 0x03
#define LINE_DLAB 0x80
#define DIVISOR_115200 1
#define MODEM_DTR_RTS 0x03
#define STATUS_ROOM 0x20
#define STATUS_IDLE 0x40
#define STATUS_ABSENT 0xFF
#define TRIES 0x100000

/* A transmitter that was stuck once gets one try from then on. */
static bool wait_status(uint8_t bit)
{
  static bool stuck;
  for (unsigned i = 0; i < (stuck ? 1 : TRIES); i++) {
    uint8_t status = insn_in8(UART_STATUS);
    if (status == STATUS_ABSENT) return false;
    if (status & bit) {
      stuck = false;
      return true;
    }
    insn_pause();
  }
  stuck = true;
  return false;
}

void early_serial_init(void)
{
  insn_out8(UART_INTERRUPTS, 0);
  insn_out8(UART_LINE, LINE_DLAB);
  insn_out8(UART_DATA, DIVISOR_115200);
  insn_out8(UART_INTERRUPTS, 0);
  insn_out8(UART_LINE, LINE_8N1);
  insn_out8(UART_MODEM, MODEM_DTR_RTS);
}

void arch_early_putc(char c)
{
  if (c == '\n') arch_early_putc('\r');
  if (wait_status(STATUS_ROOM)) insn_out8(UART_DATA, (uint8_t)c);
}

void early_serial_puts(const char *text)
{
  while (*text) arch_early_putc(*text++);
}

void early_serial_drain(void)
{
  (void)wait_status(STATUS_IDLE);
}
