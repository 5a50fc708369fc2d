/*
 * Into the kernel and out of it: exception and interrupt stubs, the `syscall` entry. Every path leaves one complete
 * struct trapframe (fmt/trapframe.h) on the stack and passes its address on.
 * Intel SDM vol. 3A, 6.12-6.14 "Exception and interrupt handling"; vol. 2B SYSCALL, SYSRET, SWAPGS, IRET.
 *
 * GS: from user mode, and only then, GS base is the program's and swapgs exchanges it for the kernel's. Between a
 * swapgs and the matching change of privilege interrupts are off and nothing faults: the stack is mapped, and a
 * return address that iretq or sysretq would choke on is refused before (bad_user_return). NMI, double fault, machine
 * check and debug exception may still come there, in kernel mode but with the program's GS base and stack pointer. They
 * run on stacks of their own (IST). Nothing about a GS base tells whose it is, for programs may set theirs to any value
 * (FSGSBASE); but each of those stacks has its processor's struct x86_cpu at its top, just above the frame. So they load
 * GS base from there and put back what it was.
 */
#include "layout.h"

#define FRAME_R10 (6 * 8)
#define FRAME_R9 (7 * 8)
#define FRAME_R8 (8 * 8)
#define FRAME_RDI (9 * 8)
#define FRAME_RSI (10 * 8)
#define FRAME_RBP (11 * 8)
#define FRAME_RDX (13 * 8)
#define FRAME_RAX (15 * 8)
#define FRAME_VECTOR (16 * 8)
#define FRAME_RIP (18 * 8)
#define FRAME_CS (19 * 8)
#define FRAME_RFLAGS (20 * 8)
#define FRAME_RSP (21 * 8)
#define FRAME_WORDS 23
#define FRAME_SIZE (FRAME_WORDS * 8)

#define SELECTOR_USER_DATA 0x1B
#define SELECTOR_USER_CODE 0x23
#define VECTOR_PF 14
#define VECTOR_SYSCALL 0x80
#define MSR_GS_BASE 0xC0000101

/* rax down to r15: with cr2 below, the rest of the frame above. */
.macro PUSH_REGISTERS
  pushq %rax
  pushq %rcx
  pushq %rdx
  pushq %rbx
  pushq %rbp
  pushq %rsi
  pushq %rdi
  pushq %r8
  pushq %r9
  pushq %r10
  pushq %r11
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
.endm

/* rsp at cr2; leaves it at vector. */
.macro POP_REGISTERS
  addq $8, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %r11
  popq %r10
  popq %r9
  popq %r8
  popq %rdi
  popq %rsi
  popq %rbp
  popq %rbx
  popq %rdx
  popq %rcx
  popq %rax
.endm

/* A program's AC flag would lift SMAP inside the kernel. Three bytes that arch_cpu_init turns into clac where the
 * processor has it. */
.macro CLAC_SITE
771:
  nopl (%rax)
  .pushsection .rodata.clac, "a", @progbits
  .long 771b - .
  .popsection
.endm

  .section .rodata.clac, "a", @progbits
  .p2align 2
  .globl x86_clac_sites
x86_clac_sites:

  .text

/* ---- the 256 stubs, 16 bytes each: a zero where the processor pushes no error code, the vector, on ---- */
  .globl x86_vectors
  .p2align 4
x86_vectors:
  .set vector, 0
  .rept 256
  .p2align 4
  .if vector != 8 && (vector < 10 || vector > 14) && vector != 17 && vector != 21 && vector != 29 && vector != 30
  pushq $0
  .endif
  pushq $vector
  .if vector == 1
  jmp debug_common
  .elseif vector == 2 || vector == 8 || vector == 18
  jmp paranoid_common
  .else
  jmp trap_common
  .endif
  .set vector, vector + 1
  .endr

/* ---- exceptions and interrupts ---- */
  .p2align 4
trap_common:
  cld
  PUSH_REGISTERS
  CLAC_SITE
  xorl %eax, %eax
  testb $3, FRAME_CS - 8(%rsp)
  jz 1f
  swapgs
  xorl %ebp, %ebp /* a program's rbp is no part of a kernel backtrace */
1:
  cmpl $VECTOR_PF, FRAME_VECTOR - 8(%rsp)
  jne 2f
  movq %cr2, %rax
2:
  pushq %rax
trap_call:
  movq %rsp, %rdi
  subq $8, %rsp
  call x86_trap
  addq $8, %rsp
  testb $3, FRAME_CS(%rsp)
  jnz trap_return_user
  POP_REGISTERS
  addq $16, %rsp
  iretq

/* rsp at a user frame, interrupts off. */
trap_return_user:
  movq FRAME_RIP(%rsp), %rax
  shrq $47, %rax
  jnz bad_user_return
  swapgs
  POP_REGISTERS
  addq $16, %rsp
  iretq

/* iretq and sysretq fault in kernel mode, on the program's GS base, when the address is not canonical. */
bad_user_return:
  movq %rsp, %rdi
  subq $8, %rsp
  call x86_bad_user_return

/* void x86_user_return(struct trapframe *frame) */
  .globl x86_user_return
  .p2align 4
x86_user_return:
  movq %rdi, %rsp
  jmp trap_return_user

/* ---- debug exception, NMI, double fault, machine check ---- */

/* A program's debug exception is no more than a fault: it goes on on the thread's own stack, where it may sleep and
 * end. From user mode GS base is always the program's. */
  .p2align 4
debug_common:
  cld
  PUSH_REGISTERS
  CLAC_SITE
  testb $3, FRAME_CS - 8(%rsp)
  jz paranoid_frame
  swapgs
  pushq $0
  movq %rsp, %rsi
  movq %gs:CPU_KERNEL_STACK, %rdi
  subq $FRAME_SIZE, %rdi
  movq %rdi, %rsp
  movl $FRAME_WORDS, %ecx
  rep movsq
  xorl %ebp, %ebp
  jmp trap_call

  .p2align 4
paranoid_common:
  cld
  PUSH_REGISTERS
  CLAC_SITE
paranoid_frame:
  movq %cr2, %rax
  pushq %rax
  movl $MSR_GS_BASE, %ecx
  rdmsr
  shlq $32, %rdx
  orq %rdx, %rax
  movq %rax, %rbx /* kept by the C code: what to put back */
  movq FRAME_SIZE(%rsp), %rax
  movq %rax, %rdx
  shrq $32, %rdx
  wrmsr
  testb $3, FRAME_CS(%rsp)
  jz 1f
  xorl %ebp, %ebp
1:
  movq %rsp, %rdi
  subq $8, %rsp
  call x86_paranoid_trap
  addq $8, %rsp
  movl $MSR_GS_BASE, %ecx
  movq %rbx, %rax
  movq %rbx, %rdx
  shrq $32, %rdx
  wrmsr
  POP_REGISTERS
  addq $16, %rsp
  iretq

/* ---- the syscall instruction: rcx = return address, r11 = flags, rsp still the program's ---- */
  .globl x86_syscall_entry
  .p2align 4
x86_syscall_entry:
  swapgs
  movq %rsp, %gs:CPU_USER_STACK
  movq %gs:CPU_KERNEL_STACK, %rsp
  pushq $SELECTOR_USER_DATA
  pushq %gs:CPU_USER_STACK
  pushq %r11
  pushq $SELECTOR_USER_CODE
  pushq %rcx
  pushq $0
  pushq $VECTOR_SYSCALL
  PUSH_REGISTERS
  pushq $0
  xorl %ebp, %ebp
  movq %rsp, %rdi
  subq $8, %rsp
  call trap_dispatch
  /* Interrupts are off. The callee-saved registers came back from the call as the program had them, save rbp; rcx and
   * r11 are the instruction's own. */
  movq 8 + FRAME_RIP(%rsp), %rcx
  movq %rcx, %rax
  shrq $47, %rax
  jnz 1f
  movq 8 + FRAME_R10(%rsp), %r10
  movq 8 + FRAME_R9(%rsp), %r9
  movq 8 + FRAME_R8(%rsp), %r8
  movq 8 + FRAME_RDI(%rsp), %rdi
  movq 8 + FRAME_RSI(%rsp), %rsi
  movq 8 + FRAME_RBP(%rsp), %rbp
  movq 8 + FRAME_RDX(%rsp), %rdx
  movq 8 + FRAME_RAX(%rsp), %rax
  movq 8 + FRAME_RFLAGS(%rsp), %r11
  movq 8 + FRAME_RSP(%rsp), %rsp
  swapgs
  sysretq
1:
  addq $8, %rsp
  jmp bad_user_return

/* ---- a call by X86_INJECT_POINT (inject.h): every register stays as it is ---- */
.macro INJECT_POINT function
  .globl \function\()_point
\function\()_point:
  PUSH_REGISTERS
  movq %rsp, %rbx
  andq $-16, %rsp
  call \function
  leaq -8(%rbx), %rsp
  POP_REGISTERS
  ret
.endm
  INJECT_POINT x86_inject_clock
  INJECT_POINT x86_inject_irq

  .section .rodata.clac, "a", @progbits
  .globl x86_clac_sites_end
x86_clac_sites_end:

  .section .note.GNU-stack, "", @progbits
