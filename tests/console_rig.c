/* See console_rig.h. */
#include "console_rig.h"

#include <string.h>

#include <kern/arch.h>
#include <kern/irq.h>
#include <kern/panic.h>
#include <kern/process.h>
#include <kern/spinlock.h>

/* ---- what the code under test stands on ---- */

struct log_sink *sink;
unsigned locks_held;
char shown[SHOWN_MAX];
size_t shown_length;
const char *script[SCRIPT_MAX];
int killed_job;
size_t copies_before_fault = SIZE_MAX;
const char *typed_during_copy;

static unsigned script_at;
static struct process reader;

void spin_lock(struct spinlock *lock)
{
  ck_assert_msg(lock->owner == NULL, "%s is taken already", lock->name);
  lock->owner = (struct cpu *)&locks_held;
  locks_held++;
}

void spin_unlock(struct spinlock *lock)
{
  ck_assert_ptr_nonnull(lock->owner);
  lock->owner = NULL;
  locks_held--;
}

void waitq_init(struct waitq *q)
{
  list_init(&q->threads);
}
void waitq_wake_all(struct waitq *q)
{
  (void)q;
}

void type(const char *text)
{
  console_input_bytes((const uint8_t *)text, strlen(text), CONSOLE_AT_LINE);
}

static bool device_interrupts(void);

int waitq_sleep(struct waitq *q, struct spinlock *lock, uint64_t deadline)
{
  (void)q, (void)deadline;
  bool device = device_interrupts();
  const char *piece = script_at < ARRAY_SIZE(script) && !device ? script[script_at++] : NULL;
  if (!piece && !device) return -EINTR;
  spin_unlock(lock);
  ck_assert_uint_eq(locks_held, 0);
  if (device)
    interrupt();
  else if (*piece)
    type(piece);
  else
    console_input_hangup();
  spin_lock(lock);
  return 0;
}

void process_kill_job(int job, enum exit_reason reason, int code)
{
  ck_assert_uint_eq(locks_held, 0);
  ck_assert_int_eq(reason, EXIT_KILLED);
  ck_assert_int_eq(code, FAULT_INTERRUPT);
  killed_job = job;
}

struct process *process_current(void)
{
  return &reader;
}

void log_add_sink(struct log_sink *s)
{
  sink = s;
}
void log_write(enum log_level level, const char *fmt, ...)
{
  (void)level, (void)fmt;
}

void arch_early_putc(char c)
{
  shown[shown_length++] = c;
  shown[shown_length] = '\0';
}

int(uio_put)(struct uio *uio, const void *src, size_t n)
{
  ck_assert_uint_eq(locks_held, 0); /* it may sleep */
  if (copies_before_fault-- == 0) return -EFAULT;
  if (typed_during_copy) type(typed_during_copy);
  typed_during_copy = NULL;
  memcpy(uio->kernel, src, n);
  uio->kernel += n;
  uio->left -= n;
  return 0;
}

int(uio_get)(struct uio *uio, void *dst, size_t n)
{
  ck_assert_uint_eq(locks_held, 0);
  if (n > 0 && copies_before_fault-- == 0) return -EFAULT;
  memcpy(dst, uio->kernel, n);
  uio->kernel += n;
  uio->left -= n;
  return 0;
}

/* ---- the machine: a UART whose line carries `line`, and a debug console ---- */

struct uart_model uart;

uint32_t arch_io_read(enum io_space space, uint64_t addr, unsigned width)
{
  if (addr == 0xE9) return uart.debugcon ? 0xE9 : 0xFF;
  /* Not by ck_assert, which makes a note of each success. */
  if (space != IO_PORT || width != 1 || addr < 0x3F8 || addr > 0x3FF) ck_abort_msg("no register %#lx", addr);
  if (!uart.present || uart.all_ones) return 0xFF;
  switch (addr - 0x3F8) {
  case 0:
    if (uart.mcr & 0x10) {
      uint8_t byte = uart.looped;
      uart.looped = 0;
      return byte;
    }
    uart.line_left--;
    return (uint8_t)*uart.line++;
  case 2: {
    bool pending = ((uart.ier & 1) && uart.line_left > 0) || ((uart.ier & 8) && uart.carrier_delta);
    return (uart.no_fifo || !(uart.fcr & 1) ? 0 : 0xC0) | (pending ? 0 : 1);
  }
  case 5: {
    uart.waits++;
    bool empty = !uart.stuck && !(uart.slow && uart.waits % 4);
    if (empty) uart.since_empty = 0;
    if (uart.mcr & 0x10) return 0x60 | (uart.looped ? 1 : 0);
    uint32_t status = (empty ? 0x60 : 0) | (uart.line_left > 0 ? 1 | uart.line_errors : 0);
    if (uart.line_left > 0) uart.line_errors = 0; /* they are told once */
    return status;
  }
  case 6: {
    uint32_t status = (uart.carrier ? 0x80 : 0) | (uart.carrier_delta ? 0x08 : 0);
    uart.carrier_delta = false;
    return status;
  }
  case 7: return uart.scratch;
  default: return 0;
  }
}

void arch_io_write(enum io_space space, uint64_t addr, unsigned width, uint32_t value)
{
  ck_assert(space == IO_PORT && width == 1);
  if (addr == 0xE9) {
    ck_assert(uart.debugcon);
    arch_early_putc((char)value);
    return;
  }
  if (!uart.present) return;
  bool divisor = uart.lcr & 0x80;
  switch (addr - 0x3F8) {
  case 0:
    if (divisor) {
      uart.divisor = value;
      return;
    }
    if (uart.mcr & 0x10) {
      if (!uart.no_loop) uart.looped = (uint8_t)value;
      return;
    }
    ck_assert_uint_lt(uart.since_empty++, uart.no_fifo ? 1 : 16); /* never more than the FIFO takes */
    arch_early_putc((char)value);
    return;
  case 1:
    if (!divisor) uart.ier = (uint8_t)value;
    return;
  case 2:
    if ((value ^ uart.fcr) & 1) uart.line_left = 0; /* turning the FIFO on or off clears it */
    uart.fcr = (uint8_t)value;
    return;
  case 3: uart.lcr = (uint8_t)value; return;
  case 4: uart.mcr = (uint8_t)value; return;
  case 7: uart.scratch = (uint8_t)value; return;
  default: return;
  }
}

void arch_relax(void) {}

int irq_register(unsigned irq, void (*handler)(void *arg), void *arg)
{
  ck_assert_uint_eq(irq, IRQ_SERIAL);
  ck_assert_ptr_null(arg);
  uart.handler = handler;
  return 0;
}

static bool device_interrupts(void)
{
  bool pending = ((uart.ier & 1) && uart.line_left > 0) || ((uart.ier & 8) && uart.carrier_delta);
  return pending && uart.handler && (uart.mcr & 8);
}

void interrupt(void)
{
  for (int i = 0; i < 10000; i++) {
    if (!device_interrupts()) return;
    uart.handler(NULL);
  }
  ck_abort_msg("the interrupt never ends");
}

/* ---- what the tests say ---- */

char got[5000];

ssize_type read_some(size_t size)
{
  memset(got, 0, sizeof(got));
  struct uio uio = uio_kernel(got, size);
  return console_read(&uio);
}

void expect_read(size_t size, const char *text)
{
  ck_assert_int_eq(read_some(size), (int64_t)strlen(text));
  ck_assert_str_eq(got, text);
}

void expect_shown(const char *text)
{
  ck_assert_str_eq(shown, text);
  shown[shown_length = 0] = '\0';
}

void set_mode(unsigned mode)
{
  ck_assert_int_eq(console_control(CONSOLE_SET_MODE, mode), 0);
}

void start_uart(void)
{
  uart.present = uart.carrier = true;
  ck_assert(uart_init());
}

/* Check runs each test in a process of its own: everything starts fresh. */
void console_setup(void)
{
  console_init();
}

ssize_type write_text(const char *text)
{
  struct uio uio = uio_kernel((void *)(uintptr_t)text, strlen(text));
  return console_write(&uio);
}
