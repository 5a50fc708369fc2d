/*
 * The console's host side. Input: stdin, in raw mode when it is a terminal, read ahead into a buffer; Ctrl-A is then the
 * way out, as in QEMU. Output: bytes gathered into writes of whole lines. The guest ends lines with CR LF; the CR is left
 * to the host's terminal driver, so that files and pipes get plain lines.
 */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define NS 1000000000ull
#define CTRL_A 0x01

static const char help[] = "\r\nCtrl-A x       leave the simulator\r\n"
                           "Ctrl-A Ctrl-A  send Ctrl-A\r\n"
                           "Ctrl-A h       this help\r\n";

static struct {
  bool terminal, ended, escape;
  size_t head, count; /* bytes[head .. head + count) */
  uint8_t bytes[4096];
} input;

struct output {
  int fd;
  bool held_cr; /* a CR that is only written if no LF follows */
  size_t count;
  uint8_t bytes[8192];
};
static struct output out = {.fd = STDOUT_FILENO}, err = {.fd = STDERR_FILENO};

static struct termios found; /* the terminal as it was found */
static volatile sig_atomic_t raw;

/* ---- terminal ---- */

void host_terminal_restore(void)
{
  if (!raw) return;
  raw = 0;
  tcsetattr(STDIN_FILENO, TCSADRAIN, &found);
}

static void terminal_make_raw(void)
{
  if (tcgetattr(STDIN_FILENO, &found) < 0) return;
  struct termios mode = found;
  mode.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
  mode.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  mode.c_oflag |= OPOST | ONLCR;
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  raw = 1;
  tcsetattr(STDIN_FILENO, TCSANOW, &mode);
}

void host_console_init(void)
{
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  sigaction(SIGPIPE, &ignore, NULL); /* a write then answers EPIPE, or EFBIG */
  sigaction(SIGXFSZ, &ignore, NULL);
  input.ended = fcntl(STDIN_FILENO, F_GETFD) < 0;
}

void host_input_start(void)
{
  input.terminal = host_input_is_terminal();
  if (input.terminal) terminal_make_raw();
}

bool host_input_is_terminal(void)
{
  static int terminal = -1; /* asked at every idle point */
  if (terminal < 0) terminal = isatty(STDIN_FILENO);
  return terminal;
}

bool host_output_is_terminal(void)
{
  return isatty(STDOUT_FILENO);
}

/* ---- input ---- */

static void input_add(uint8_t byte)
{
  input.bytes[(input.head + input.count++) % sizeof input.bytes] = byte;
}

/* A byte from the keyboard: Ctrl-A and the one after it are the simulator's. */
static void input_key(uint8_t byte)
{
  if (!input.escape) {
    if (byte == CTRL_A)
      input.escape = true;
    else
      input_add(byte);
    return;
  }
  input.escape = false;
  switch (byte) {
  case 'x':
  case 'X':
    host_error_byte('\n');
    host_note("left by Ctrl-A x");
    host_exit(0);
  case 'h':
  case 'H':
  case '?':
    for (const char *p = help; *p; p++) host_output_byte((uint8_t)*p);
    host_output_flush();
    break;
  case CTRL_A: input_add(byte); break;
  default: break;
  }
}

/* One read; the descriptor is readable, or blocks. */
static void input_read(void)
{
  static uint8_t chunk[sizeof input.bytes];
  ssize_t n = read(STDIN_FILENO, chunk, sizeof input.bytes - input.count);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (n <= 0) {
    input.ended = true; /* end of file, or a terminal that hung up */
    return;
  }
  for (ssize_t i = 0; i < n; i++) {
    if (input.terminal)
      input_key(chunk[i]);
    else
      input_add(chunk[i]);
  }
}

enum host_input host_input_wait(uint64_t when)
{
  /* With bytes in hand a terminal is still looked at, for Ctrl-A. */
  if (input.count && (!input.terminal || input.count == sizeof input.bytes)) return HOST_INPUT_READY;
  if (!input.ended) {
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    uint64_t now = when && when != UINT64_MAX ? host_clock_ns() : 0;
    uint64_t wait = when > now && !input.count ? when - now : 0;
    struct timespec left = {.tv_sec = (time_t)(wait / NS), .tv_nsec = (long)(wait % NS)};
    int n = ppoll(&fd, 1, when == UINT64_MAX && !input.count ? NULL : &left, NULL);
    if (n > 0) input_read();
  }
  if (input.count) return HOST_INPUT_READY;
  return input.ended ? HOST_INPUT_ENDED : HOST_INPUT_NONE;
}

size_t host_input_take(uint8_t *bytes, size_t max)
{
  size_t n = 0;
  while (n < max && input.count) {
    bytes[n++] = input.bytes[input.head];
    input.head = (input.head + 1) % sizeof input.bytes;
    input.count--;
  }
  return n;
}

/* ---- output ---- */

static void output_failed(struct output *o, const char *why)
{
  o->count = 0;
  if (o == &err) return; /* nobody left to tell */
  host_fatal(HOST_EXIT_PANIC, "cannot write to standard output: %s", why);
}

static void output_write(struct output *o)
{
  size_t done = 0;
  while (done < o->count) {
    ssize_t n = write(o->fd, o->bytes + done, o->count - done);
    if (n > 0) {
      done += (size_t)n;
    } else if (n < 0 && errno == EAGAIN) {
      struct pollfd fd = {.fd = o->fd, .events = POLLOUT};
      poll(&fd, 1, -1);
    } else if (n == 0 || errno != EINTR) {
      output_failed(o, n == 0 ? "no progress" : strerror(errno));
      return;
    }
  }
  o->count = 0;
}

static void output_put(struct output *o, uint8_t byte)
{
  if (o->count == sizeof o->bytes) output_write(o);
  o->bytes[o->count++] = byte;
}

static void output_byte(struct output *o, uint8_t byte)
{
  if (o->held_cr && byte != '\n') output_put(o, '\r');
  o->held_cr = byte == '\r';
  if (byte == '\r') return;
  output_put(o, byte);
  if (byte == '\n') output_write(o);
}

static void output_flush(struct output *o)
{
  if (o->held_cr) output_put(o, '\r');
  o->held_cr = false;
  output_write(o);
}

void host_output_byte(uint8_t byte)
{
  output_byte(&out, byte);
}

void host_output_flush(void)
{
  output_flush(&out);
  output_flush(&err);
}

void host_error_byte(uint8_t byte)
{
  if (byte == '\n' && out.count) output_write(&out);
  output_byte(&err, byte);
}
