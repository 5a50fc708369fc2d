/*
 * Ways to stop, each tried when the one before did not help. QEMU's test device comes first, where it is: it alone
 * takes an exit status. Port 0xF4 is another device's on a real PC, so it is only touched under a hypervisor, and
 * written only when it reads as that device does.
 */
#include "cpu.h"
#include "dev/acpi.h"
#include "dev/early_serial.h"
#include "insn.h"
#include <kern/log.h>

/* isa-debug-exit,iobase=0xf4,iosize=0x04: QEMU exits with (value << 1) | 1. build-aux/qemu-run maps that back. */
#define DEBUG_EXIT_PORT 0xF4
#define DEBUG_EXIT_READS 0x00 /* where nothing is, 0xFF */
#define DEBUG_EXIT_SUCCESS 0x10
#define DEBUG_EXIT_FAILURE 0x11
#define DEBUG_EXIT_MAX 0x7F
#define CPUID1_ECX_HYPERVISOR (1u << 31)

#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_ABSENT 0xFF
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

static void debug_exit(uint8_t value)
{
  if (!(insn_cpuid(1, 0).ecx & CPUID1_ECX_HYPERVISOR)) return;
  if (insn_in8(DEBUG_EXIT_PORT) == DEBUG_EXIT_READS) insn_out8(DEBUG_EXIT_PORT, value);
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
  debug_exit(debug_exit_value(status));
  acpi_power_off();
  log_notice("The machine can be switched off now.");
  stop();
}

NORETURN void arch_halt(int status)
{
  insn_cli();
  early_serial_drain();
  debug_exit(debug_exit_value(status));
  stop();
}

/* The controller's output line 0 is the processor's reset. */
static void keyboard_reset(void)
{
  if (insn_in8(KEYBOARD_COMMAND) == KEYBOARD_ABSENT) return;
  log_debug("power: reset by the keyboard controller");
  for (unsigned i = 0; i < KEYBOARD_TRIES && insn_in8(KEYBOARD_COMMAND) & KEYBOARD_INPUT_FULL; i++) insn_pause();
  insn_out8(KEYBOARD_COMMAND, KEYBOARD_PULSE_RESET);
  for (unsigned i = 0; i < KEYBOARD_TRIES; i++) insn_pause();
}

/* Without an interrupt table the first exception becomes a shutdown, which a PC answers with a reset. */
static void triple_fault(void)
{
  static const struct descriptor_pointer no_idt = {0};
  log_debug("power: reset by a triple fault");
  early_serial_drain();
  insn_lidt(&no_idt);
  __asm__ volatile("int3");
}

NORETURN void arch_reset(void)
{
  insn_cli();
  early_serial_drain();
  acpi_reset();
  keyboard_reset();
  triple_fault();
  stop();
}
