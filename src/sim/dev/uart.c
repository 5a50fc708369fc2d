/*
 * A 16550A UART: the console's serial port. Registers as in the National Semiconductor PC16550D data sheet. The transmitter
 * is always empty, because the host takes bytes at once, but for faults (arch_inject.c), of which its interrupt knows nothing:
 * then what is sent beyond its FIFO of 16 is lost. The receiver has its FIFO of 16 and never overruns, because the
 * machine offers no more than fits. The end of the simulator's input drops the carrier (MSR bit DCD) once the FIFO has
 * been read empty.
 */
#include "../machine.h"

#include <kern/inject.h>
#include <kern/panic.h>
#include <kern/string.h>

#define FIFO_SIZE 16u

enum { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCRATCH };

#define IER_RX 0x01u
#define IER_TX 0x02u
#define IER_MODEM 0x08u
#define IIR_NONE 0x01u
#define IIR_MODEM 0x00u
#define IIR_TX 0x02u
#define IIR_RX 0x04u
#define IIR_RX_TIMEOUT 0x0Cu
#define IIR_FIFOS 0xC0u
#define FCR_ENABLE 0x01u
#define FCR_CLEAR_RX 0x02u
#define LCR_DLAB 0x80u
#define MCR_DTR 0x01u
#define MCR_RTS 0x02u
#define MCR_OUT1 0x04u
#define MCR_OUT2 0x08u /* on a PC: connects the interrupt line */
#define MCR_LOOP 0x10u
#define LSR_DATA 0x01u
#define LSR_OVERRUN 0x02u
#define LSR_TX_EMPTY 0x60u
#define MSR_DCTS 0x01u
#define MSR_DDSR 0x02u
#define MSR_TERI 0x04u
#define MSR_DDCD 0x08u
#define MSR_CTS 0x10u
#define MSR_DSR 0x20u
#define MSR_RI 0x40u
#define MSR_DCD 0x80u

static struct {
  uint8_t ier, fcr, lcr, mcr, scratch;
  uint16_t divisor;
  uint8_t line_status; /* OVERRUN: until read */
  uint8_t modem;       /* MSR of the line, deltas included */
  uint8_t loop_modem;  /* MSR in loop-back: what MCR feeds it */
  bool tx_interrupt;   /* the transmitter became empty and nobody was told */
  bool hanging_up;     /* input has ended, the FIFO not yet read */
  bool gone;
  uint64_t busy_until;  /* a fault's: until then the transmitter does not get empty */
  unsigned sent;        /* bytes since it was busy first */
  unsigned head, count; /* fifo[head .. head + count) */
  uint8_t fifo[FIFO_SIZE];
  struct irq_wire wire;
} uart;

void uart_reset(void)
{
  memset(&uart, 0, sizeof uart);
  uart.divisor = 1;
  uart.modem = MSR_CTS | MSR_DSR | MSR_DCD;
  uart.wire.irq = IRQ_SERIAL;
}

/* ---- interrupts, by priority ---- */

static uint8_t *modem_status(void)
{
  return uart.mcr & MCR_LOOP ? &uart.loop_modem : &uart.modem;
}

static unsigned capacity(void)
{
  return uart.fcr & FCR_ENABLE ? FIFO_SIZE : 1;
}

static unsigned trigger_level(void)
{
  static const uint8_t levels[] = {1, 4, 8, 14};
  return uart.fcr & FCR_ENABLE ? levels[uart.fcr >> 6] : 1;
}

/* Bytes under the trigger level are announced by the character time-out, which here is over at once. */
static uint8_t interrupt_cause(void)
{
  if (uart.ier & IER_RX && uart.count) return uart.count >= trigger_level() ? IIR_RX : IIR_RX_TIMEOUT;
  if (uart.ier & IER_TX && uart.tx_interrupt) return IIR_TX;
  if (uart.ier & IER_MODEM && *modem_status() & (MSR_DCTS | MSR_DDSR | MSR_TERI | MSR_DDCD)) return IIR_MODEM;
  return IIR_NONE;
}

static void update(void)
{
  if (uart.hanging_up && !uart.count) {
    uart.hanging_up = false;
    uart.gone = true;
    uart.modem = (uint8_t)((uart.modem & ~MSR_DCD) | MSR_DDCD);
  }
  machine_wire_set(&uart.wire, interrupt_cause() != IIR_NONE && uart.mcr & MCR_OUT2 && !(uart.mcr & MCR_LOOP));
}

/* ---- the line ---- */

unsigned uart_room(void)
{
  bool listens = uart.ier & IER_RX && !(uart.mcr & MCR_LOOP);
  return listens && !uart.hanging_up && !uart.gone ? capacity() - uart.count : 0;
}

static void receive(uint8_t byte)
{
  if (uart.count == capacity()) {
    uart.line_status |= LSR_OVERRUN;
    return;
  }
  uart.fifo[(uart.head + uart.count++) % FIFO_SIZE] = byte;
}

void uart_receive(const uint8_t *bytes, unsigned count)
{
  for (unsigned i = 0; i < count; i++) receive(bytes[i]);
  update();
}

void uart_hang_up(void)
{
  uart.hanging_up = true;
  update();
}

static bool is_busy(void)
{
  bool busy = uart.busy_until && machine_time_read() < uart.busy_until;
  if (!busy) uart.busy_until = uart.sent = 0;
  return busy;
}

/* What a panic says belongs on stderr. */
static void show(uint8_t byte)
{
  if (panic_active())
    host_error_byte(byte);
  else
    host_output_byte(byte);
}

static void transmit(uint8_t byte)
{
  uart.tx_interrupt = true;
  if (uart.mcr & MCR_LOOP) {
    receive(byte);
    return;
  }
  if (is_busy() && uart.sent >= capacity()) return;
  show(byte);
  const struct inject *fault = inject_occasion(INJECT_SEND);
  if (fault) uart.busy_until = fault->detailed ? machine_time_read() + (uint64_t)fault->detail : UINT64_MAX;
  uart.sent++;
}

/* ---- registers ---- */

static uint8_t read_data(void)
{
  if (!uart.count) return 0;
  uint8_t byte = uart.fifo[uart.head];
  uart.head = (uart.head + 1) % FIFO_SIZE;
  uart.count--;
  return byte;
}

static uint8_t read_iir(void)
{
  uint8_t cause = interrupt_cause();
  if (cause == IIR_TX) uart.tx_interrupt = false;
  return (uint8_t)(cause | (uart.fcr & FCR_ENABLE ? IIR_FIFOS : 0));
}

static uint8_t read_lsr(void)
{
  uint8_t status = (uint8_t)((is_busy() ? 0 : LSR_TX_EMPTY) | uart.line_status | (uart.count ? LSR_DATA : 0));
  uart.line_status = 0;
  return status;
}

static uint8_t read_msr(void)
{
  uint8_t *modem = modem_status(), status = *modem;
  *modem = (uint8_t)(status & ~(MSR_DCTS | MSR_DDSR | MSR_TERI | MSR_DDCD));
  return status;
}

static uint8_t read_register(unsigned reg)
{
  bool dlab = uart.lcr & LCR_DLAB;
  switch (reg) {
  case REG_DATA: return dlab ? (uint8_t)uart.divisor : read_data();
  case REG_IER: return dlab ? (uint8_t)(uart.divisor >> 8) : uart.ier;
  case REG_IIR_FCR: return read_iir();
  case REG_LCR: return uart.lcr;
  case REG_MCR: return uart.mcr;
  case REG_LSR: return read_lsr();
  case REG_MSR: return read_msr();
  default: return uart.scratch;
  }
}

uint8_t uart_read(unsigned reg)
{
  uint8_t value = read_register(reg);
  update();
  return value;
}

static void write_ier(uint8_t value)
{
  if (value & ~uart.ier & IER_TX) uart.tx_interrupt = true; /* the transmitter is empty */
  uart.ier = value & 0x0F;
}

static void write_fcr(uint8_t value)
{
  bool toggled = (value ^ uart.fcr) & FCR_ENABLE;
  uart.fcr = value & FCR_ENABLE ? value : 0;
  if (toggled || value & FCR_CLEAR_RX) uart.count = 0;
}

/* In loop-back the modem outputs are wired to the modem inputs. */
static void write_mcr(uint8_t value)
{
  static const struct {
    uint8_t out, in, delta;
  } wires[] = {
    {MCR_RTS, MSR_CTS, MSR_DCTS},
    {MCR_DTR, MSR_DSR, MSR_DDSR},
    {MCR_OUT1, MSR_RI, 0},
    {MCR_OUT2, MSR_DCD, MSR_DDCD},
  };
  uart.mcr = value & 0x1F;
  uint8_t before = uart.loop_modem, status = 0;
  for (size_t i = 0; i < ARRAY_SIZE(wires); i++) {
    if (!(uart.mcr & wires[i].out)) continue;
    status |= wires[i].in;
  }
  for (size_t i = 0; i < ARRAY_SIZE(wires); i++)
    if ((status ^ before) & wires[i].in) status |= wires[i].delta;
  if (before & ~status & MSR_RI) status |= MSR_TERI; /* the ring indicator's trailing edge */
  uart.loop_modem = status;
}

void uart_write(unsigned reg, uint8_t value)
{
  bool dlab = uart.lcr & LCR_DLAB;
  switch (reg) {
  case REG_DATA:
    if (dlab)
      uart.divisor = (uint16_t)((uart.divisor & 0xFF00) | value);
    else
      transmit(value);
    break;
  case REG_IER:
    if (dlab)
      uart.divisor = (uint16_t)((uart.divisor & 0x00FF) | value << 8);
    else
      write_ier(value);
    break;
  case REG_IIR_FCR: write_fcr(value); break;
  case REG_LCR: uart.lcr = value; break;
  case REG_MCR: write_mcr(value); break;
  case REG_SCRATCH: uart.scratch = value; break;
  default: break; /* LSR and MSR are not written */
  }
  update();
}
