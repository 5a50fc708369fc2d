/*
 * The console with its line discipline, the 16550 driver and the debug console, over a machine of registers kept here.
 * Input comes while a reader sleeps, as it does from an interrupt: waitq_sleep below plays the next piece of the script.
 */
#define timespec host_timespec /* the host's is another */
#include <check.h>
#undef timespec
#include <stdlib.h>
#include <string.h>

#include <kern/arch.h>
#include <kern/console.h>
#include <kern/irq.h>
#include <kern/log.h>
#include <kern/panic.h>
#include <kern/process.h>
#include <kern/spinlock.h>

/* ---- what the code under test stands on ---- */

static struct log_sink *sink;
static unsigned locks_held;
static char shown[200000];
static size_t shown_length;
static const char *script[8]; /* a piece for each sleep; then the sleeper is killed */
static unsigned script_at;
static int killed_job;
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

static void type(const char *text)
{
  console_input_bytes((const uint8_t *)text, strlen(text), CONSOLE_AT_LINE);
}

static bool device_interrupts(void);
static void interrupt(void);

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

static size_t copies_before_fault = SIZE_MAX;
static const char *typed_during_copy;

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

static struct {
  bool present, debugcon;
  const char *line; /* bytes still to come */
  size_t line_left;
  bool carrier, carrier_delta, stuck, no_fifo, all_ones, no_loop;
  uint8_t looped; /* sent in loop-back and not yet read; 0: nothing */
  uint8_t scratch, ier, lcr, mcr, fcr;
  uint8_t line_errors;
  unsigned divisor, since_empty, waits;
  void (*handler)(void *);
} m;

uint32_t arch_io_read(enum io_space space, uint64_t addr, unsigned width)
{
  if (addr == 0xE9) return m.debugcon ? 0xE9 : 0xFF;
  /* Not by ck_assert, which makes a note of each success. */
  if (space != IO_PORT || width != 1 || addr < 0x3F8 || addr > 0x3FF) ck_abort_msg("no register %#lx", addr);
  if (!m.present || m.all_ones) return 0xFF;
  switch (addr - 0x3F8) {
  case 0:
    if (m.mcr & 0x10) {
      uint8_t byte = m.looped;
      m.looped = 0;
      return byte;
    }
    m.line_left--;
    return (uint8_t)*m.line++;
  case 2: {
    bool pending = ((m.ier & 1) && m.line_left > 0) || ((m.ier & 8) && m.carrier_delta);
    return (m.no_fifo || !(m.fcr & 1) ? 0 : 0xC0) | (pending ? 0 : 1);
  }
  case 5:
    m.waits++;
    if (!m.stuck) m.since_empty = 0;
    if (m.mcr & 0x10) return 0x60 | (m.looped ? 1 : 0);
    return (m.stuck ? 0 : 0x60) | (m.line_left > 0 ? 1 | m.line_errors : 0);
  case 6: {
    uint32_t status = (m.carrier ? 0x80 : 0) | (m.carrier_delta ? 0x08 : 0);
    m.carrier_delta = false;
    return status;
  }
  case 7: return m.scratch;
  default: return 0;
  }
}

void arch_io_write(enum io_space space, uint64_t addr, unsigned width, uint32_t value)
{
  ck_assert(space == IO_PORT && width == 1);
  if (addr == 0xE9) {
    ck_assert(m.debugcon);
    arch_early_putc((char)value);
    return;
  }
  if (!m.present) return;
  bool divisor = m.lcr & 0x80;
  switch (addr - 0x3F8) {
  case 0:
    if (divisor) {
      m.divisor = value;
      return;
    }
    if (m.mcr & 0x10) {
      if (!m.no_loop) m.looped = (uint8_t)value;
      return;
    }
    ck_assert_uint_lt(m.since_empty++, m.no_fifo ? 1 : 16); /* never more than the FIFO takes */
    arch_early_putc((char)value);
    return;
  case 1:
    if (!divisor) m.ier = (uint8_t)value;
    return;
  case 2:
    if ((value ^ m.fcr) & 1) m.line_left = 0; /* turning the FIFO on or off clears it */
    m.fcr = (uint8_t)value;
    return;
  case 3: m.lcr = (uint8_t)value; return;
  case 4: m.mcr = (uint8_t)value; return;
  case 7: m.scratch = (uint8_t)value; return;
  default: return;
  }
}

void arch_relax(void) {}

int irq_register(unsigned irq, void (*handler)(void *arg), void *arg)
{
  ck_assert_uint_eq(irq, IRQ_SERIAL);
  ck_assert_ptr_null(arg);
  m.handler = handler;
  return 0;
}

static bool device_interrupts(void)
{
  bool pending = ((m.ier & 1) && m.line_left > 0) || ((m.ier & 8) && m.carrier_delta);
  return pending && m.handler && (m.mcr & 8);
}

/* The interrupt, as long as its line is up. */
static void interrupt(void)
{
  for (int i = 0; i < 10000; i++) {
    if (!device_interrupts()) return;
    m.handler(NULL);
  }
  ck_abort_msg("the interrupt never ends");
}

/* ---- helpers ---- */

static char got[5000];

static ssize_type read_some(size_t size)
{
  memset(got, 0, sizeof(got));
  struct uio uio = uio_kernel(got, size);
  return console_read(&uio);
}

static void expect_read(size_t size, const char *text)
{
  ck_assert_int_eq(read_some(size), (int64_t)strlen(text));
  ck_assert_str_eq(got, text);
}

static void expect_shown(const char *text)
{
  ck_assert_str_eq(shown, text);
  shown[shown_length = 0] = '\0';
}

static void set_mode(unsigned mode)
{
  ck_assert_int_eq(console_control(CONSOLE_SET_MODE, mode), 0);
}

static void start_uart(void)
{
  m.present = m.carrier = true;
  ck_assert(uart_init());
}

/* Check runs each test in a process of its own: everything starts fresh. */
static void setup(void)
{
  console_init();
}

/* ---- cooked ---- */

START_TEST(cooked_gives_lines)
{
  type("one\ntwo\n");
  expect_read(100, "one\n");
  expect_shown("one\r\n");
  expect_read(100, "two\n");
  expect_shown("two\r\n");
}
END_TEST

START_TEST(cooked_waits_for_the_whole_line)
{
  script[0] = "a";
  script[1] = "bc";
  script[2] = "d\re";
  expect_read(100, "abcd\n"); /* the carriage return is a newline */
  expect_shown("abcd\r\n");
  script[3] = "\n";
  expect_read(100, "e\n");
}
END_TEST

START_TEST(short_buffer_gets_the_rest_later)
{
  type("hello\nx\n");
  expect_read(2, "he");
  expect_read(3, "llo");
  expect_read(3, "\n");
  expect_read(3, "x\n");
}
END_TEST

START_TEST(erases_characters)
{
  type("\bab\x7F"
       "c\b\b\b\bd\n");
  expect_read(100, "d\n");
  expect_shown("ab\b \bc\b \b\b \bd\r\n");
}
END_TEST

START_TEST(erases_what_was_echoed_wide)
{
  type("\x01\b\xC3\xA9\b\t\b\x1B\xE2\x82\xAC\x15z\n");
  expect_read(100, "z\n");
  expect_shown("^A\b \b\b \b\xC3\xA9\b \b \b \b^[\xE2\x82\xAC\b \b\b \b\b \bz\r\n");
}
END_TEST

START_TEST(erases_words_and_lines)
{
  type("ls  foo \x17"
       "bar\n");
  expect_read(100, "ls  bar\n");
  type("\x17");
  type("some words\x15more\n");
  expect_read(100, "more\n");
}
END_TEST

START_TEST(kill_of_a_long_line_echoes_everything)
{
  char line[1000];
  memset(line, 'x', sizeof(line) - 3);
  strcpy(line + sizeof(line) - 3, "\x15\n");
  type(line);
  expect_read(100, "\n");
  ck_assert_uint_eq(shown_length, 997 * 4 + 2);
}
END_TEST

START_TEST(control_d_ends_the_file)
{
  type("\x04");
  ck_assert_int_eq(read_some(10), 0);
  type("part\x04\x04next\n");
  expect_read(10, "part");
  ck_assert_int_eq(read_some(10), 0);
  expect_read(10, "next\n");
}
END_TEST

START_TEST(echo_can_be_off)
{
  set_mode(CONSOLE_CANON);
  type("secret\b\n");
  expect_read(100, "secre\n");
  expect_shown("");
}
END_TEST

START_TEST(longest_line_loses_nothing)
{
  char line[3001];
  memset(line, 'y', 3000);
  strcpy(line + 2999, "\n");
  type(line);
  size_t total = 0;
  while (total < 3000) {
    ssize_type n = read_some(4000);
    ck_assert_int_gt(n, 0);
    ck_assert_mem_eq(got, line + total, (size_t)n);
    total += (size_t)n;
  }
  ck_assert_uint_eq(total, 3000);
}
END_TEST

/* ---- raw ---- */

START_TEST(raw_gives_bytes_as_they_come)
{
  set_mode(0);
  type("\x03\x04\r\x7F");
  expect_read(100, "\x03\x04\r\x7F");
  script[0] = "k";
  expect_read(100, "k");
  expect_shown("");
  set_mode(CONSOLE_ECHO);
  type("ab");
  expect_read(1, "a");
  expect_shown("a");
}
END_TEST

START_TEST(type_ahead_is_read_in_the_mode_of_its_reader)
{
  set_mode(0);
  type("cat\nabx\x7F"
       "c\n\x04q");
  expect_read(4, "cat\n");
  expect_shown("");
  set_mode(CONSOLE_COOKED);
  expect_read(100, "abc\n");
  expect_shown("abx\b \bc\r\n");
  ck_assert_int_eq(read_some(100), 0);
  set_mode(0);
  expect_read(100, "q");
}
END_TEST

START_TEST(a_line_given_up_is_there_for_a_raw_reader)
{
  script[0] = "abc";
  ck_assert_int_eq(read_some(100), -EINTR); /* killed while it waits */
  set_mode(0);
  expect_read(2, "ab");
  type("d");
  expect_read(100, "c");
  expect_read(100, "d");
}
END_TEST

/* ---- ^C, hangup, errors ---- */

START_TEST(control_c_ends_the_foreground_job)
{
  ck_assert_int_eq(console_control(CONSOLE_SET_FOREGROUND, 42), 0);
  type("gone\x03"
       "after\n");
  ck_assert_int_eq(killed_job, 42);
  expect_shown("^C");
  expect_read(100, "after\n");
}
END_TEST

START_TEST(control_c_without_a_job_interrupts_the_reader)
{
  script[0] = "half a line\x03";
  ck_assert_int_eq(read_some(100), -EINTR);
  ck_assert_int_eq(killed_job, 0);
  expect_shown("half a line^C");
  type("x\n");
  expect_read(100, "x\n");
}
END_TEST

START_TEST(control_c_typed_ahead_acts_when_read)
{
  type("\x03x\n");
  ck_assert_int_eq(console_control(CONSOLE_SET_FOREGROUND, 7), 0);
  expect_read(100, "x\n");
  ck_assert_int_eq(killed_job, 7);
}
END_TEST

START_TEST(control_c_is_a_byte_without_signals)
{
  ck_assert_int_eq(console_control(CONSOLE_SET_FOREGROUND, 42), 0);
  set_mode(CONSOLE_ECHO | CONSOLE_CANON);
  type("\x03\n");
  expect_read(100, "\x03\n");
  expect_shown("^C\r\n");
  ck_assert_int_eq(killed_job, 0);
}
END_TEST

START_TEST(hangup_ends_the_file_after_what_is_there)
{
  type("line\npart");
  console_input_hangup();
  expect_read(100, "line\n");
  expect_read(100, "part");
  ck_assert_int_eq(read_some(100), 0);
  ck_assert_int_eq(read_some(100), 0);
}
END_TEST

START_TEST(hangup_wakes_the_reader)
{
  script[0] = "";
  ck_assert_int_eq(read_some(100), 0);
  set_mode(0);
  ck_assert_int_eq(read_some(100), 0);
}
END_TEST

START_TEST(bad_buffer_loses_nothing)
{
  type("kept\n");
  copies_before_fault = 0;
  ck_assert_int_eq(read_some(100), -EFAULT);
  expect_read(100, "kept\n");
  ck_assert_int_eq(read_some(0), 0);
}
END_TEST

START_TEST(control_c_during_a_copy)
{
  ck_assert_int_eq(console_control(CONSOLE_SET_FOREGROUND, 42), 0);
  type("first line\n");
  typed_during_copy = "\x03"
                      "ab\n";
  expect_read(3, "fir");
  expect_read(100, "ab\n"); /* not "t line", nor a piece of the new line missing */
}
END_TEST

START_TEST(full_ring_drops_what_a_driver_should_have_kept)
{
  set_mode(0);
  size_t room = console_input_room();
  ck_assert_uint_eq(room, 4096);
  for (int i = 0; i < 5000; i++) type("x");
  ck_assert_uint_eq(console_input_room(), 0);
  size_t total = 0;
  while (total < 4096) {
    ssize_type n = read_some(1000);
    ck_assert_int_gt(n, 0);
    total += (size_t)n;
  }
  ck_assert_uint_eq(total, 4096);
  ck_assert_int_eq(read_some(1), -EINTR);
}
END_TEST

START_TEST(controls)
{
  ck_assert_int_eq(console_control(CONSOLE_GET_MODE, 0), CONSOLE_COOKED);
  ck_assert_int_eq(console_control(CONSOLE_SET_MODE, 8), -EINVAL);
  ck_assert_int_eq(console_control(CONSOLE_SET_MODE, 1ull << 32), -EINVAL);
  ck_assert_int_eq(console_control(CONSOLE_GET_MODE, 0), CONSOLE_COOKED);
  ck_assert_int_eq(console_control(CONSOLE_SET_FOREGROUND, 1ull << 31), -EINVAL);
  ck_assert_int_eq(console_control(CONSOLE_GET_SIZE, 0), 24 << 16 | 80);
  ck_assert_int_eq(console_control(99, 0), -EINVAL);
}
END_TEST

static void show_nothing(const char *text, size_t len)
{
  (void)text, (void)len;
}

/* The size is that of where the last byte was typed; without a serial line it is the screen's. */
START_TEST(size_follows_the_typist)
{
  static struct console_output wide = {.name = "screen", .write = show_nothing, .rows = 50, .columns = 160};
  console_add_output(&wide);
  ck_assert_int_eq(console_control(CONSOLE_GET_SIZE, 0), 50 << 16 | 160);
  start_uart();
  ck_assert_int_eq(console_control(CONSOLE_GET_SIZE, 0), 24 << 16 | 80);
  console_input_bytes((const uint8_t *)"x", 1, CONSOLE_AT_SCREEN);
  ck_assert_int_eq(console_control(CONSOLE_GET_SIZE, 0), 50 << 16 | 160);
  type("y");
  ck_assert_int_eq(console_control(CONSOLE_GET_SIZE, 0), 24 << 16 | 80);
}
END_TEST

/* ---- output ---- */

static ssize_type write_text(const char *text)
{
  struct uio uio = uio_kernel((void *)(uintptr_t)text, strlen(text));
  return console_write(&uio);
}

START_TEST(output_without_a_device_is_early_output)
{
  ck_assert_int_eq(write_text("a\nb"), 3);
  sink->write("c\n", 2);
  expect_shown("a\r\nbc\r\n");
}
END_TEST

START_TEST(newlines_anywhere)
{
  char text[140], expected[150];
  for (size_t n = 0; n < 130; n++) {
    memset(text, 'x', n);
    strcpy(text + n, "\n\n\n");
    memset(expected, 'x', n);
    strcpy(expected + n, "\r\n\r\n\r\n");
    sink->write(text, n + 3);
    expect_shown(expected);
  }
}
END_TEST

static unsigned pieces;
static char last_piece[512];
static void watch_lines(const char *text, size_t len)
{
  ck_assert_uint_gt(locks_held, 0);
  if (len > 0 && text[len - 1] == '\n') pieces++;
  memcpy(last_piece, text, MIN(len, sizeof(last_piece)));
  for (size_t i = 0; i < len; i++) arch_early_putc(text[i]);
}
static struct console_output watcher = {.name = "watcher", .write = watch_lines};

START_TEST(long_writes_arrive_whole)
{
  static char text[100001], expected[200001];
  size_t n = 0;
  for (size_t i = 0; i < 100000; i++) {
    text[i] = i % 50 == 49 ? '\n' : (char)('a' + i % 26);
    if (text[i] == '\n') expected[n++] = '\r';
    expected[n++] = text[i];
  }
  console_add_output(&watcher);
  ck_assert_int_eq(write_text(text), 100000);
  expect_shown(expected);
  ck_assert_uint_ge(pieces, 100000 / 256); /* it let go of the lock at line ends */
}
END_TEST

START_TEST(write_from_a_bad_buffer)
{
  console_add_output(&watcher);
  copies_before_fault = 0;
  ck_assert_int_eq(write_text("x"), -EFAULT);
  expect_shown("");
  char text[400];
  memset(text, 'z', sizeof(text));
  text[100] = '\n';
  text[399] = '\0';
  copies_before_fault = 1; /* the second piece cannot be read: what was taken is written and counted */
  ck_assert_int_eq(write_text(text), 256);
  ck_assert_uint_eq(shown_length, 257);
}
END_TEST

START_TEST(killed_writer_stops)
{
  static char text[10001];
  memset(text, 'k', 10000);
  reader.killed = true;
  ck_assert_int_eq(write_text(text), 256);
}
END_TEST

/* ---- drivers ---- */

START_TEST(uart_is_probed_and_set_up)
{
  ck_assert(!uart_init());
  start_uart();
  ck_assert_uint_eq(m.divisor, 1);
  ck_assert_uint_eq(m.lcr, 0x03);
  ck_assert_uint_eq(m.mcr & 0x0B, 0x0B);
  ck_assert_uint_eq(m.ier & 0x09, 0x09);
  ck_assert_int_eq(write_text("hello, world: more than sixteen bytes\n"), 38);
  expect_shown("hello, world: more than sixteen bytes\r\n");
}
END_TEST

/* Registers that keep what is written are no UART yet. What was typed before the test is input all the same. */
START_TEST(uart_is_tested_by_loop_back)
{
  m.present = m.no_loop = true;
  ck_assert(!uart_init());
  m.no_loop = false;
  m.line = "early\n";
  m.line_left = 6;
  start_uart();
  ck_assert_uint_eq(m.mcr & 0x10, 0);
  ck_assert_uint_eq(m.looped, 0);
  ck_assert_uint_eq(shown_length, 0);
  expect_read(10, "early\n");
}
END_TEST

START_TEST(uart_without_fifo)
{
  m.no_fifo = true;
  start_uart();
  ck_assert_int_eq(write_text("hello, world\n"), 13);
  expect_shown("hello, world\r\n");
}
END_TEST

START_TEST(uart_that_never_sends_is_survived)
{
  start_uart();
  m.stuck = true;
  ck_assert_int_eq(write_text("lost\n"), 5);
  m.waits = 0;
  ck_assert_int_eq(write_text("lost\n"), 5);
  ck_assert_uint_le(m.waits, 2); /* it waits only once */
  m.stuck = false;
  ck_assert_int_eq(write_text("back\n"), 5);
  expect_shown("back\r\n");
}
END_TEST

START_TEST(uart_that_vanishes_is_survived)
{
  start_uart();
  m.all_ones = true;
  m.handler(NULL);
  m.all_ones = false;
  type("x\n");
  expect_read(10, "x\n");
}
END_TEST

START_TEST(uart_receives)
{
  start_uart();
  m.line = "typed\n";
  m.line_left = 6;
  interrupt();
  expect_read(100, "typed\n");
  m.line_errors = 0x10; /* a break is no byte */
  m.line = "\0";
  m.line_left = 1;
  interrupt();
  ck_assert_uint_eq(console_input_room(), 4096);
}
END_TEST

START_TEST(uart_keeps_what_came_before)
{
  m.line = "e";
  m.line_left = 1;
  start_uart();
  type("arly\n");
  expect_read(100, "early\n");
}
END_TEST

START_TEST(a_flood_loses_nothing)
{
  enum { TOTAL = 100 * 1024 };
  static char flood[TOTAL];
  for (size_t i = 0; i < TOTAL; i++) flood[i] = (char)(i * 7 + i / 251);
  start_uart();
  set_mode(0);
  m.line = flood;
  m.line_left = TOTAL;
  interrupt();
  ck_assert_uint_eq(m.line_left, TOTAL - 4096);
  ck_assert_uint_eq(m.ier & 1, 0); /* the driver holds the line */
  for (size_t at = 0; at < TOTAL;) {
    ssize_type n = read_some(1 + at % 700);
    ck_assert_int_gt(n, 0);
    ck_assert_mem_eq(got, flood + at, (size_t)n);
    at += (size_t)n;
    interrupt(); /* does nothing while the line is held */
  }
  ck_assert_uint_eq(m.line_left, 0);
}
END_TEST

START_TEST(carrier_loss_hangs_up_after_the_last_byte)
{
  static char flood[5000];
  memset(flood, 'f', sizeof(flood));
  start_uart();
  set_mode(0);
  m.line = flood;
  m.line_left = sizeof(flood);
  m.carrier = false;
  m.carrier_delta = true;
  interrupt();
  size_t total = 0;
  ssize_type n;
  while ((n = read_some(1000)) > 0) total += (size_t)n; /* the driver goes on when the reader sleeps */
  ck_assert_int_eq(n, 0);
  ck_assert_uint_eq(total, sizeof(flood));
}
END_TEST

START_TEST(no_carrier_at_start_is_no_hangup)
{
  m.present = true;
  m.carrier_delta = true;
  ck_assert(uart_init());
  m.handler(NULL);
  ck_assert_int_eq(read_some(1), -EINTR);
  m.carrier = m.carrier_delta = true; /* it comes: no hangup either */
  interrupt();
  ck_assert_int_eq(read_some(1), -EINTR);
}
END_TEST

START_TEST(debugcon_is_there_when_its_port_says_so)
{
  ck_assert(!debugcon_init());
  m.debugcon = true;
  ck_assert(debugcon_init());
  start_uart();
  ck_assert_int_eq(write_text("x"), 1);
  expect_shown("xx"); /* on both */
}
END_TEST

static TCase *suite_case(Suite *s, const char *name)
{
  TCase *t = tcase_create(name);
  tcase_add_checked_fixture(t, setup, NULL);
  suite_add_tcase(s, t);
  return t;
}

int main(void)
{
  Suite *s = suite_create("console");
  TCase *t = suite_case(s, "cooked");
  tcase_add_test(t, cooked_gives_lines);
  tcase_add_test(t, cooked_waits_for_the_whole_line);
  tcase_add_test(t, short_buffer_gets_the_rest_later);
  tcase_add_test(t, erases_characters);
  tcase_add_test(t, erases_what_was_echoed_wide);
  tcase_add_test(t, erases_words_and_lines);
  tcase_add_test(t, kill_of_a_long_line_echoes_everything);
  tcase_add_test(t, control_d_ends_the_file);
  tcase_add_test(t, echo_can_be_off);
  tcase_add_test(t, longest_line_loses_nothing);
  t = suite_case(s, "raw");
  tcase_add_test(t, raw_gives_bytes_as_they_come);
  tcase_add_test(t, type_ahead_is_read_in_the_mode_of_its_reader);
  tcase_add_test(t, a_line_given_up_is_there_for_a_raw_reader);
  t = suite_case(s, "events");
  tcase_add_test(t, control_c_ends_the_foreground_job);
  tcase_add_test(t, control_c_without_a_job_interrupts_the_reader);
  tcase_add_test(t, control_c_typed_ahead_acts_when_read);
  tcase_add_test(t, control_c_is_a_byte_without_signals);
  tcase_add_test(t, hangup_ends_the_file_after_what_is_there);
  tcase_add_test(t, hangup_wakes_the_reader);
  tcase_add_test(t, bad_buffer_loses_nothing);
  tcase_add_test(t, control_c_during_a_copy);
  tcase_add_test(t, full_ring_drops_what_a_driver_should_have_kept);
  tcase_add_test(t, controls);
  tcase_add_test(t, size_follows_the_typist);
  t = suite_case(s, "output");
  tcase_add_test(t, output_without_a_device_is_early_output);
  tcase_add_test(t, newlines_anywhere);
  tcase_add_test(t, long_writes_arrive_whole);
  tcase_add_test(t, write_from_a_bad_buffer);
  tcase_add_test(t, killed_writer_stops);
  t = suite_case(s, "drivers");
  tcase_add_test(t, uart_is_probed_and_set_up);
  tcase_add_test(t, uart_is_tested_by_loop_back);
  tcase_add_test(t, uart_without_fifo);
  tcase_add_test(t, uart_that_never_sends_is_survived);
  tcase_add_test(t, uart_that_vanishes_is_survived);
  tcase_add_test(t, uart_receives);
  tcase_add_test(t, uart_keeps_what_came_before);
  tcase_add_test(t, a_flood_loses_nothing);
  tcase_add_test(t, carrier_loss_hangs_up_after_the_last_byte);
  tcase_add_test(t, no_carrier_at_start_is_no_hangup);
  tcase_add_test(t, debugcon_is_there_when_its_port_says_so);
  SRunner *runner = srunner_create(s);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
