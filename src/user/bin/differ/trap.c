/*
 * Instructions that a program may not execute, or only with harm to itself, and a few that look so and must do nothing.
 *
 * Not here, because the machines differ in the processor, not in the kernel: the vector unit's unmasked exceptions and alignment
 * checks, which QEMU does not raise; iret and far return, for which QEMU 7.2 reads the program's stack with the kernel's rights,
 * so that SMAP stops it again and again; int1, which QEMU 7.2 does not know; sgdt, sidt and smsw, whose answers are the machine's; sysenter, which on some hosts is
 * Linux's own.
 */
#include "differ.h"

#define TRAP(name, code)                               \
  static __attribute__((naked)) void trap_##name(void) \
  {                                                    \
    __asm__(code "; ret");                             \
  }

#define TRAPS(X)                                                                                                       \
  X(ud2, "ud2")                                                                                                        \
  X(ud1, ".byte 0x0F, 0xB9, 0xC0")                                                                                     \
  X(lock_nop, ".byte 0xF0, 0x90")                                                                                      \
  X(push_cs, ".byte 0x0E")                                                                                             \
  X(int3, "int3")                                                                                                      \
  X(int_0, "int $0")                                                                                                   \
  X(int_3, "int $3")                                                                                                   \
  X(int_4, "int $4")                                                                                                   \
  X(int_13, "int $13")                                                                                                 \
  X(int_14, "int $14")                                                                                                 \
  X(int_32, "int $0x20")                                                                                               \
  X(int_127, "int $0x7F")                                                                                              \
  X(int_129, "int $0x81")                                                                                              \
  X(int_255, "int $0xFF")                                                                                              \
  X(divide_zero, "xor %ecx, %ecx; mov $1, %eax; cltd; idivl %ecx")                                                     \
  X(divide_overflow, "mov $0x80000000, %eax; cltd; mov $-1, %ecx; idivl %ecx")                                         \
  X(x87_divide, "sub $16, %rsp; movw $0x37B, (%rsp); fninit; fldcw (%rsp); fld1; fldz; fdivrp; fwait; add $16, %rsp")  \
  X(x87_invalid, "sub $16, %rsp; movw $0x37E, (%rsp); fninit; fldcw (%rsp); fldz; fldz; fdivrp; fwait; add $16, %rsp") \
  X(hlt, "hlt")                                                                                                        \
  X(cli, "cli")                                                                                                        \
  X(sti, "sti")                                                                                                        \
  X(in_al, "mov $0x64, %edx; in %dx, %al")                                                                             \
  X(in_eax, "in $0x80, %eax")                                                                                          \
  X(out_al, "out %al, $0x80")                                                                                          \
  X(outs, "mov $0x3F8, %edx; outsb")                                                                                   \
  X(ins, "mov $0x3F8, %edx; insb")                                                                                     \
  X(read_cr0, "mov %cr0, %rax")                                                                                        \
  X(read_cr3, "mov %cr3, %rax")                                                                                        \
  X(write_cr0, "xor %eax, %eax; mov %rax, %cr0")                                                                       \
  X(write_cr3, "xor %eax, %eax; mov %rax, %cr3")                                                                       \
  X(write_cr4, "xor %eax, %eax; mov %rax, %cr4")                                                                       \
  X(write_cr8, "xor %eax, %eax; mov %rax, %cr8")                                                                       \
  X(read_dr7, "mov %db7, %rax")                                                                                        \
  X(write_dr0, "mov %rax, %db0")                                                                                       \
  X(rdmsr, "mov $0xC0000080, %ecx; rdmsr")                                                                             \
  X(wrmsr, "mov $0xC0000080, %ecx; wrmsr")                                                                             \
  X(invlpg, "invlpg (%rsp)")                                                                                           \
  X(invd, "invd")                                                                                                      \
  X(wbinvd, "wbinvd")                                                                                                  \
  X(clts, "clts")                                                                                                      \
  X(lmsw, "lmsw %ax")                                                                                                  \
  X(lgdt, "lgdt (%rsp)")                                                                                               \
  X(lidt, "lidt (%rsp)")                                                                                               \
  X(lldt, "xor %eax, %eax; lldt %ax")                                                                                  \
  X(ltr, "xor %eax, %eax; ltr %ax")                                                                                    \
  X(swapgs, "swapgs")                                                                                                  \
  X(sysret, "sysretq")                                                                                                 \
  X(sysexit, "sysexitl")                                                                                               \
  X(xsetbv, "xor %ecx, %ecx; xor %edx, %edx; mov $1, %eax; xsetbv")                                                    \
  X(load_ss, "mov $0x8, %eax; mov %ax, %ss")                                                                           \
  X(load_ds, "mov $0x10, %eax; mov %ax, %ds")                                                                          \
  X(load_ss_null, "xor %eax, %eax; mov %ax, %ss")                                                                      \
  X(read_odd, "mov $0x8000000000000000, %rax; mov (%rax), %al")                                                        \
  X(stack_odd, "mov %rsp, %r8; mov $0x800000000000, %rsp; push %rax; mov %r8, %rsp")                                   \
  X(jump_odd, "mov $0x800000000000, %rax; jmp *%rax")                                                                  \
  X(return_odd, "mov $0xFFFF7FFFFFFFFFFF, %rax; push %rax; ret")                                                       \
  X(stack_null, "xor %esp, %esp; push %rax")                                                                           \
  X(stack_overflow, "1: push %rax; jmp 1b")                                                                            \
  X(too_long, ".fill 15, 1, 0x66; nop")                                                                                \
  X(vector_odd, "movaps 1(%rsp), %xmm0")                                                                               \
  X(step_trap, "pushfq; orl $0x100, (%rsp); popfq; nop; nop")                                                          \
  X(interrupts_off, "pushfq; andl $~0x200, (%rsp); popfq")                                                             \
  X(privilege_level, "pushfq; orl $0x3000, (%rsp); popfq; pushfq; pop %rax; test $0x3000, %eax; jz 1f; ud2; 1:")       \
  X(direction, "std; mov $39, %eax; syscall; cld")                                                                     \
  X(prefetch_null, "prefetcht0 0")                                                                                     \
  X(pause, "pause")                                                                                                    \
  X(load_ds_null, "xor %eax, %eax; mov %ax, %ds; mov %ax, %es")

TRAPS(TRAP)

#define ENTRY(name, code) {#name, trap_##name},
static const struct {
  const char *name;
  void (*execute)(void);
} traps[] = {TRAPS(ENTRY)};

unsigned trap_count(void)
{
  return sizeof traps / sizeof *traps;
}

const char *trap_name(unsigned i)
{
  return traps[i].name;
}

void trap_execute(unsigned i)
{
  traps[i].execute();
}
