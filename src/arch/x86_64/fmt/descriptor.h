/*
 * The tables of segmentation: GDT and IDT entries and the task-state segment, as values. Pure encoders; cpu.c, gdt.c
 * and idt.c load them. Intel SDM vol. 3A, 3.4.5 "Segment Descriptors", 6.14.1 "64-Bit Mode IDT", 7.7 "Task Management
 * in 64-bit Mode".
 */
#ifndef X86_FMT_DESCRIPTOR_H
#define X86_FMT_DESCRIPTOR_H

#include <kern/types.h>

/* Access bytes: present, privilege level, type. */
#define SEGMENT_KERNEL_CODE 0x9Au
#define SEGMENT_KERNEL_DATA 0x92u
#define SEGMENT_USER_DATA 0xF2u
#define SEGMENT_USER_CODE 0xFAu
#define SEGMENT_TSS 0x89u

#define GATE_INTERRUPT 0x8Eu /* clears IF; descriptor privilege level 0 */
#define GATE_DPL_USER 0x60u  /* or-ed in: user mode may raise it by int n */

/* What lgdt and lidt read. */
struct descriptor_pointer {
  uint16_t limit; /* bytes - 1 */
  uint64_t base;
} __attribute__((packed));
_Static_assert(sizeof(struct descriptor_pointer) == 10, "limit and base");

struct idt_gate {
  uint64_t low, high;
};
_Static_assert(sizeof(struct idt_gate) == 16, "64-bit gates");

struct tss {
  uint32_t reserved0;
  uint64_t rsp[3]; /* stack pointers for entering ring 0-2 */
  uint64_t reserved1;
  uint64_t ist[7]; /* ist[0] is IST 1 */
  uint64_t reserved2;
  uint16_t reserved3;
  uint16_t io_map; /* offset of the port bitmap; past the limit: none */
} __attribute__((packed));
_Static_assert(sizeof(struct tss) == 104, "SDM figure 7-11");

/* A flat code or data segment; code segments are 64-bit ones. */
uint64_t descriptor_segment(uint8_t access);

/* A TSS descriptor takes two GDT slots. */
void descriptor_tss(uint64_t slots[2], uint64_t base, uint32_t limit);

/* `ist`: 0 keeps the stack rules, 1-7 always switches to that stack of the TSS. */
struct idt_gate descriptor_gate(uint64_t handler, uint16_t selector, uint8_t access, unsigned ist);

/* The handler address a gate leads to: what a test reads back. */
uint64_t descriptor_gate_handler(const struct idt_gate *gate);

#endif
