/* Stacks of the image: each thread's, each exception's, the boot's; an unmapped page below each, and what overflowing one does. */
#include "cpu.h"
#include "ktest_faults.h"
#include <kern/cpu.h>
#include <kern/ktest.h>
#include <kern/thread.h>
#include <kern/trap.h>

/* Deep enough for any kernel stack; the result is used so that the calls stay. */
static __attribute__((noinline)) unsigned recurse(volatile unsigned *depth)
{
  volatile unsigned here = ++*depth;
  if (here > 1u << 20) return here;
  return recurse(depth) + here;
}
static void overflow_stack(void *depth)
{
  (void)recurse(depth);
}

KTEST(machine_stack_overflow_is_a_double_fault_on_its_own_stack)
{
  static volatile unsigned depth;
  struct trap_info info;
  depth = 0;
  ktest_check(ktest_expect_trap(overflow_stack, (void *)(uintptr_t)&depth, &info));
  ktest_check(info.kind == TRAP_DOUBLE_FAULT && info.vector == 8);
  ktest_check(depth > 100 && depth < 1u << 20);
}

/* As if a handler had used it up; the fault is reported on the stack of double faults, from its top. */
static void push_below(void *stack)
{
  __asm__ volatile("movq %0, %%rsp; pushq $0" : : "r"(stack) : "memory");
}

KTEST(machine_overflow_of_an_exception_stack_is_a_double_fault)
{
  struct trap_info info;
  for (unsigned i = 0; i < IST_COUNT; i++) {
    uint8_t *stack = x86_cpu_self()->ist_stacks[i].bytes;
    ktest_check(ktest_expect_trap(push_below, stack, &info));
    ktest_check(info.kind == TRAP_DOUBLE_FAULT && info.sp == (vaddr_t)stack);
    ktest_check(ktest_faults(ktest_read_byte, (uintptr_t)stack - 1, ACCESS_READ, false));
  }
}

/* ---- stacks: an unmapped page below each ---- */

KTEST(machine_stack_has_a_guard)
{
  const struct thread *t = thread_current();
  uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
  ktest_check(sp > (uintptr_t)t->stack && sp < (uintptr_t)t->stack + KSTACK_SIZE);
  ktest_check(!(sp >= (uintptr_t)boot_stack && sp < (uintptr_t)boot_stack_top));
  ktest_check(ktest_faults(ktest_read_byte, (uintptr_t)t->stack - 1, ACCESS_READ, false));
  ktest_check(ktest_faults(ktest_read_byte, (uintptr_t)t->stack + KSTACK_SIZE, ACCESS_READ, false));
  ktest_check(boot_stack_top - boot_stack == 32768);
  ktest_check(ktest_faults(ktest_read_byte, (uintptr_t)boot_stack - 1, ACCESS_READ, false));
}

/* A guard a thread, a random one whose first byte is 0; the processor has the running thread's. */
KTEST(machine_stack_guards_are_the_threads_own)
{
  const struct arch_context *own = x86_context_self(), *idle = cpu_self()->idle->context;
  const uint64_t guards[] = {own->stack_guard, idle->stack_guard, x86_cpu_self()->boot_context.stack_guard};
  ktest_check(x86_cpu_self()->stack_guard == own->stack_guard);
  for (size_t i = 0; i < ARRAY_SIZE(guards); i++) {
    ktest_check(guards[i] >> 8 != 0 && (guards[i] & 0xFF) == 0);
    for (size_t j = 0; j < i; j++) ktest_check(guards[i] != guards[j]);
  }
}

KTEST(machine_idle_left_the_boot_stack)
{
  const struct thread *idle = cpu_self()->idle;
  ktest_check(idle->stack != NULL);
  ktest_check((uintptr_t)idle->context - (uintptr_t)idle->stack < KSTACK_SIZE);
  ktest_check((uintptr_t)idle->context->sp - (uintptr_t)idle->stack < KSTACK_SIZE);
  ktest_check(ktest_faults(ktest_read_byte, (uintptr_t)idle->stack - 1, ACCESS_READ, false));
}
