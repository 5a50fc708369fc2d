/*
 * Programs that try what only the processor's protection stands against: privileged instructions, gates and selectors
 * that are not theirs, flags and stack pointers that would hurt the kernel on its way in and out. Each ends as it
 * must, and the kernel goes on. On the image alone: in the simulator a program shares a host process with the kernel.
 */
#include "../conformance/guest.h"
#include "cpu.h"
#include <kern/ktest.h>
#include <kern/log.h>

struct attempt {
  const char *name;
  const char *code, *end;
  enum exit_reason reason;
  int code_expected;
};

#define EXIT_WITH(code) "movl $" #code ", %edi; xorl %eax, %eax; syscall\n"
/* Goes on when the flags of the last comparison say equal, else leaves with 99. */
#define EXPECT_EQUAL "je 7f; " EXIT_WITH(99) "7:\n"

#define CODE(id, text)                                                                          \
  __asm__(".pushsection .rodata\nattempt_" #id ":\n" text "attempt_" #id "_end:\n.popsection"); \
  extern const char attempt_##id[], attempt_##id##_end[];
/* clang-format off */
#define ATTEMPT(id, reason, code) {#id, attempt_##id, attempt_##id##_end, reason, code}
/* clang-format on */
#define REFUSED(id) ATTEMPT(id, EXIT_FAULT, FAULT_MEMORY) /* general protection and page faults */
#define HARMLESS(id) ATTEMPT(id, EXIT_NORMAL, 0)

/* ---- privileged instructions ---- */
CODE(cli, "cli\n")
CODE(hlt, "hlt\n")
CODE(in, "inb $0x64, %al\n")
CODE(out, "movb $0x11, %al; outb %al, $0xF4\n")
CODE(read_cr3, "movq %cr3, %rax\n")
CODE(write_cr0, "movq %rax, %cr0\n")
CODE(rdmsr, "movl $0xC0000082, %ecx; rdmsr\n")
CODE(wrmsr, "movl $0xC0000082, %ecx; wrmsr\n")
CODE(lgdt, "lgdt (%rsp)\n")
CODE(lidt, "lidt (%rsp)\n")
CODE(ltr, "movw $0x28, %ax; ltr %ax\n")
CODE(invlpg, "invlpg (%rsp)\n")
CODE(swapgs, "swapgs\n")
CODE(sysret, "sysretq\n")
CODE(wbinvd, "wbinvd\n")
CODE(iopl, "pushfq; orq $0x3000, (%rsp); popfq; inb $0x64, %al\n")

/* ---- gates and selectors ---- */
CODE(int_double_fault, "int $8\n")
CODE(int_nmi, "int $2\n")
CODE(int_page_fault, "int $14\n")
CODE(int_timer, "int $32\n")
CODE(int_last, "int $255\n")
CODE(kernel_gs, "movl $0x10, %eax; movl %eax, %gs\n")
CODE(kernel_ss, "movl $0x10, %eax; movl %eax, %ss\n")
CODE(far_return, "pushq $0x08; leaq 1f(%rip), %rax; pushq %rax; lretq; 1: " EXIT_WITH(0))
CODE(iret_to_kernel,
     "pushq $0x10; pushq %rsp; pushfq; pushq $0x08; leaq 1f(%rip), %rax; pushq %rax; iretq; 1: " EXIT_WITH(0))

/* ---- addresses ---- */
CODE(read_text, "movq $0xFFFFFFFF80100000, %rax; movb (%rax), %al\n")
CODE(write_direct_map, "movq $0xFFFF880000100000, %rax; movb $0, (%rax)\n")
CODE(jump_to_kernel, "movq $0xFFFFFFFF80100000, %rax; jmp *%rax\n")
CODE(jump_not_canonical, "movq $0x8000000000000000, %rax; jmp *%rax\n")
CODE(return_not_canonical, "movq $0x0000800000000000, %rax; pushq %rax; ret\n")
CODE(push_not_canonical, "movq $0x8000000000000000, %rsp; pushq %rax\n")

/* ---- other exceptions ---- */
CODE(breakpoint, "int3\n")
CODE(single_step, "pushfq; orq $0x100, (%rsp); popfq; nop; " EXIT_WITH(0))
CODE(single_step_call, "movl $10, %eax; pushfq; orq $0x100, (%rsp); popfq; syscall; " EXIT_WITH(0))
CODE(undefined, "ud2\n")
/* The step over a load of SS is put off until after the call that follows. */
CODE(single_step_stack_load,
     "movl %ss, %ecx; movl $10, %eax; pushfq; orq $0x100, (%rsp); popfq; movl %ecx, %ss; syscall; " EXIT_WITH(0))
CODE(x87_divide, "pushq $0x037B; fldcw (%rsp); fldz; fld1; fdivp; fwait; " EXIT_WITH(0))

/* ---- what must do no harm ---- */
/* A call with direction, nested task and alignment flags set: the kernel must run without them and give them back. */
CODE(odd_flags_syscall, "pushfq; orq $0x44400, (%rsp); popfq; movl $10, %eax; syscall; pushfq; popq %rbx; cld; "
                        "andl $0x44400, %ebx; cmpl $0x44400, %ebx; " EXPECT_EQUAL EXIT_WITH(0))
CODE(odd_flags_int, "pushfq; orq $0x44400, (%rsp); popfq; movl $10, %eax; int $0x80; pushfq; popq %rbx; cld; "
                    "andl $0x44400, %ebx; cmpl $0x44400, %ebx; " EXPECT_EQUAL EXIT_WITH(0))
CODE(no_stack_syscall, "movq $0x8000000000000000, %rsp; movl $5, %eax; syscall; " EXIT_WITH(0))
CODE(no_stack_int, "movq $0xFFFFFFFF80100000, %rsp; movl $5, %eax; int $0x80; " EXIT_WITH(0))
CODE(user_gs, "movl $0x1B, %eax; movl %eax, %gs; movl $5, %eax; syscall; movl $0, %eax; movl %eax, %gs; movl $5, %eax; "
              "int $0x80; " EXIT_WITH(0))
/* Interrupts stay on whatever a program puts into its flags. */
CODE(interrupt_flag,
     "movq %rsp, %rcx; pushq $0x1B; pushq %rcx; pushq $0x2; pushq $0x23; leaq 1f(%rip), %rax; pushq %rax; iretq; "
     "1: pushfq; popq %rbx; andl $0x200, %ebx; cmpl $0x200, %ebx; " EXPECT_EQUAL EXIT_WITH(0))
/* int 0x80 keeps every register, syscall every one but rcx and r11. */
CODE(registers_int,
     "movl $1, %ebx; movl $2, %ecx; movl $3, %edx; movl $4, %esi; movl $5, %edi; movl $6, %ebp; movl $8, %r8d; "
     "movl $9, %r9d; movl $10, %r10d; movl $11, %r11d; movl $12, %r12d; movl $13, %r13d; movl $14, %r14d; "
     "movl $15, %r15d; movl $10, %eax; int $0x80; "
     "leaq (%rbx,%rcx), %rax; addq %rdx, %rax; addq %rsi, %rax; addq %rdi, %rax; addq %rbp, %rax; addq %r8, %rax; "
     "addq %r9, %rax; addq %r10, %rax; addq %r11, %rax; addq %r12, %rax; addq %r13, %rax; addq %r14, %rax; "
     "addq %r15, %rax; cmpq $113, %rax; " EXPECT_EQUAL "cmpq $2, %rcx; " EXPECT_EQUAL
     "cmpq $6, %rbp; " EXPECT_EQUAL EXIT_WITH(0))
CODE(registers_syscall,
     "movl $1, %ebx; movl $3, %edx; movl $4, %esi; movl $5, %edi; movl $6, %ebp; movl $8, %r8d; movl $9, %r9d; "
     "movl $7, %r10d; movl $12, %r12d; movl $13, %r13d; movl $14, %r14d; movl $15, %r15d; movl $10, %eax; "
     "syscall; cmpl $1, %ebx; " EXPECT_EQUAL "cmpq $3, %rdx; " EXPECT_EQUAL "cmpq $4, %rsi; " EXPECT_EQUAL
     "cmpq $5, %rdi; " EXPECT_EQUAL "cmpq $6, %rbp; " EXPECT_EQUAL "cmpq $8, %r8; " EXPECT_EQUAL
     "cmpq $9, %r9; " EXPECT_EQUAL "cmpq $7, %r10; " EXPECT_EQUAL "cmpq $12, %r12; " EXPECT_EQUAL
     "cmpq $13, %r13; " EXPECT_EQUAL "cmpq $14, %r14; " EXPECT_EQUAL "cmpq $15, %r15; " EXPECT_EQUAL EXIT_WITH(0))
/* Nothing of the kernel's in the registers that a call may change: rcx and r11 are the return address and the flags.
 * */
CODE(lost_registers, "movl $10, %eax; syscall; 1: leaq 1b(%rip), %rax; cmpq %rax, %rcx; " EXPECT_EQUAL
                     "cmpq $0x40000, %r11; setae %al; cmpb $0, %al; " EXPECT_EQUAL EXIT_WITH(0))

static const struct attempt privileged[] = {
  REFUSED(cli),    REFUSED(hlt),    REFUSED(in),     REFUSED(out),  REFUSED(read_cr3), REFUSED(write_cr0),
  REFUSED(rdmsr),  REFUSED(wrmsr),  REFUSED(lgdt),   REFUSED(lidt), REFUSED(ltr),      REFUSED(invlpg),
  REFUSED(swapgs), REFUSED(sysret), REFUSED(wbinvd), REFUSED(iopl),
};
static const struct attempt gates[] = {
  REFUSED(int_double_fault), REFUSED(int_nmi),   REFUSED(int_page_fault), REFUSED(int_timer),
  REFUSED(int_last),         REFUSED(kernel_gs), REFUSED(kernel_ss),
};
static const struct attempt addresses[] = {
  REFUSED(read_text),          REFUSED(write_direct_map),     REFUSED(jump_to_kernel),
  REFUSED(jump_not_canonical), REFUSED(return_not_canonical), REFUSED(push_not_canonical),
};
static const struct attempt exceptions[] = {
  ATTEMPT(breakpoint, EXIT_FAULT, FAULT_BREAKPOINT),
  ATTEMPT(single_step, EXIT_FAULT, FAULT_BREAKPOINT),
  ATTEMPT(single_step_call, EXIT_FAULT, FAULT_BREAKPOINT),
  ATTEMPT(undefined, EXIT_FAULT, FAULT_ILLEGAL),

  ATTEMPT(single_step_stack_load, EXIT_FAULT, FAULT_BREAKPOINT),
  ATTEMPT(x87_divide, EXIT_FAULT, FAULT_ARITHMETIC),
};
static const struct attempt harmless[] = {
  HARMLESS(odd_flags_syscall), HARMLESS(odd_flags_int), HARMLESS(no_stack_syscall),  HARMLESS(no_stack_int),
  HARMLESS(user_gs),           HARMLESS(registers_int), HARMLESS(registers_syscall), HARMLESS(lost_registers),
};
/* QEMU's emulation (7.2) reads the stack of a program's own lret and iret with the kernel's rights, which SMAP
 * denies: the program then faults for ever. So these run on the plain processor only. */
static const struct attempt returns[] = {
  REFUSED(far_return),
  REFUSED(iret_to_kernel),
  HARMLESS(interrupt_flag),
};

static const struct attempt *attempts;
static size_t attempt_count;

static bool ends_as_expected(const struct attempt *a)
{
  static const char path[] = "/tmp/attempt";
  struct wait_status status;
  if (guest_write_program(path, a->code, (size_t)(a->end - a->code)) != 0) return false;
  if (guest_spawn(path, NULL) <= 0 || process_wait(NULL, 0, &status) <= 0) return false;
  if (status.reason == a->reason && status.code == a->code_expected) return true;
  log_error("%s: reason %u, code %d", a->name, status.reason, status.code);
  return false;
}

static void run_attempts(void)
{
  unsigned unexpected = 0;
  for (size_t i = 0; i < attempt_count; i++) unexpected += !ends_as_expected(&attempts[i]);
  ktest_check(unexpected == 0);
}

static void run_all(const struct attempt *list, size_t count)
{
  attempts = list;
  attempt_count = count;
  guest_run(run_attempts);
}

KTEST(machine_refuses_privileged_instructions)
{
  run_all(privileged, ARRAY_SIZE(privileged));
}
KTEST(machine_refuses_foreign_gates_and_selectors)
{
  run_all(gates, ARRAY_SIZE(gates));
}
KTEST(machine_refuses_kernel_addresses)
{
  run_all(addresses, ARRAY_SIZE(addresses));
}
KTEST(machine_ends_programs_by_exceptions)
{
  run_all(exceptions, ARRAY_SIZE(exceptions));
}
KTEST(machine_refuses_returns_into_the_kernel)
{
  if (!cpu_features.smap) run_all(returns, ARRAY_SIZE(returns));
}
KTEST(machine_survives_odd_state)
{
  run_all(harmless, ARRAY_SIZE(harmless));
}
