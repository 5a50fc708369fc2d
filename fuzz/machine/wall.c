/*
 * Another wall (sim/host.h) round the simulated machine: its host is a fuzzer. User mode is not run by the
 * processor (guest.c), so no system call is trapped, and no fixed low address is needed. There is no clock but the virtual one,
 * no input, and output is dropped. Memory and the snapshot are in wall_memory.c.
 */
#define _GNU_SOURCE
#include "wall.h"
#include "../../src/sim/host.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define HANDLER_STACK (512u << 10)
#define PF_WRITE 2u
#define PF_FETCH 16u

struct host_crossing host_crossing __attribute__((section(".data.crossing"), aligned(4096)));

/* ---- signals ---- */

static struct sigaction before; /* the sanitizer's */

static void on_fault(int signo, siginfo_t *info, void *context)
{
  const ucontext_t *uc = context;
  uint64_t error = (uint64_t)uc->uc_mcontext.gregs[REG_ERR];
  uintptr_t at = (uintptr_t)info->si_addr;
  if (error & PF_WRITE && wall_write_fault(at)) return;
  if (guest_fault(at, error & PF_WRITE, error & PF_FETCH)) return;
  if (before.sa_flags & SA_SIGINFO)
    before.sa_sigaction(signo, info, context);
  else
    abort();
}

/* The engine's signals come at any time, on a thread's stack too, where the host may not write until the page is open. */
static void move_to_alternate_stack(int signo)
{
  struct sigaction action;
  if (sigaction(signo, NULL, &action) < 0) abort();
  action.sa_flags |= SA_ONSTACK;
  if (sigaction(signo, &action, NULL) < 0) abort();
}

void host_signal_init(uintptr_t user_base, uintptr_t user_top, const char *trap)
{
  static const int engine[] = {SIGALRM, SIGINT, SIGTERM, SIGXFSZ, SIGUSR1, SIGUSR2};
  (void)user_base, (void)user_top, (void)trap;
  static uint8_t handler_stack[HANDLER_STACK];
  stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  if (sigaltstack(&stack, NULL) < 0 || sigaction(SIGSEGV, &action, &before) < 0) abort();
  for (size_t i = 0; i < sizeof engine / sizeof engine[0]; i++) move_to_alternate_stack(engine[i]);
}

size_t host_vector_size(void)
{
  return 64;
}

void host_vector_init(void *area)
{
  (void)area;
}

void host_vector_save(struct host_signal *s, void *area)
{
  (void)s, (void)area;
}

/* ---- time, input, output ---- */

uint64_t host_clock_ns(void)
{
  return 0;
}
uint64_t host_clock_epoch(void)
{
  return 0;
}
void host_time_init(void) {}
void host_alarm_set(uint64_t when)
{
  (void)when;
}
void host_sleep_until(uint64_t when)
{
  (void)when;
}
void host_random(void *bytes, size_t size)
{
  memset(bytes, 0x5A, size);
}

void host_console_init(void) {}
void host_input_start(void) {}
bool host_input_is_terminal(void)
{
  return false;
}
bool host_output_is_terminal(void)
{
  return false;
}
enum host_input host_input_wait(uint64_t when)
{
  if (when == UINT64_MAX) guest_idle();
  return HOST_INPUT_NONE;
}
size_t host_input_take(uint8_t *bytes, size_t max)
{
  (void)bytes, (void)max;
  return 0;
}
void host_output_byte(uint8_t byte)
{
  (void)byte;
}
void host_output_flush(void) {}
void host_error_byte(uint8_t byte)
{
  fputc(byte, stderr);
}
void host_terminal_restore(void) {}

/* ---- files: the RAM disk ---- */

static const void *initrd;
static size_t initrd_size;

void wall_set_initrd(const void *bytes, size_t size)
{
  initrd = bytes;
  initrd_size = size;
}

int64_t host_file_size(const char *path, char *error, size_t error_size)
{
  (void)path, (void)error, (void)error_size;
  return (int64_t)initrd_size;
}
int64_t host_file_load(const char *path, void *where, uint64_t room, char *error, size_t error_size)
{
  (void)path, (void)error, (void)error_size;
  if (room < initrd_size) abort();
  memcpy(where, initrd, initrd_size);
  return (int64_t)initrd_size;
}
int host_file_create(const char *path, char *error, size_t error_size)
{
  (void)path, (void)error, (void)error_size;
  return -1;
}
void host_file_write(int fd, const void *data, size_t size, const char *what)
{
  (void)fd, (void)data, (void)size, (void)what;
}

/* ---- leaving ---- */

void host_exit(int status)
{
  guest_off(status);
}
void host_restart(void)
{
  guest_off(0);
}
void host_exit_init(char **argv)
{
  (void)argv;
}

static void say(const char *fmt, va_list ap)
{
  fputs("fuzz: ", stderr);
  vfprintf(stderr, fmt, ap);
  fputc('\n', stderr);
}

void host_fatal(int status, const char *fmt, ...)
{
  va_list ap;
  (void)status;
  va_start(ap, fmt);
  say(fmt, ap);
  va_end(ap);
  abort();
}
void host_note(const char *fmt, ...)
{
  (void)fmt;
}

/* ---- threads' stacks: switched by the image's own switch.S, so there is no context of the host's ---- */

size_t host_context_size(void)
{
  return 16;
}
void host_context_make(void *ctx, void *stack, size_t size, void (*entry)(void *), void *arg)
{
  (void)ctx, (void)stack, (void)size, (void)entry, (void)arg;
  abort();
}
void host_context_swap(void *from, void *to)
{
  (void)from, (void)to;
  abort();
}

/* In the place of the sanitizer's __asan_handle_no_return (fuzz.mk), which before every call that does not return makes the
 * stacks accessible: the alternate one for signals among them, by system calls. Nobody here leaves frames for others: a
 * thread's stack is cleared when the next thread gets it, and the snapshot puts back the rest. */
void __wrap___asan_handle_no_return(void);
void __wrap___asan_handle_no_return(void) {}
