/*
 * The high precision event timer, as a stopwatch: its main counter. IA-PC HPET specification 1.0a, 2.3 "Memory mapped
 * registers". Its comparators are not used: every processor has a timer of its own.
 */
#include "../io.h"
#include "acpi.h"
#include "stopwatch.h"

#define REGISTERS_SIZE 0x400u
#define PERIOD 1 /* of 32-bit words: upper half of the capabilities */
#define CONFIG 4
#define COUNTER 60
#define CONFIG_ENABLE 0x1u
#define CONFIG_LEGACY 0x2u /* takes the interrupts of the 8254 and of the calendar chip */
#define PERIOD_MAX 100000000u
#define FEMTOSECONDS 1000000000000000ull

static volatile uint32_t *registers;

static uint32_t read_counter(void)
{
  return registers[COUNTER];
}

bool hpet_stopwatch(struct stopwatch *w)
{
  registers = acpi.hpet.address ? io_registers_at(acpi.hpet.address, REGISTERS_SIZE) : NULL;
  if (!registers) return false;
  uint32_t period = registers[PERIOD];
  if (period == 0 || period > PERIOD_MAX) return false;
  registers[CONFIG] = (registers[CONFIG] & ~CONFIG_LEGACY) | CONFIG_ENABLE;
  *w = (struct stopwatch){
    .name = "HPET", .hz = (uint32_t)MIN(FEMTOSECONDS / period, UINT32_MAX), .mask = UINT32_MAX, .read = read_counter};
  return true;
}
