/* Faults on purpose: what the machine's parts need of arch_inject_*'s side. */
#ifndef X86_INJECT_H
#define X86_INJECT_H

#include <kern/inject.h>

/* An occasion for faults of that kind where much time is spent: with none armed it costs two instructions and no register.
 * Calls `function`, which has a place in entry.S. */
#define X86_INJECT_POINT(kind, function)                  \
  __asm__ volatile("testl %0, %1\n\t"                     \
                   "jnz 1f\n"                             \
                   "2:\n\t"                               \
                   ".pushsection .text.inject, \"ax\"\n"  \
                   "1: call " #function "_point\n\t"      \
                   "jmp 2b\n\t"                           \
                   ".popsection"                          \
                   :                                      \
                   : "i"(1u << (kind)), "m"(inject_kinds) \
                   : "memory", "cc")

/* How often a fault struck that is to be shown, since the last report. */
extern unsigned x86_inject_struck;

/* Logs them. Inside an interrupt. */
void x86_inject_report_slow(void);
static inline void x86_inject_report(void)
{
  if (__builtin_expect(x86_inject_struck != 0, 0)) x86_inject_report_slow();
}

/* An occasion for interrupts without a cause: on the fault's line, without one on every line in use, and those by which the
 * controllers say that there was nothing. Interrupts enabled. */
void x86_inject_irq(void);
/* One for the clock to jump (dev/clock.c). */
void x86_inject_clock(void);

#endif
