/*
 * The two 8259A interrupt controllers; see dev/pic.h. Intel 8259A data sheet, "Programming the 8259A": ICW1-4
 * initialise, OCW1 masks, OCW2 ends an interrupt, OCW3 chooses the register to read.
 */
#include "pic.h"

#include "../insn.h"
#include <fmt/trapframe.h>
#include <kern/arch.h>

#define MASTER 0x20
#define SLAVE 0xA0
#define COMMAND 0 /* register offsets */
#define DATA 1
#define ICW1_INIT_ICW4 0x11
#define ICW4_8086 0x01
#define OCW2_EOI 0x20
#define OCW3_READ_ISR 0x0B
#define CASCADE 2 /* the slave's line at the master */
#define LINES 8

static uint16_t masked; /* interrupts disabled */

static void write_masks(void)
{
  insn_out8(MASTER + DATA, (uint8_t)masked);
  insn_out8(SLAVE + DATA, (uint8_t)(masked >> 8));
}

static void program(uint16_t base, uint8_t vector, uint8_t cascade)
{
  insn_out8(base + COMMAND, ICW1_INIT_ICW4);
  insn_out8(base + DATA, vector);
  insn_out8(base + DATA, cascade);
  insn_out8(base + DATA, ICW4_8086);
}

void pic_init(void)
{
  program(MASTER, VECTOR_IRQ_BASE, 1u << CASCADE);
  program(SLAVE, VECTOR_IRQ_BASE + LINES, CASCADE);
  masked = 0xFFFF;
  write_masks();
}

void pic_set_mask(unsigned irq, bool on)
{
  bool enabled = arch_irq_disable();
  uint16_t bit = (uint16_t)(1u << irq);
  masked = on ? masked | bit : masked & (uint16_t)~bit;
  if (irq >= LINES) masked &= (uint16_t) ~(1u << CASCADE);
  write_masks();
  arch_irq_restore(enabled);
}

void pic_eoi(unsigned irq)
{
  if (irq >= LINES) insn_out8(SLAVE + COMMAND, OCW2_EOI);
  insn_out8(MASTER + COMMAND, OCW2_EOI);
}

static bool in_service(uint16_t base)
{
  insn_out8(base + COMMAND, OCW3_READ_ISR);
  return insn_in8(base + COMMAND) & 1u << (LINES - 1);
}

bool pic_is_spurious(unsigned irq)
{
  if (irq == LINES - 1) return !in_service(MASTER);
  if (irq != 2 * LINES - 1 || in_service(SLAVE)) return false;
  insn_out8(MASTER + COMMAND, OCW2_EOI); /* the master did see a request, the slave's */
  return true;
}
