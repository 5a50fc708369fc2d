/* From the stubs of entry.S to the kernel: interrupts to their line, everything else to trap_dispatch. */
#include "cpu.h"
#include "dev/interrupts.h"
#include "dev/lapic.h"
#include "dev/timer.h"
#include "inject.h"
#include "insn.h"
#include <fmt/trapframe.h>
#include <kern/ktest.h>
#include <kern/panic.h>
#include <kern/thread.h>

/* For the entropy pool: the moment of every interrupt. */
static void note_moment(void)
{
  struct x86_cpu *c = x86_cpu_self();
  c->irq_jitter = (c->irq_jitter << 7 | c->irq_jitter >> 57) ^ insn_rdtsc();
}

/* Apart, so that traps do not pay for its frame. */
static __attribute__((noinline)) void interrupt(unsigned irq, struct trapframe *tf)
{
  note_moment();
  x86_inject_report();
  if (interrupts_is_spurious(irq)) return;
  if (irq == IRQ_TIMER && !timer_expired()) {
    arch_irq_eoi(irq);
    return;
  }
  irq_dispatch(irq, tf);
}

void x86_trap(struct trapframe *tf)
{
  if (tf->vector - VECTOR_IRQ_BASE < IRQ_COUNT)
    interrupt((unsigned)tf->vector - VECTOR_IRQ_BASE, tf);
  else if (tf->vector >= VECTOR_APIC_ERROR)
    lapic_interrupt((unsigned)tf->vector);
  else
    trap_dispatch(tf);
  insn_cli();
}

static bool in_page(uintptr_t address, uintptr_t page)
{
  return address - page < PAGE_SIZE;
}

/* A push that met the guard page below a kernel stack faults, and delivering that fault needs the stack again. */
static void report_stack_overflow(const struct trapframe *tf)
{
  const struct thread *t = thread_current();
  const struct ist_stack *ist = cpu_ist_stack(x86_cpu_self(), tf->cr2);
  uintptr_t low = x86_context_self()->stack;
  if (low && (in_page(tf->cr2, low - PAGE_SIZE) || in_page(tf->rsp, low - PAGE_SIZE)))
    panic_trap(tf, "kernel stack overflow in thread %s", t ? t->name : "boot");
  if (ist && in_page(tf->cr2, (uintptr_t)ist->guard))
    panic_trap(tf, "overflow of exception stack %u", (unsigned)(ist - x86_cpu_self()->ist_stacks) + 1);
}

/* A program's step over its own `syscall`, which some processors report only at the kernel's entry (Bochs does). Nothing is
 * lost: the call's return brings the program's trap flag back, and the step is reported there. */
static bool stepped_into_kernel(const struct trapframe *tf)
{
  return tf->vector == VECTOR_DB && tf->rip == (uintptr_t)x86_syscall_entry;
}

/* Debug exceptions of kernel code, NMI, double fault and machine check, on stacks of their own. */
void x86_paranoid_trap(struct trapframe *tf)
{
  struct trap_info info;
  trap_decode(tf, &info);
  if (!ktest_trap(&info) && !stepped_into_kernel(tf)) {
    if (tf->vector == VECTOR_DF) report_stack_overflow(tf);
    if (tf->vector == VECTOR_MC) machine_check_report(tf);
    trap_dispatch(tf);
  }
  /* An instruction breakpoint comes before its instruction: RF lets it run this time (SDM vol. 3B, 17.3.1.1). */
  if (tf->vector == VECTOR_DB) tf->rflags |= RFLAGS_RF;
}

/* The frame cannot be returned to: its instruction pointer is not canonical. To the program that is the protection
 * fault its next instruction fetch would have been. */
NORETURN void x86_bad_user_return(struct trapframe *tf)
{
  tf->vector = VECTOR_GP;
  tf->error = 0;
  trap_dispatch(tf);
  panic_trap(tf, "return to user mode at an address that is not canonical");
}
