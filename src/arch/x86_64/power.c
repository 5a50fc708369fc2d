/* Ways to stop: QEMU's test device first, then what a PC without ACPI tables offers. */
#include "cpu.h"
#include "dev/early_serial.h"
#include "insn.h"

/* isa-debug-exit,iobase=0xf4,iosize=0x04: QEMU exits with (value << 1) | 1. build-aux/qemu-run maps that back. */
#define DEBUG_EXIT_PORT 0xF4
#define DEBUG_EXIT_SUCCESS 0x10
#define DEBUG_EXIT_FAILURE 0x11
#define DEBUG_EXIT_MAX 0x7F

/* PM1a control blocks as QEMU (PIIX4, ICH9) and Bochs place them; sleep type 5, sleep enable. */
#define QEMU_PM1A_CONTROL 0x604
#define BOCHS_PM1A_CONTROL 0xB004
#define PM1_SLEEP_OFF 0x2000

#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_INPUT_FULL 0x02
#define KEYBOARD_PULSE_RESET 0xFE
#define KEYBOARD_TRIES 0x10000

static NORETURN void stop(void)
{
  for (;;) {
    insn_cli();
    insn_hlt();
  }
}

/* Seven bits survive the device, two values have a meaning of their own. */
static uint8_t debug_exit_value(int status)
{
  if (status == 0) return DEBUG_EXIT_SUCCESS;
  if (status < 0 || status > DEBUG_EXIT_MAX || status == DEBUG_EXIT_SUCCESS) return DEBUG_EXIT_FAILURE;
  return (uint8_t)status;
}

NORETURN void arch_power_off(int status)
{
  insn_cli();
  early_serial_drain();
  insn_out8(DEBUG_EXIT_PORT, debug_exit_value(status));
  insn_out16(QEMU_PM1A_CONTROL, PM1_SLEEP_OFF);
  insn_out16(BOCHS_PM1A_CONTROL, PM1_SLEEP_OFF);
  stop();
}

NORETURN void arch_halt(void)
{
  insn_cli();
  early_serial_drain();
  insn_out8(DEBUG_EXIT_PORT, DEBUG_EXIT_FAILURE);
  stop();
}

NORETURN void arch_reset(void)
{
  static const struct descriptor_pointer no_idt = {0};
  insn_cli();
  early_serial_drain();
  for (unsigned i = 0; i < KEYBOARD_TRIES && insn_in8(KEYBOARD_COMMAND) & KEYBOARD_INPUT_FULL; i++) insn_pause();
  insn_out8(KEYBOARD_COMMAND, KEYBOARD_PULSE_RESET);
  /* Without an interrupt table the first exception becomes a shutdown, which a PC answers with a reset. */
  insn_lidt(&no_idt);
  __asm__ volatile("int3");
  stop();
}
