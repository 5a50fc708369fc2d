/*
 * Costs measured inside the kernel, for make bench (`ktest=bench`): lines "bench NAME CYCLES NANOSECONDS", each the median of
 * several rounds, by the time-stamp counter (under QEMU's -icount shift=0 it counts instructions) and by the kernel's clock.
 */
#include "kbench.h"
#include "../conformance/crew.h"
#include <kern/arch.h>
#include <kern/clock.h>
#include <kern/ktest.h>
#include <kern/log.h>
#include <kern/print.h>

static void sort(uint64_t *v)
{
  for (unsigned i = 1; i < ROUNDS; i++) {
    uint64_t x = v[i];
    unsigned at = i;
    for (; at > 0 && v[at - 1] > x; at--) v[at] = v[at - 1];
    v[at] = x;
  }
}

void kbench_report(const char *name, struct samples *s, uint64_t count)
{
  char text[96];

  sort(s->cycles);
  sort(s->ns);
  uint64_t cycles = s->cycles[ROUNDS / 2] * 100 / count, ns = s->ns[ROUNDS / 2] * 100 / count;
  int len = format_text(text, sizeof text, "bench %s %llu.%02llu %llu.%02llu\n", name, (unsigned long long)cycles / 100,
                        (unsigned long long)cycles % 100, (unsigned long long)ns / 100, (unsigned long long)ns % 100);
  log_sink_write(text, (size_t)len);
}

void kbench_sample(struct samples *s, unsigned i, void (*work)(uint64_t), uint64_t count)
{
  uint64_t ns = clock_monotonic_ns(), cycles = __builtin_ia32_rdtsc();
  work(count);
  s->cycles[i] = __builtin_ia32_rdtsc() - cycles;
  s->ns[i] = clock_monotonic_ns() - ns;
}

void kbench_measure(struct samples *s, void (*work)(uint64_t), uint64_t count)
{
  for (unsigned i = 0; i < ROUNDS; i++) kbench_sample(s, i, work, count);
}

static void irq_work(uint64_t count)
{
  while (count-- > 0) arch_irq_restore(arch_irq_disable());
}

KTEST(bench_irq_disable_restore)
{
  struct samples s;

  kbench_measure(&s, irq_work, 1000);
  kbench_report("irq_disable_restore", &s, 1000);
}

static void yield_work(uint64_t count)
{
  while (count-- > 0) sched_yield();
}

static void yield_until_told(void *stop)
{
  while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED)) sched_yield();
}

/* Two threads of one class give way to each other: every yield of one is two switches. */
KTEST(bench_thread_switch)
{
  struct crew crew;
  struct samples s;
  bool stop = false;

  crew_init(&crew);
  preemption_off();
  bool started = crew_start(&crew, thread_current()->sched_class, yield_until_told, &stop);
  kbench_measure(&s, yield_work, 500);
  __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
  crew_wait(&crew);
  preemption_on();
  ktest_check(started);
  kbench_report("thread_switch", &s, 1000);
}
