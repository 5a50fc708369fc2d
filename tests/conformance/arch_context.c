/* The contract with the machine: switching contexts, and the way back up a stack. */
#include "crew.h"
#include <kern/arch.h>
#include <kern/cpu.h>
#include <kern/ktest.h>

#define ROUNDS 500000ull /* of each of two threads: a million switches */

/* Gives callee-saved registers values made from `seed`, calls `call` `rounds` times, and answers how often one had
 * another value afterwards. */
uint64_t registers_lost(uint64_t rounds, uint64_t seed, void (*call)(void));
__asm__(".pushsection .text\n"
        ".globl registers_lost\n"
        ".type registers_lost, @function\n"
        "registers_lost:\n"
        "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  push $0\n"      /* 32(%rsp): lost */
        "  push %rdi\n"    /* 24(%rsp): rounds */
        "  push %rsi\n"    /* 16(%rsp): seed */
        "  push %rdx\n"    /*  8(%rsp): call */
        "  sub $8, %rsp\n" /* 16-byte aligned at the call */
        "1: mov 16(%rsp), %rax\n"
        "  lea 1(%rax), %rbx\n  lea 2(%rax), %rbp\n  lea 3(%rax), %r12\n"
        "  lea 4(%rax), %r13\n  lea 5(%rax), %r14\n  lea 6(%rax), %r15\n"
        "  call *8(%rsp)\n"
        "  mov 16(%rsp), %rax\n  xor %ecx, %ecx\n"
        "  sub %rax, %rbx\n  sub $1, %rbx\n  or %rbx, %rcx\n"
        "  sub %rax, %rbp\n  sub $2, %rbp\n  or %rbp, %rcx\n"
        "  sub %rax, %r12\n  sub $3, %r12\n  or %r12, %rcx\n"
        "  sub %rax, %r13\n  sub $4, %r13\n  or %r13, %rcx\n"
        "  sub %rax, %r14\n  sub $5, %r14\n  or %r14, %rcx\n"
        "  sub %rax, %r15\n  sub $6, %r15\n  or %r15, %rcx\n"
        "  setnz %cl\n  movzbl %cl, %ecx\n  add %rcx, 32(%rsp)\n"
        "  decq 24(%rsp)\n"
        "  jnz 1b\n"
        "  add $32, %rsp\n"
        "  pop %rax\n"
        "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n  pop %rbp\n"
        "  ret\n"
        ".size registers_lost, . - registers_lost\n"
        ".popsection\n");

struct holder {
  uint64_t seed;
  uint64_t lost;
};

static void hold_registers(void *arg)
{
  struct holder *h = arg;
  h->lost = registers_lost(ROUNDS, h->seed, sched_yield);
}

KTEST(arch_context_switch_keeps_registers)
{
  struct crew crew;
  struct holder a = {.seed = 0x1111111111111111u}, b = {.seed = 0x8000000000000000u};
  uint64_t switches = cpu_self()->switches;

  crew_init(&crew);
  ktest_check(crew_start(&crew, CLASS_USER, hold_registers, &a));
  bool second = crew_start(&crew, CLASS_USER, hold_registers, &b);
  crew_wait(&crew);
  ktest_check(second);
  ktest_check(a.lost == 0 && b.lost == 0);
  ktest_check(cpu_self()->switches - switches >= 2 * ROUNDS - 2);
}

static void spoil_registers(void)
{
  __asm__ volatile("inc %%r12" ::: "memory"); /* on purpose without saying so */
}

/* The test above can fail: a call that does change a register is noticed. */
KTEST(arch_context_check_notices_loss)
{
  ktest_check(registers_lost(3, 7, spoil_registers) == 3);
}

static __attribute__((noinline)) bool inner_frame(uintptr_t outer_return, uintptr_t *inner_return)
{
  uintptr_t pcs[16];
  size_t n = arch_backtrace(NULL, pcs, ARRAY_SIZE(pcs));
  size_t inner_at = n, outer_at = n;

  *inner_return = (uintptr_t)__builtin_return_address(0);
  for (size_t i = 0; i < n; i++) {
    if (pcs[i] == *inner_return) inner_at = i;
    if (pcs[i] == outer_return) outer_at = i;
  }
  return inner_at < n && outer_at == inner_at + 1;
}

static __attribute__((noinline)) bool outer_frame(void)
{
  uintptr_t inner_return = 0;
  bool found = inner_frame((uintptr_t)__builtin_return_address(0), &inner_return);
  return found && inner_return != 0;
}

KTEST(arch_backtrace_names_callers)
{
  ktest_check(outer_frame());
}

KTEST(arch_backtrace_obeys_limit)
{
  uintptr_t pcs[2] = {0, 0x5A5A};
  ktest_check(arch_backtrace(NULL, pcs, 1) == 1);
  ktest_check(pcs[0] != 0 && pcs[1] == 0x5A5A);
}
