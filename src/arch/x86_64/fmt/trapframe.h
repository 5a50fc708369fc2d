/*
 * The registers a trap saves, lowest address first: what the hardware stubs push (arch/x86_64/entry.S) and what the
 * simulated processor fills in. Intel SDM vol. 3A, 6.14 "Exception and Interrupt Handling in 64-bit Mode".
 */
#ifndef X86_FMT_TRAPFRAME_H
#define X86_FMT_TRAPFRAME_H

#include <kern/trap.h>

struct trapframe {
  uint64_t cr2; /* page faults: the address; else 0 */
  uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
  uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
  uint64_t vector; /* 0-255; VECTOR_SYSCALL for the syscall instruction too */
  uint64_t error;  /* 0 where the processor pushes none */
  uint64_t rip, cs, rflags, rsp, ss;
};
_Static_assert(sizeof(struct trapframe) == 23 * 8, "entry stubs push 23 words");

/* GDT selectors. User data stands before user code because SYSRET computes them so (SDM vol. 2B, SYSRET). */
#define SELECTOR_KERNEL_CODE 0x08u
#define SELECTOR_KERNEL_DATA 0x10u
#define SELECTOR_USER_DATA (0x18u | 3)
#define SELECTOR_USER_CODE (0x20u | 3)
#define SELECTOR_TSS 0x28u

#define VECTOR_DE 0
#define VECTOR_DB 1
#define VECTOR_NMI 2
#define VECTOR_BP 3
#define VECTOR_OF 4
#define VECTOR_BR 5
#define VECTOR_UD 6
#define VECTOR_NM 7
#define VECTOR_DF 8
#define VECTOR_TS 10
#define VECTOR_NP 11
#define VECTOR_SS 12
#define VECTOR_GP 13
#define VECTOR_PF 14
#define VECTOR_MF 16
#define VECTOR_AC 17
#define VECTOR_MC 18
#define VECTOR_XM 19
#define VECTOR_VE 20
#define VECTOR_CP 21
#define VECTOR_HV 28
#define VECTOR_VC 29
#define VECTOR_SX 30
#define VECTOR_IRQ_BASE 32 /* IRQ n arrives at 32 + n */
#define VECTOR_SYSCALL 0x80
#define VECTOR_NL_CALL 0x81
#define VECTOR_COUNT 256

/* Page-fault error code (SDM vol. 3A, 4.7). */
#define PF_PRESENT 0x01u
#define PF_WRITE 0x02u
#define PF_USER 0x04u
#define PF_RESERVED 0x08u
#define PF_FETCH 0x10u

#define RFLAGS_RESERVED1 0x2u /* always set */
#define RFLAGS_TF 0x100u
#define RFLAGS_IF 0x200u
#define RFLAGS_DF 0x400u
#define RFLAGS_IOPL 0x3000u
#define RFLAGS_NT 0x4000u
#define RFLAGS_RF 0x10000u
#define RFLAGS_AC 0x40000u

#endif
