/*
 * The keyboard, through the PS/2 controller (Intel 8042) at ports 0x60 and 0x64, which translates to scan code set 1.
 * Nothing waits for ever: a controller or keyboard that is absent, silent or broken is passed over. The second port (a
 * mouse) stays off. Keys that the console has no room for are lost.
 *
 * The lights of the locks are told to the keyboard by two bytes, each of which it acknowledges, among the codes of keys:
 * the handler sends the second when it meets the first acknowledgement, and never waits.
 */
#include <kern/arch.h>
#include <kern/clock.h>
#include <kern/console.h>
#include <kern/irq.h>
#include <kern/log.h>

#include "scancode.h"

#define DATA 0x60u
#define STATUS 0x64u /* read; written: COMMAND */
#define COMMAND 0x64u
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
#define KEYBOARD_LIGHTS 0xED
#define KEYBOARD_ACKNOWLEDGE 0xFA
#define KEYBOARD_RESEND 0xFE
#define LIGHT_NUM 0x02
#define LIGHT_CAPS 0x04
#define LIGHTS_UNKNOWN 0xFF

#define PATIENCE (NS_PER_SEC / 10)
#define DRAIN_MAX 64u /* bytes; controllers keep 16 */

/* The handler's alone. */
static struct scancode_state keys;
static enum lights_step { LIGHTS_DONE, LIGHTS_TOLD, LIGHTS_SENT } lights_step; /* whose acknowledgement is to come */
static uint8_t lights = LIGHTS_UNKNOWN;                                        /* what the keyboard was told last */

static uint8_t read_port(unsigned port)
{
  return (uint8_t)arch_io_read(IO_PORT, port, 1);
}

/* The last look is after the deadline: all of the time may have passed between two, in a virtual machine that did not run. */
static bool wait_status(uint8_t bit, uint8_t value)
{
  uint64_t deadline = arch_clock_read() + PATIENCE;
  for (;;) {
    bool late = arch_clock_read() >= deadline;
    if ((read_port(STATUS) & bit) == value) return true;
    if (late) return false;
    arch_relax();
  }
}

static bool write_port(unsigned port, uint8_t value)
{
  if (!wait_status(STATUS_INPUT_FULL, 0)) return false;
  arch_io_write(IO_PORT, port, 1, value);
  return true;
}

static bool read_data(uint8_t *value)
{
  if (!wait_status(STATUS_OUTPUT_FULL, STATUS_OUTPUT_FULL)) return false;
  *value = read_port(DATA);
  return true;
}

/* A command that answers with one byte. */
static bool ask(enum controller_command command, uint8_t *answer)
{
  return write_port(COMMAND, command) && read_data(answer);
}

static void drain(void)
{
  for (unsigned i = 0; i < DRAIN_MAX && read_port(STATUS) & STATUS_OUTPUT_FULL; i++) (void)read_port(DATA);
}

static bool write_config(uint8_t config)
{
  return write_port(COMMAND, WRITE_CONFIG) && write_port(DATA, config);
}

/* Leaves the controller translating and silent, the keyboard's port on. */
static bool controller_init(uint8_t *config)
{
  uint8_t answer;
  if (read_port(STATUS) == STATUS_ABSENT) return false;
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

/* ---- lights ---- */

static uint8_t lights_wanted(void)
{
  return (uint8_t)((keys.num ? LIGHT_NUM : 0) | (keys.caps ? LIGHT_CAPS : 0));
}

/* Not when the controller still has a byte for the keyboard: the next key tries again. */
static void send_lights(uint8_t byte, enum lights_step next)
{
  if (read_port(STATUS) & STATUS_INPUT_FULL) return;
  arch_io_write(IO_PORT, DATA, 1, byte);
  lights_step = next;
}

static void update_lights(void)
{
  if (lights_step == LIGHTS_DONE && lights != lights_wanted()) send_lights(KEYBOARD_LIGHTS, LIGHTS_TOLD);
}

/* Takes the keyboard's answer about its lights. One that does not want to hear of them is not asked for these again. */
static bool take_answer(uint8_t code)
{
  enum lights_step step = lights_step;
  if (step == LIGHTS_DONE || (code != KEYBOARD_ACKNOWLEDGE && code != KEYBOARD_RESEND)) return false;
  lights_step = LIGHTS_DONE;
  if (step == LIGHTS_TOLD) lights = lights_wanted();
  if (step == LIGHTS_TOLD && code == KEYBOARD_ACKNOWLEDGE) send_lights(lights, LIGHTS_SENT);
  return true;
}

/* ---- keys ---- */

static void take_key(uint8_t code)
{
  uint8_t bytes[SCANCODE_BYTES_MAX];
  size_t n = scancode_decode(&keys, code, bytes);
  if (n > 0 && console_input_room() >= n) console_input_bytes(bytes, n, CONSOLE_AT_SCREEN);
}

static void keyboard_interrupt(void *arg UNUSED)
{
  uint8_t status;
  for (unsigned i = 0; i < DRAIN_MAX && (status = read_port(STATUS)) & STATUS_OUTPUT_FULL; i++) {
    uint8_t code = read_port(DATA);
    if (status & STATUS_SECOND_PORT) continue;
    if (!take_answer(code)) take_key(code);
    update_lights();
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
  keyboard_interrupt(NULL); /* what came meanwhile would keep the line from rising */
  update_lights();
  log_debug("ps2: keyboard, scan code set 1");
  return true;
}
