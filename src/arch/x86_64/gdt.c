/* The segment tables of a processor. Intel SDM vol. 3A, 3.4.5, 7.7; order of the selectors: fmt/trapframe.h. */
#include "cpu.h"
#include "insn.h"
#include <fmt/trapframe.h>

static void fill_tss(struct x86_cpu *c)
{
  c->tss = (struct tss){.io_map = sizeof c->tss}; /* no port bitmap: programs reach no port */
  for (unsigned i = 0; i < IST_COUNT; i++) {
    uint8_t *top = c->ist_stacks[i].bytes + IST_STACK_SIZE - IST_OWNER_SIZE;
    *(struct x86_cpu **)(void *)top = c;
    c->tss.ist[i] = (uintptr_t)top;
  }
}

static void fill_gdt(struct x86_cpu *c)
{
  c->gdt[0] = 0;
  c->gdt[SELECTOR_KERNEL_CODE / 8] = descriptor_segment(SEGMENT_KERNEL_CODE);
  c->gdt[SELECTOR_KERNEL_DATA / 8] = descriptor_segment(SEGMENT_KERNEL_DATA);
  c->gdt[SELECTOR_USER_DATA / 8] = descriptor_segment(SEGMENT_USER_DATA);
  c->gdt[SELECTOR_USER_CODE / 8] = descriptor_segment(SEGMENT_USER_CODE);
  descriptor_tss(&c->gdt[SELECTOR_TSS / 8], (uintptr_t)&c->tss, sizeof c->tss - 1);
}

/* CS by a far return; the others hold the kernel's data segment, FS and GS nothing (only their bases count). */
static void reload_segments(void)
{
  __asm__ volatile("pushq %0\n\t"
                   "leaq 1f(%%rip), %%rax\n\t"
                   "pushq %%rax\n\t"
                   "lretq\n"
                   "1:\n\t"
                   "movl %1, %%eax\n\t"
                   "movl %%eax, %%ds\n\t"
                   "movl %%eax, %%es\n\t"
                   "movl %%eax, %%ss\n\t"
                   "xorl %%eax, %%eax\n\t"
                   "movl %%eax, %%fs\n\t"
                   "movl %%eax, %%gs"
                   :
                   : "i"(SELECTOR_KERNEL_CODE), "i"(SELECTOR_KERNEL_DATA)
                   : "rax", "memory");
}

void gdt_init_cpu(struct x86_cpu *c)
{
  fill_tss(c);
  fill_gdt(c);
  struct descriptor_pointer pointer = {.limit = sizeof c->gdt - 1, .base = (uintptr_t)c->gdt};
  insn_lgdt(&pointer);
  reload_segments();
  insn_ltr(SELECTOR_TSS);
  insn_wrmsr(MSR_FS_BASE, 0);
  insn_wrmsr(MSR_GS_BASE, (uintptr_t)c);
  insn_wrmsr(MSR_KERNEL_GS_BASE, 0);
}
