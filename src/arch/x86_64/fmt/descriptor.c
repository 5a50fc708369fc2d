/* Encoders for descriptor tables; see fmt/descriptor.h. */
#include <fmt/descriptor.h>

#define ACCESS_SHIFT 40
#define ACCESS_EXECUTABLE 0x08u
#define FLAGS_SHIFT 52
#define FLAG_LONG 0x2u       /* L: 64-bit code */
#define FLAG_BIG 0x4u        /* D/B: 32-bit operands; must be clear with L */
#define FLAG_PAGE_LIMIT 0x8u /* G: the limit counts pages */
#define LIMIT_MAX 0x000F00000000FFFFull

uint64_t descriptor_segment(uint8_t access)
{
  uint64_t flags = FLAG_PAGE_LIMIT | (access & ACCESS_EXECUTABLE ? FLAG_LONG : FLAG_BIG);
  return LIMIT_MAX | (uint64_t)access << ACCESS_SHIFT | flags << FLAGS_SHIFT;
}

void descriptor_tss(uint64_t slots[2], uint64_t base, uint32_t limit)
{
  slots[0] = (limit & 0xFFFFu) | (base & 0xFFFFFFull) << 16 | (uint64_t)SEGMENT_TSS << ACCESS_SHIFT |
             (uint64_t)(limit >> 16 & 0xF) << 48 | (base >> 24 & 0xFF) << 56;
  slots[1] = base >> 32;
}

struct idt_gate descriptor_gate(uint64_t handler, uint16_t selector, uint8_t access, unsigned ist)
{
  return (struct idt_gate){
    .low = (handler & 0xFFFF) | (uint64_t)selector << 16 | (uint64_t)(ist & 7) << 32 |
           (uint64_t)access << ACCESS_SHIFT | (handler >> 16 & 0xFFFF) << 48,
    .high = handler >> 32,
  };
}

uint64_t descriptor_gate_handler(const struct idt_gate *gate)
{
  return (gate->low & 0xFFFF) | (gate->low >> 48) << 16 | gate->high << 32;
}
