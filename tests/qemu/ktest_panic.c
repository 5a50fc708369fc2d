/* Panics that only the hardware has: what arrives on a stack of its own. Run when named; tests/qemu/panic.sh reads
 * the report. */
#include "cpu.h"
#include <kern/ktest.h>

/* The stack pointer is good for nothing, so delivering the exception fails as well. */
KTEST(panic_machine_double_fault)
{
  __asm__ volatile("movq $0x1000, %%rsp; ud2" : : : "memory");
}

KTEST(panic_machine_nmi)
{
  __asm__ volatile("int $2");
}

KTEST(panic_machine_check)
{
  __asm__ volatile("int $18");
}

/* The processor's first stack, the idle thread's, has a guard too. */
KTEST(panic_machine_boot_stack_overflow)
{
  struct arch_context *ctx = x86_context_self();
  ctx->stack = (uintptr_t)boot_stack;
  ctx->stack_end = (uintptr_t)boot_stack_top;
  __asm__ volatile("leaq boot_stack+16(%%rip), %%rsp; 1: pushq %%rsp; jmp 1b" : : : "memory");
}

/* As if the handler of NMIs had used up its stack. */
KTEST(panic_machine_exception_stack_overflow)
{
  __asm__ volatile("movq %0, %%rsp; 1: pushq %%rsp; jmp 1b"
                   :
                   : "r"(x86_cpu_self()->ist_stacks[IST_NMI - 1].bytes + 16)
                   : "memory");
}
