/*
 * Another wall (sim/host.h) round the simulated machine: its host is a fuzzer. RAM and the kernel's data belong to a snapshot;
 * user mode is not run by the processor (guest.c), so nothing is mapped in the user window, no system call is trapped, and no
 * fixed low address is needed. There is no clock but the virtual one, no input, and output is dropped.
 */
#define _GNU_SOURCE
#include "wall.h"
#include "../../src/sim/host.h"
#include "snapshot.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096u
#define LOW 0x100000000ull /* windows below are the programs' */
#define HANDLER_STACK (512u << 10)
#define ARENA (1u << 20)
#define ALIAS_PAGES 64u
#define PF_WRITE 2u
#define PF_FETCH 16u

struct host_crossing host_crossing __attribute__((section(".data.crossing"), aligned(4096)));
/* Allocations of the machine's: part of the snapshot, freed when it is put back. */
static _Alignas(4096) uint8_t arena[ARENA];
static size_t arena_used, arena_used_then;

static const void *initrd;
static size_t initrd_size;

void wall_set_initrd(const void *bytes, size_t size)
{
  initrd = bytes;
  initrd_size = size;
}

/* ---- memory ---- */

static int ram_fd = -1;
static uintptr_t ram;
static uint64_t ram_size;
static uintptr_t window; /* the kernel's */
static size_t window_pages;

/* What the host has mapped at a page of the window: frame << 3 | rights, 0 when nothing. As at the snapshot, and now. */
static uint32_t *mapped_then, *mapped;
static uint32_t *changed; /* pages of which the two may differ */
static size_t changed_count;
static uint8_t *is_changed;

static void *map_or_die(uintptr_t at, size_t size, int prot, int flags, int fd, uint64_t offset)
{
  void *p = mmap((void *)at, size, prot, flags, fd, (off_t)offset);
  if (p != MAP_FAILED) return p;
  perror("fuzz: mmap");
  abort();
}

static void *zeroes(size_t size)
{
  return map_or_die(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

uintptr_t host_memory_create(uint64_t size, uintptr_t hint)
{
  ram_fd = memfd_create("fuzz-ram", MFD_CLOEXEC);
  if (ram_fd < 0 || ftruncate(ram_fd, (off_t)size) < 0) abort();
  void *p = mmap((void *)hint, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, ram_fd, 0);
  ram = (uintptr_t)(p != MAP_FAILED ? p : map_or_die(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, ram_fd, 0));
  ram_size = size;
  snapshot_add((void *)ram, size, true);
  return ram;
}

bool host_window_reserve(uintptr_t base, size_t size)
{
  if (base < LOW) return true;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  void *p = mmap((void *)base, size, PROT_NONE, flags, -1, 0);
  if (p != (void *)base) {
    if (p != MAP_FAILED) munmap(p, size);
    return false;
  }
  window = base;
  window_pages = size / PAGE;
  mapped = zeroes(window_pages * sizeof *mapped);
  mapped_then = zeroes(window_pages * sizeof *mapped_then);
  changed = zeroes(window_pages * sizeof *changed);
  is_changed = zeroes(window_pages);
  return true;
}

static uintptr_t frame_of(uint32_t value)
{
  return ram + (uintptr_t)(value >> 3) * PAGE;
}

/* A page that the snapshot protects must be the same wherever it is mapped, so what is mapped anew may be written to. */
static void set_mapped(size_t page, uint32_t value)
{
  if (mapped[page] & HOST_WRITE) snapshot_open(frame_of(mapped[page]), PAGE);
  mapped[page] = value;
  if (is_changed[page]) return;
  is_changed[page] = 1;
  changed[changed_count++] = (uint32_t)page;
}

static int prot_of(uint32_t value)
{
  return (value & HOST_READ ? PROT_READ : 0) | (value & HOST_WRITE ? PROT_WRITE : 0);
}

/* Makes the host map `count` pages from `page` on, `value` being the first's; 0: nothing there. */
static void put_pages(size_t page, size_t count, uint32_t value)
{
  uintptr_t at = window + page * PAGE;
  if (value == 0) {
    map_or_die(at, count * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    return;
  }
  map_or_die(at, count * PAGE, prot_of(value), MAP_SHARED | MAP_FIXED | MAP_POPULATE, ram_fd,
             (uint64_t)(value >> 3) * PAGE);
}

static uint32_t next_frame(uint32_t value)
{
  return value ? value + (1u << 3) : 0;
}

void host_page_map(uintptr_t va, uint64_t pa, size_t size, unsigned prot)
{
  if (va < LOW) return;
  size_t first = (va - window) / PAGE, count = size / PAGE;
  uint32_t value = (uint32_t)(pa / PAGE) << 3 | prot;
  bool differs = false;
  for (size_t i = 0; i < count; i++) {
    uint32_t want = value + (uint32_t)(i << 3);
    differs |= mapped[first + i] != want;
    if (mapped[first + i] != want) set_mapped(first + i, want);
  }
  if (!differs) return;
  if (prot & HOST_WRITE) snapshot_open(ram + pa, size);
  put_pages(first, count, value);
}

void host_page_protect(uintptr_t va, size_t size, unsigned prot)
{
  if (va < LOW) return;
  for (size_t done = 0; done < size; done += PAGE) {
    uint64_t pa = (uint64_t)(mapped[(va + done - window) / PAGE] >> 3) * PAGE;
    host_page_map(va + done, pa, PAGE, prot);
  }
}

void host_page_reserve(uintptr_t va, size_t size)
{
  size_t first = (va - window) / PAGE, count = size / PAGE;
  for (size_t i = 0; i < count; i++) set_mapped(first + i, 0);
  put_pages(first, count, 0);
}

/* The programs' window has no mappings. */
void host_page_drop(uintptr_t va, size_t size)
{
  (void)va, (void)size;
}

static void restore_mappings(void)
{
  for (size_t i = 0, n; i < changed_count; i += n) {
    size_t page = changed[i];
    n = 1;
    while (i + n < changed_count && changed[i + n] == page + n && mapped[page + n] != mapped_then[page + n] &&
           mapped_then[page + n] == next_frame(mapped_then[page + n - 1]))
      n++;
    if (mapped[page] != mapped_then[page]) put_pages(page, n, mapped_then[page]);
    for (size_t k = 0; k < n; k++) {
      mapped[page + k] = mapped_then[page + k];
      is_changed[page + k] = 0;
    }
  }
  changed_count = 0;
}

/* ---- the snapshot ---- */

/* What is mapped in the window (kernel stacks) can be written to there, too. */
static void keep_window(void)
{
  uintptr_t frames[ALIAS_PAGES];
  for (size_t first = 0, n; first < window_pages; first += n ? n : 1) {
    for (n = 0; n < ALIAS_PAGES && first + n < window_pages && mapped[first + n] & HOST_WRITE; n++)
      frames[n] = frame_of(mapped[first + n]);
    if (n) snapshot_add_alias((void *)(window + first * PAGE), frames, n);
  }
  memcpy(mapped_then, mapped, window_pages * sizeof *mapped);
  while (changed_count > 0) is_changed[changed[--changed_count]] = 0;
}

void wall_snapshot(void *state, size_t size)
{
  snapshot_add(state, size, false);
  snapshot_add(arena, sizeof arena, false);
  arena_used_then = arena_used;
  keep_window();
  snapshot_take();
}

size_t wall_restore(size_t *open)
{
  restore_mappings();
  arena_used = arena_used_then;
  return snapshot_restore(open);
}

uint64_t wall_hash(void)
{
  uint64_t hash = snapshot_hash();
  for (size_t i = 0; i < window_pages; i++)
    if (mapped[i]) hash = (hash ^ (i << 32 | mapped[i])) * 0x9E3779B97F4A7C15ull;
  return hash;
}

/* ---- signals ---- */

static struct sigaction before; /* the sanitizer's */

/* Where in the RAM a write to `at` goes, if it is in the window and may be written to. */
static uintptr_t written_at(uintptr_t at)
{
  size_t page = (at - window) / PAGE;
  return at >= window && page < window_pages && mapped[page] & HOST_WRITE ? frame_of(mapped[page]) : at;
}

static void on_fault(int signo, siginfo_t *info, void *context)
{
  const ucontext_t *uc = context;
  uint64_t error = (uint64_t)uc->uc_mcontext.gregs[REG_ERR];
  uintptr_t at = (uintptr_t)info->si_addr;
  if (error & PF_WRITE && snapshot_fault(written_at(at))) return;
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
  stack_t stack = {.ss_sp = zeroes(HANDLER_STACK), .ss_size = HANDLER_STACK};
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

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

/* In the place of the sanitizer's __asan_handle_no_return (fuzz.mk), which before every call that does not return makes the
 * stacks accessible: the alternate one for signals among them, by system calls. Nobody here leaves frames for others: a
 * thread's stack is cleared when the next thread gets it, and the snapshot puts back the rest. */
void __wrap___asan_handle_no_return(void);
void __wrap___asan_handle_no_return(void) {}

void host_stack_leave(void **fake, const void *stack, size_t size)
{
#ifdef WITH_ASAN
  __sanitizer_start_switch_fiber(fake, stack, size);
#else
  (void)fake, (void)stack, (void)size;
#endif
}
void host_stack_enter(void *fake)
{
#ifdef WITH_ASAN
  __sanitizer_finish_switch_fiber(fake, NULL, NULL);
#else
  (void)fake;
#endif
}
void host_stack_unpoison(void *stack, size_t size)
{
#ifdef WITH_ASAN
  __asan_unpoison_memory_region(stack, size);
#else
  (void)stack, (void)size;
#endif
}
void host_stack_bounds(void **stack, size_t *size)
{
  pthread_attr_t attr;
  if (pthread_getattr_np(pthread_self(), &attr) != 0) abort();
  pthread_attr_getstack(&attr, stack, size);
  pthread_attr_destroy(&attr);
}

void *host_alloc(size_t size)
{
  size_t at = (arena_used + 63) & ~(size_t)63;
  if (size > sizeof arena - at) abort();
  arena_used = at + size;
  return arena + at;
}
void host_free(void *p)
{
  (void)p;
}
