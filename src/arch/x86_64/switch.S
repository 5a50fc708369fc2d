/*
 * The callee-saved register switch; see fmt/switch.h. Also linked into the simulator: position-independent, no
 * privileged instruction. System V ABI: rbx, rbp, r12-r15 belong to the caller of a function, the rest is lost
 * anyway.
 */
  .text

/* void x86_switch(void **save, void *load) */
  .globl x86_switch
  .type x86_switch, @function
  .p2align 4
x86_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size x86_switch, . - x86_switch

/* Entered by the ret above with rsp 16-byte aligned (x86_switch_prepare), so that the callee sees what a call leaves.
 * */
  .globl x86_switch_start
  .type x86_switch_start, @function
  .p2align 4
x86_switch_start:
  movq %r12, %rdi
  callq *%rbx
  ud2
  .size x86_switch_start, . - x86_switch_start

  .section .note.GNU-stack, "", @progbits
