/*
 * The callee-saved register switch (switch.S): the one both machines use. Position-independent, no privileged
 * instruction. A stack that is not running keeps the registers of struct switch_frame at its saved stack pointer.
 */
#ifndef X86_FMT_SWITCH_H
#define X86_FMT_SWITCH_H

#include <kern/types.h>

/* What x86_switch leaves on the stack it switches away from, lowest address first. */
struct switch_frame {
  uint64_t r15, r14, r13, r12, rbx, rbp;
  uintptr_t pc; /* where x86_switch returns to */
};
_Static_assert(sizeof(struct switch_frame) == 7 * 8, "switch.S pushes six registers over the return address");

/* Pushes the callee-saved registers, stores the stack pointer in *save, continues the stack `load`. */
void x86_switch(void **save, void *load);

/* First code on a new stack: calls the function in rbx with the argument in r12; it must not return. */
void x86_switch_start(void);

/* Lays out a new stack below `top` (16-byte aligned) so that the first x86_switch to the answer calls entry(arg). The
 * null frame pointer ends backtraces. */
static inline void *x86_switch_prepare(void *top, void (*entry)(void *), void *arg)
{
  struct switch_frame *frame = (struct switch_frame *)((uintptr_t)top - 16 - sizeof *frame);
  *frame = (struct switch_frame){
    .rbx = (uint64_t)(uintptr_t)entry,
    .r12 = (uint64_t)(uintptr_t)arg,
    .pc = (uintptr_t)x86_switch_start,
  };
  return frame;
}

#endif
