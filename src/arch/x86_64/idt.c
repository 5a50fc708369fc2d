/*
 * The interrupt table, one for all processors: 256 interrupt gates to the stubs of entry.S. Intel SDM vol. 3A, 6.14.
 * User mode may raise #BP (int3), #OF (into) and the two system calls; double fault, NMI, machine check and debug
 * exception run on stacks of their own, because they may find the current one unusable.
 */
#include "cpu.h"
#include "insn.h"
#include <fmt/trapframe.h>

static struct idt_gate idt[VECTOR_COUNT] __attribute__((aligned(16)));

static unsigned vector_ist(unsigned vector)
{
  switch (vector) {
  case VECTOR_DF: return IST_DOUBLE_FAULT;
  case VECTOR_NMI: return IST_NMI;
  case VECTOR_MC: return IST_MACHINE_CHECK;
  case VECTOR_DB: return IST_DEBUG;
  default: return 0;
  }
}

static bool vector_open_to_user(unsigned vector)
{
  return vector == VECTOR_BP || vector == VECTOR_OF || vector == VECTOR_SYSCALL || vector == VECTOR_NL_CALL;
}

void idt_init(void)
{
  for (unsigned v = 0; v < VECTOR_COUNT; v++) {
    uint64_t stub = (uintptr_t)x86_vectors + (uint64_t)v * VECTOR_STUB_SIZE;
    uint8_t access = vector_open_to_user(v) ? GATE_INTERRUPT | GATE_DPL_USER : GATE_INTERRUPT;
    idt[v] = descriptor_gate(stub, SELECTOR_KERNEL_CODE, access, vector_ist(v));
  }
}

void idt_load(void)
{
  struct descriptor_pointer pointer = {.limit = sizeof idt - 1, .base = (uintptr_t)idt};
  insn_lidt(&pointer);
}
