/* Threads on the host: ucontext, and what the sanitizers must be told about it. */
#define _GNU_SOURCE
#include "host.h"

#include <dlfcn.h>
#include <ucontext.h>

#ifdef HOST_ASAN
/* Leaks: what the machine's memory points to is out of the sanitizer's sight. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
  return "detect_leaks=0";
}
#endif

#ifdef HOST_MSAN
#include <sanitizer/common_interface_defs.h>

/* The program that finds names for the reports is started now: a fork on a kernel's stack, which both sides would share, is
 * not to be survived. */
__attribute__((constructor)) static void start_symbolizer(void)
{
  char name[64];
  __sanitizer_symbolize_pc((void *)(uintptr_t)start_symbolizer, "%f", name, sizeof name);
}
#endif

#ifdef VERIDIAN_TSAN
/* The scheduler is what makes threads: its locks and the interrupt counts go from one thread to the next in a switch, and so
 * does what a processor keeps of its own when a thread is preempted at the end of an interrupt. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
  return "race:^sched_\n"
         "race:^switch_to_next$\n"
         "race:^finish_switch$\n"
         "race:^lock_own_queue$\n"
         "race:^irq_count_\n"
         "race_top:^timer_interrupt$\n";
}
#endif

void *host_libc(const char *name)
{
  void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
  return libc ? dlsym(libc, name) : NULL;
}

/* The sanitizer puts its own swapcontext before the C library's: it warns about every program that uses it and clears what
 * the annotations below keep right. */
typedef int swap_function(ucontext_t *from, const ucontext_t *to);
static swap_function *swap = swapcontext;

static void find_swap(void)
{
#ifdef HOST_ASAN
  if (swap != swapcontext) return;
  void *symbol = host_libc("swapcontext");
  if (symbol) swap = (swap_function *)symbol;
#endif
}

size_t host_context_size(void)
{
  return (sizeof(ucontext_t) + 15) & ~(size_t)15;
}

/* makecontext passes ints: pointers travel in halves. */
HOST_ENTRY static void start(unsigned entry_low, unsigned entry_high, unsigned arg_low, unsigned arg_high)
{
  void (*entry)(void *) = (void (*)(void *))(((uintptr_t)entry_high << 32) | entry_low);
  entry((void *)(((uintptr_t)arg_high << 32) | arg_low));
}

void host_context_make(void *ctx, void *stack, size_t size, void (*entry)(void *), void *arg)
{
  ucontext_t *uc = ctx;
  find_swap();
  getcontext(uc);
  uc->uc_stack = (stack_t){.ss_sp = stack, .ss_size = size};
  uc->uc_link = NULL;
  makecontext(uc, (void (*)(void))start, 4, (unsigned)(uintptr_t)entry, (unsigned)((uintptr_t)entry >> 32),
              (unsigned)(uintptr_t)arg, (unsigned)((uintptr_t)arg >> 32));
}

void host_context_swap(void *from, void *to)
{
  swap(from, to);
}
