/*
 * The keyboard, through the PS/2 controller (Intel 8042) at ports 0x60 and 0x64, which translates to scan code set 1.
 * Nothing waits for ever: a controller or keyboard that is absent or silent is passed over. The second port (a mouse)
 * stays off. Keys that the console has no room for are lost.
 */
#include "../insn.h"
#include "devices.h"
#include <fmt/scancode.h>
#include <kern/arch.h>
#include <kern/clock.h>
#include <kern/console.h>
#include <kern/irq.h>
#include <kern/log.h>

#define DATA 0x60
#define STATUS 0x64 /* read; written: COMMAND */
#define COMMAND 0x64
#define STATUS_OUTPUT_FULL 0x01
#define STATUS_INPUT_FULL 0x02
#define STATUS_SECOND_PORT 0x20
#define STATUS_ABSENT 0xFF

enum controller_command {
  READ_CONFIG = 0x20,
  WRITE_CONFIG = 0x60,
  DISABLE_SECOND = 0xA7,
  SELF_TEST = 0xAA,
  TEST_FIRST = 0xAB,
  DISABLE_FIRST = 0xAD,
  ENABLE_FIRST = 0xAE,
};
#define CONFIG_FIRST_INTERRUPT 0x01
#define CONFIG_SECOND_INTERRUPT 0x02
#define CONFIG_FIRST_OFF 0x10
#define CONFIG_TRANSLATE 0x40
#define SELF_TEST_PASSED 0x55
#define TEST_FIRST_PASSED 0x00

#define KEYBOARD_ENABLE 0xF4
#define KEYBOARD_ACKNOWLEDGE 0xFA

#define PATIENCE (NS_PER_SEC / 10)
#define DRAIN_MAX 64u /* bytes; controllers keep 16 */

static struct scancode_state keys; /* the handler's alone */

static bool wait_status(uint8_t bit, uint8_t value)
{
  uint64_t deadline = arch_clock_read() + PATIENCE;
  do {
    if ((insn_in8(STATUS) & bit) == value) return true;
    insn_pause();
  } while (arch_clock_read() < deadline);
  return false;
}

static bool write_port(uint16_t port, uint8_t value)
{
  if (!wait_status(STATUS_INPUT_FULL, 0)) return false;
  insn_out8(port, value);
  return true;
}

static bool read_data(uint8_t *value)
{
  if (!wait_status(STATUS_OUTPUT_FULL, STATUS_OUTPUT_FULL)) return false;
  *value = insn_in8(DATA);
  return true;
}

/* A command that answers with one byte. */
static bool ask(enum controller_command command, uint8_t *answer)
{
  return write_port(COMMAND, command) && read_data(answer);
}

static void drain(void)
{
  for (unsigned i = 0; i < DRAIN_MAX && insn_in8(STATUS) & STATUS_OUTPUT_FULL; i++) (void)insn_in8(DATA);
}

static bool write_config(uint8_t config)
{
  return write_port(COMMAND, WRITE_CONFIG) && write_port(DATA, config);
}

/* Leaves the controller translating and silent, the keyboard's port on. */
static bool controller_init(uint8_t *config)
{
  uint8_t answer;
  if (insn_in8(STATUS) == STATUS_ABSENT) return false;
  if (!write_port(COMMAND, DISABLE_FIRST) || !write_port(COMMAND, DISABLE_SECOND)) return false;
  drain();
  if (!ask(READ_CONFIG, config)) return false;
  *config &= (uint8_t) ~(CONFIG_FIRST_INTERRUPT | CONFIG_SECOND_INTERRUPT | CONFIG_FIRST_OFF);
  *config |= CONFIG_TRANSLATE;
  if (!ask(SELF_TEST, &answer) || answer != SELF_TEST_PASSED) return false;
  if (!write_config(*config)) return false; /* after the test, which resets it */
  if (!ask(TEST_FIRST, &answer) || answer != TEST_FIRST_PASSED) return false;
  return write_port(COMMAND, ENABLE_FIRST);
}

/* Lets the keyboard send. Codes of keys pressed meanwhile may come before its answer. */
static bool keyboard_start(void)
{
  uint8_t answer;
  if (!write_port(DATA, KEYBOARD_ENABLE)) return false;
  for (unsigned i = 0; i < DRAIN_MAX; i++) {
    if (!read_data(&answer)) return false;
    if (answer == KEYBOARD_ACKNOWLEDGE) return true;
  }
  return false;
}

static void keyboard_interrupt(void *arg UNUSED)
{
  uint8_t status, bytes[SCANCODE_BYTES_MAX];
  for (unsigned i = 0; i < DRAIN_MAX && (status = insn_in8(STATUS)) & STATUS_OUTPUT_FULL; i++) {
    uint8_t code = insn_in8(DATA);
    if (status & STATUS_SECOND_PORT) continue;
    size_t n = scancode_decode(&keys, code, bytes);
    if (n > 0 && console_input_room() >= n) console_input_bytes(bytes, n);
  }
}

bool keyboard_init(void)
{
  uint8_t config;
  if (!controller_init(&config)) {
    log_debug("ps2: no keyboard controller");
    return false;
  }
  if (!keyboard_start()) {
    log_debug("ps2: no keyboard");
    return false;
  }
  if (irq_register(IRQ_KEYBOARD, keyboard_interrupt, NULL) || !write_config(config | CONFIG_FIRST_INTERRUPT)) {
    log_warn("ps2: no interrupts from the keyboard");
    return false;
  }
  log_debug("ps2: keyboard, scan code set 1");
  return true;
}
