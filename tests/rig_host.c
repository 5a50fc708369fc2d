/* See rig_host.h. */
#define _GNU_SOURCE
#include "rig_host.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define VALGRIND_DISABLE_ADDR_ERROR_REPORTING_IN_RANGE(base, size) ((void)0)
#endif

#define PAGE 4096u
#define ERROR_WRITE 2 /* in the page-fault error code */

static int memory_fd = -1;
static bool (*fault_handler)(uintptr_t at, bool write);
static sigjmp_buf try_end;
static volatile bool trying;

static void *check(void *p, const char *what)
{
  if (p != MAP_FAILED) return p;
  perror(what);
  abort();
}

uintptr_t rig_host_memory(size_t size)
{
  memory_fd = memfd_create("rig", MFD_CLOEXEC);
  if (memory_fd < 0 || ftruncate(memory_fd, (off_t)size) != 0) check(MAP_FAILED, "memfd");
  return (uintptr_t)check(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0), "memory");
}

void rig_host_reserve(uintptr_t base, size_t size)
{
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  check(mmap((void *)base, size, PROT_NONE, flags, -1, 0), "window");
  VALGRIND_DISABLE_ADDR_ERROR_REPORTING_IN_RANGE(base, size); /* a page appears when it is accessed */
}

void rig_host_show(uintptr_t at, uint64_t offset, bool write)
{
  const int prot = PROT_READ | (write ? PROT_WRITE : 0);
  check(mmap((void *)at, PAGE, prot, MAP_SHARED | MAP_FIXED, memory_fd, (off_t)offset), "page");
}

void rig_host_hide(uintptr_t at)
{
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  check(mmap((void *)at, PAGE, PROT_NONE, flags, -1, 0), "page");
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
  const ucontext_t *uc = context;
  bool write = (uc->uc_mcontext.gregs[REG_ERR] & ERROR_WRITE) != 0;
  if (fault_handler((uintptr_t)info->si_addr, write)) return;
  if (trying) siglongjmp(try_end, 1);
  fprintf(stderr, "rig: signal %d %s %p\n", signal, write ? "writing" : "reading", info->si_addr);
  abort();
}

void rig_host_on_fault(bool (*handler)(uintptr_t at, bool write))
{
  struct sigaction sa = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER};
  fault_handler = handler;
  sigaction(SIGSEGV, &sa, NULL);
  sigaction(SIGBUS, &sa, NULL);
}

__attribute__((no_sanitize("address"))) bool rig_host_try(uintptr_t at, bool write)
{
  volatile uint8_t *p = (volatile uint8_t *)at;
  if (sigsetjmp(try_end, 1) != 0) {
    trying = false;
    return false;
  }
  trying = true;
  uint8_t byte = *p;
  if (write) *p = byte;
  trying = false;
  return true;
}
