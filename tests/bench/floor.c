/* The floors under the simulator's costs: see floor.h. Each is measured as the simulator's figures are, in rounds. */
#include "floor.h"
#include <fcntl.h>
#include <linux/prctl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF 0
#define PR_SYS_DISPATCH_ON 1
#endif
#define SELECTOR_ALLOW 0
#define SELECTOR_BLOCK 1

#define ROUNDS 15

uint64_t host_clock_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double median(double *samples, unsigned count)
{
  qsort(samples, count, sizeof *samples, compare);
  return samples[count / 2];
}

double measure(void (*prepare)(unsigned), void (*work)(unsigned), unsigned count)
{
  double samples[ROUNDS];

  for (int i = -1; i < ROUNDS; i++) {
    if (prepare) prepare(count);
    uint64_t start = host_clock_ns();
    work(count);
    if (i >= 0) samples[i] = (double)(host_clock_ns() - start) / count;
  }
  return median(samples, ROUNDS);
}

static void handle(int signal_number, void (*handler)(int, siginfo_t *, void *))
{
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_NODEFER};

  sigaction(signal_number, &action, NULL);
}

static volatile char flag;

static void two_stores(unsigned count)
{
  while (count-- > 0) {
    flag = 0;
    flag = 1;
  }
}

double floor_two_stores(void)
{
  return measure(NULL, two_stores, 100000);
}

static volatile char selector = SELECTOR_ALLOW;

static void on_sigsys(int signal_number, siginfo_t *info, void *context)
{
  (void)signal_number;
  (void)info;
  selector = SELECTOR_ALLOW;
  ((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = 1;
}

static void dispatched_calls(unsigned count)
{
  while (count-- > 0) {
    selector = SELECTOR_BLOCK;
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_getpid) : "rcx", "r11", "memory");
  }
}

double floor_sigsys(void)
{
  handle(SIGSYS, on_sigsys);
  if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector) < 0) return -1;
  double ns = measure(NULL, dispatched_calls, 2000);
  prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0);
  return ns;
}

static ucontext_t here, there;

static void swap_back(void)
{
  for (;;) swapcontext(&there, &here);
}

static void swaps(unsigned count)
{
  for (; count > 0; count -= 2) swapcontext(&here, &there);
}

double floor_swapcontext(void)
{
  static char stack[65536];

  getcontext(&there);
  there.uc_stack.ss_sp = stack;
  there.uc_stack.ss_size = sizeof stack;
  makecontext(&there, swap_back, 0);
  return measure(NULL, swaps, 2000);
}

#define PAGE 4096u
#define WINDOW_PAGES 64u
static char *window;
static int memory;

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
  (void)signal_number;
  (void)context;
  uintptr_t page = (uintptr_t)info->si_addr & ~(uintptr_t)(PAGE - 1);
  off_t offset = (off_t)(page - (uintptr_t)window);
  if (mmap((void *)page, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memory, offset) == MAP_FAILED) _exit(1);
}

static void empty_window(unsigned pages)
{
  mmap(window, pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

static void touch_window(unsigned pages)
{
  for (unsigned i = 0; i < pages; i++) *(volatile char *)(window + (size_t)i * PAGE) = 1;
}

double floor_fault(void)
{
  memory = memfd_create("floor", 0);
  if (memory < 0 || ftruncate(memory, WINDOW_PAGES * PAGE) < 0) return -1;
  window = mmap(NULL, WINDOW_PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (window == MAP_FAILED) return -1;
  handle(SIGSEGV, on_fault);
  double ns = measure(empty_window, touch_window, WINDOW_PAGES);
  signal(SIGSEGV, SIG_DFL);
  munmap(window, WINDOW_PAGES * PAGE);
  close(memory);
  return ns;
}

static void host_spawns(unsigned count)
{
  static char *const args[] = {"true", NULL};
  static char *const env[] = {NULL};

  while (count-- > 0) {
    pid_t child;
    int status;
    if (posix_spawn(&child, "/bin/true", NULL, NULL, args, env) == 0) waitpid(child, &status, 0);
  }
}

double floor_spawn(void)
{
  return measure(NULL, host_spawns, 5);
}
