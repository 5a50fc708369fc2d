/*
 * The 16550 serial port at COM1: 115200 baud, 8 data bits, no parity, one stop bit.
 *
 * Output is polled, under the console's output lock. Input comes by interrupt. Flow control: when the console has no room
 * the receive interrupt is turned off and bytes stay in the device; the console's `resume` turns it on again, and the
 * device, which still has bytes, interrupts at once. The interrupt enable register has only these two values, so the
 * handler and `resume` may write it in any order: the handler turns receiving off first, then looks for room again.
 */
#include <kern/arch.h>
#include <kern/console.h>
#include <kern/irq.h>
#include <kern/log.h>

#define COM1 0x3F8u

enum reg {
  REG_DATA = 0,       /* receive, transmit; divisor low byte with LCR_DIVISOR */
  REG_INTERRUPTS = 1, /* enable; divisor high byte with LCR_DIVISOR */
  REG_IDENTIFY = 2,   /* read: pending interrupt */
  REG_FIFO = 2,       /* write */
  REG_LINE_CONTROL = 3,
  REG_MODEM_CONTROL = 4,
  REG_LINE_STATUS = 5,
  REG_MODEM_STATUS = 6,
  REG_SCRATCH = 7,
};

#define IER_RECEIVE 0x01u
#define IER_LINE 0x04u
#define IER_MODEM 0x08u
#define IER_OPEN (IER_RECEIVE | IER_LINE | IER_MODEM)
#define IER_STOPPED IER_MODEM
#define IIR_NONE 0x01u
#define IIR_FIFO 0xC0u
#define FCR_ENABLE 0x07u /* on, both cleared, interrupt from the first byte */
#define LCR_8N1 0x03u
#define LCR_DIVISOR 0x80u
#define DIVISOR_115200 1u
#define MCR_LOOP 0x10u  /* the line is cut off, what is sent is received */
#define MCR_READY 0x0Bu /* DTR, RTS, and OUT2, which lets the interrupt out */
#define LSR_DATA 0x01u
#define LSR_OVERRUN 0x02u
#define LSR_BREAK 0x10u
#define LSR_ERRORS (LSR_OVERRUN | LSR_BREAK) /* of the byte to be read next; gone when the status is read */
#define LSR_TRANSMIT_EMPTY 0x20u
#define LSR_IDLE 0x40u /* the last bit of the last byte has left */
#define LSR_ABSENT 0xFFu
#define MSR_CARRIER_CHANGED 0x08u
#define MSR_CARRIER 0x80u

#define FIFO_SIZE 16u
#define RECEIVE_PIECE 64u
/* Reads of the status register before a transmitter counts as stuck: a second and more on hardware, where a full FIFO
 * drains in 1.4 ms. From then on nothing waits for it, until it is seen empty again. */
#define TRANSMIT_PATIENCE 1000000u
#define HANDLER_TURNS 64u
#define LOOP_BYTE 0xAEu
#define LOOP_PATIENCE 100000u /* reads of the status register; a byte takes 87 us */

/* t: the console's output lock; i: only the interrupt handler */
static struct {
  unsigned burst;      /* set by init: bytes the transmitter takes when empty */
  bool transmit_stuck; /* t */
  bool carrier_lost;   /* i: to be told once what was received before is passed on */
  bool overrun;        /* i: input was lost, and the log says so */
  uint8_t errors;      /* atomic: LSR_ERRORS that the sender's look at the line status took from the receiver */
} uart;

static uint8_t reg_read(enum reg reg)
{
  return (uint8_t)arch_io_read(IO_PORT, COM1 + reg, 1);
}
static void reg_write(enum reg reg, uint8_t value)
{
  arch_io_write(IO_PORT, COM1 + reg, 1, value);
}

/* ---- output ---- */

static bool wait_transmit_empty(void)
{
  for (unsigned i = 0; i < TRANSMIT_PATIENCE; i++) {
    uint8_t status = reg_read(REG_LINE_STATUS);
    if (status & LSR_ERRORS) __atomic_fetch_or(&uart.errors, status & LSR_ERRORS, __ATOMIC_RELAXED);
    if (status & LSR_TRANSMIT_EMPTY) {
      uart.transmit_stuck = false;
      return true;
    }
    if (uart.transmit_stuck) return false;
    arch_relax();
  }
  uart.transmit_stuck = true;
  return false;
}

static void uart_write(const char *text, size_t len)
{
  while (len > 0 && wait_transmit_empty()) {
    size_t n = MIN(len, (size_t)uart.burst);
    for (size_t i = 0; i < n; i++) reg_write(REG_DATA, (uint8_t)text[i]);
    text += n;
    len -= n;
  }
}

/* ---- input ---- */

static void note_overrun(uint8_t status)
{
  if (!(status & LSR_OVERRUN) || uart.overrun) return;
  uart.overrun = true;
  log_warn("uart: input lost: bytes came faster than they were taken");
}

/* Passes what the device has to the console while there is room. Answers whether bytes are left in the device. */
static bool receive(void)
{
  uint8_t bytes[RECEIVE_PIECE];
  uint8_t status = reg_read(REG_LINE_STATUS) | __atomic_exchange_n(&uart.errors, 0, __ATOMIC_RELAXED);
  for (;;) {
    size_t room = MIN(console_input_room(), sizeof(bytes)), n = 0;
    while (n < room && (status & LSR_DATA) && status != LSR_ABSENT) {
      uint8_t byte = reg_read(REG_DATA);
      if (!(status & LSR_BREAK)) bytes[n++] = byte;
      note_overrun(status);
      status = reg_read(REG_LINE_STATUS);
    }
    if (n > 0) console_input_bytes(bytes, n, CONSOLE_AT_LINE);
    bool left = (status & LSR_DATA) && status != LSR_ABSENT;
    if (!left || room == 0) return left;
  }
}

static void watch_carrier(bool bytes_left)
{
  uint8_t status = reg_read(REG_MODEM_STATUS);
  if (status & MSR_CARRIER_CHANGED) uart.carrier_lost = !(status & MSR_CARRIER);
  if (!uart.carrier_lost || bytes_left) return;
  uart.carrier_lost = false;
  console_input_hangup();
}

/* Goes on until the device has nothing more to say: its line must go down before it can rise again. */
static void uart_interrupt(void *arg UNUSED)
{
  for (unsigned turn = 0; turn < HANDLER_TURNS; turn++) {
    bool left = receive();
    if (left) {
      reg_write(REG_INTERRUPTS, IER_STOPPED);
      if (console_input_room() > 0) reg_write(REG_INTERRUPTS, IER_OPEN);
    }
    watch_carrier(left);
    if (reg_read(REG_IDENTIFY) & IIR_NONE) return;
  }
}

static void uart_resume(void)
{
  reg_write(REG_INTERRUPTS, IER_OPEN);
}

/* ---- start ---- */

static bool uart_present(void)
{
  static const uint8_t patterns[] = {0x5A, 0xA5};
  for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
    reg_write(REG_SCRATCH, patterns[i]);
    if (reg_read(REG_SCRATCH) != patterns[i]) return false;
  }
  return true;
}

/* Sends itself a byte, so that nobody has to be at the line's other end: once early output has left, or that would come
 * back instead. Leaves the line ready. */
static bool loops_back(void)
{
  bool came = false;
  for (unsigned i = 0; i < LOOP_PATIENCE && !(reg_read(REG_LINE_STATUS) & LSR_IDLE); i++) arch_relax();
  reg_write(REG_MODEM_CONTROL, MCR_LOOP);
  reg_write(REG_DATA, LOOP_BYTE);
  for (unsigned i = 0; i < LOOP_PATIENCE && !came; i++) {
    came = reg_read(REG_LINE_STATUS) & LSR_DATA;
    if (!came) arch_relax();
  }
  came = came && reg_read(REG_DATA) == LOOP_BYTE;
  reg_write(REG_MODEM_CONTROL, MCR_READY);
  return came;
}

static bool uart_configure(void)
{
  reg_write(REG_INTERRUPTS, 0);
  reg_write(REG_LINE_CONTROL, LCR_DIVISOR);
  reg_write(REG_DATA, DIVISOR_115200);
  reg_write(REG_INTERRUPTS, 0);
  reg_write(REG_LINE_CONTROL, LCR_8N1);
  (void)receive(); /* turning the FIFO on clears it: what was typed before is input too */
  if (!loops_back()) return false;
  reg_write(REG_FIFO, FCR_ENABLE);
  uart.burst = (reg_read(REG_IDENTIFY) & IIR_FIFO) == IIR_FIFO ? FIFO_SIZE : 1;
  (void)reg_read(REG_MODEM_STATUS); /* changes before this do not count */
  return true;
}

static struct console_output uart_output = {.name = "uart", .write = uart_write};
static struct console_input uart_input = {.name = "uart", .resume = uart_resume};

bool uart_init(void)
{
  if (!uart_present() || !uart_configure()) return false;
  console_add_output(&uart_output);
  if (irq_register(IRQ_SERIAL, uart_interrupt, NULL)) {
    log_warn("uart: no interrupt line, output only");
    return true;
  }
  console_add_input(&uart_input);
  reg_write(REG_INTERRUPTS, IER_OPEN);
  log_debug("uart: 16550 at 0x%x, %u-byte FIFO", COM1, uart.burst);
  return true;
}
