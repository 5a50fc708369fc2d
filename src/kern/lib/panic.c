/*
 * Panics. The report goes straight to the sinks, with interrupts off, without the log's lock and without memory;
 * locks stop complaining meanwhile (panic_active), because the code that failed may hold those the sinks want.
 */
#include <kern/arch.h>
#include <kern/cpu.h>
#include <kern/log.h>
#include <kern/panic.h>
#include <kern/print.h>
#include <kern/symbols.h>
#include <kern/thread.h>
#include <kern/trap.h>

#define BACKTRACE_MAX 32

static bool panicking; /* atomic */

bool panic_active(void)
{
  return __atomic_load_n(&panicking, __ATOMIC_RELAXED);
}

static void print_v(const char *fmt, va_list ap)
{
  char text[512];
  int len = format_text_v(text, sizeof text, fmt, ap);
  log_sink_write(text, MIN((size_t)len, sizeof text - 1));
}

static PRINTF_LIKE(1, 2) void print(const char *fmt, ...)
{
  va_list ap;

  va_start(ap, fmt);
  print_v(fmt, ap);
  va_end(ap);
}

void backtrace_print(const struct trapframe *tf)
{
  uintptr_t pcs[BACKTRACE_MAX];
  size_t n = arch_backtrace(tf, pcs, BACKTRACE_MAX);

  print("backtrace:\n");
  for (size_t i = 0; i < n; i++) {
    /* A return address may be the next function's first byte, when the call never returns. */
    bool exact = tf && i == 0;
    uintptr_t distance;
    const char *name = symbol_lookup(exact ? pcs[i] : pcs[i] - 1, &distance);
    if (name)
      print("  #%zu 0x%016lx %s+0x%lx\n", i, pcs[i], name, distance + !exact);
    else
      print("  #%zu 0x%016lx\n", i, pcs[i]);
  }
}

static NORETURN void report(const struct trapframe *tf, const char *fmt, va_list ap)
{
  (void)arch_irq_disable();
  if (__atomic_exchange_n(&panicking, true, __ATOMIC_SEQ_CST)) arch_halt(PANIC_STATUS);
  print("panic: ");
  print_v(fmt, ap);
  print("\n");
  const struct cpu *cpu = cpu_self();
  const struct thread *t = cpu ? cpu->current : NULL;
  if (t) print("cpu %u, thread %llu \"%s\"\n", cpu->id, (unsigned long long)t->id, t->name);
  if (tf) trapframe_dump(tf, print);
  backtrace_print(tf);
  arch_halt(PANIC_STATUS);
}

void panic(const char *fmt, ...)
{
  va_list ap;

  va_start(ap, fmt);
  report(NULL, fmt, ap);
}

void panic_trap(const struct trapframe *tf, const char *fmt, ...)
{
  va_list ap;

  va_start(ap, fmt);
  report(tf, fmt, ap);
}
