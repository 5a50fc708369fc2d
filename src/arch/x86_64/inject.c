/*
 * Faults on purpose (kern/inject.h) that a PC can do to itself: interrupts without a cause, late ones, a clock that jumps. What
 * strikes cannot be logged there, where the log's own locks may be held: the next interrupt does.
 */
#include "inject.h"

#include "dev/interrupts.h"
#include "dev/lapic.h"
#include "insn.h"
#include <fmt/trapframe.h>
#include <kern/arch.h>
#include <kern/inject.h>
#include <kern/log.h>

unsigned x86_inject_struck;

/* Of each kind what struck since the last report; interrupts disabled. */
static struct {
  struct inject fault; /* the last */
  uint64_t occasion;
  unsigned count;
} struck[INJECT_KINDS];

bool arch_can_inject(unsigned kind)
{
  return kind == INJECT_IRQ || kind == INJECT_LATE || kind == INJECT_CLOCK;
}

void arch_inject_note(unsigned kind UNUSED, uint64_t occasion UNUSED) {}

void arch_inject_announce(const struct inject *fault, uint64_t occasion)
{
  bool enabled = arch_irq_disable();
  struck[fault->kind].fault = *fault;
  struck[fault->kind].occasion = occasion;
  struck[fault->kind].count++;
  x86_inject_struck++;
  if (enabled) insn_sti(); /* not arch_irq_restore: it would be the next occasion */
}

void x86_inject_report_slow(void)
{
  x86_inject_struck = 0;
  for (unsigned kind = 0; kind < INJECT_KINDS; kind++) {
    char text[INJECT_TEXT];
    unsigned count = struck[kind].count;
    if (count == 0) continue;
    struck[kind].count = 0;
    inject_format(text, &struck[kind].fault);
    if (count > 1) log_info("fault: %s, %u times, and", inject_name(kind), count - 1);
    log_info("fault: %s %llu, by %s", inject_name(kind), (unsigned long long)struck[kind].occasion, text);
  }
}

/* By instruction: the controller has nothing in service, as when a line fell before it was looked at. */
static void interrupt_without_cause(unsigned irq)
{
#define LINE(n) \
  case n: __asm__ volatile("int %0" : : "i"(VECTOR_IRQ_BASE + (n)) : "memory"); break
  switch (irq) {
    LINE(0);
    LINE(1);
    LINE(2);
    LINE(3);
    LINE(4);
    LINE(5);
    LINE(6);
    LINE(7);
    LINE(8);
    LINE(9);
    LINE(10);
    LINE(11);
    LINE(12);
    LINE(13);
    LINE(14);
    LINE(15);
  }
#undef LINE
}

/* Lines by which the 8259s say that there was nothing. */
#define SPURIOUS_LINES (1u << 7 | 1u << 15)

void x86_inject_irq(void)
{
  insn_cli();
  const struct inject *fault = inject_machine_strikes(INJECT_IRQ);
  bool everywhere = fault && !fault->detailed;
  unsigned lines = everywhere ? interrupts_unmasked() | SPURIOUS_LINES
                   : fault    ? interrupts_unmasked() & 1u << fault->detail
                              : 0;
  insn_sti();
  if (everywhere) __asm__ volatile("int %0" : : "i"(VECTOR_APIC_SPURIOUS) : "memory");
  for (unsigned irq = 0; irq < IRQ_COUNT; irq++)
    if (lines & 1u << irq) interrupt_without_cause(irq);
}
