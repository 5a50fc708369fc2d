/*
 * The keyboard's driver over a model of the controller and the keyboard, in good health and with every part of them
 * failing. Time passes by looking at the clock, so whatever would wait for ever fails by the time it took.
 */
#include "suite.h"
#include <string.h>

#include <kern/arch.h>
#include <kern/console.h>
#include <kern/irq.h>
#include <kern/log.h>

#define FAR_TOO_LONG 10000000000ull /* ns */

static struct {
  /* what is wrong */
  bool absent;    /* nothing at the ports */
  bool deaf;      /* the controller never takes a byte */
  bool silent;    /* it never answers */
  bool stuck;     /* it always has a byte to read, `stuck_byte` */
  bool unplugged; /* there is no keyboard */
  bool no_lights; /* the keyboard refuses to switch lights */
  bool slow;      /* an answer takes a millisecond */
  uint8_t stuck_byte, self_test, port_test;
  /* the controller */
  uint8_t output[32];
  size_t waiting;
  uint64_t answered_at;
  uint8_t config;
  bool config_follows;
  /* the keyboard */
  bool enabled, lights_follow;
  uint8_t lights;
  unsigned lights_set;
} pc;

static uint64_t now, stall; /* the second: of the processor, in each turn of a wait */
static void (*handler)(void *);
static char typed[256];
static size_t typed_length, room;
static char logged[64];

static void reset(void)
{
  memset(&pc, 0, sizeof pc);
  pc.self_test = 0x55;
  pc.config = 0x63; /* both interrupts on, as firmware leaves it */
  pc.lights = 0x02;
  typed_length = 0;
  room = sizeof typed;
  now = 0;
  stall = 0;
  handler = NULL;
  logged[0] = '\0';
}

static void answer(uint8_t byte)
{
  if (!pc.silent && pc.waiting < sizeof pc.output) pc.output[pc.waiting++] = byte;
  pc.answered_at = now;
}

static void to_keyboard(uint8_t byte)
{
  if (pc.unplugged) return;
  if (pc.lights_follow) {
    pc.lights_follow = false;
    pc.lights = byte;
    pc.lights_set++;
    answer(0xFA);
    return;
  }
  pc.lights_follow = byte == 0xED && !pc.no_lights;
  if (byte == 0xF4) pc.enabled = true;
  answer(byte == 0xED && pc.no_lights ? 0xFE : 0xFA);
}

static void command(uint8_t byte)
{
  pc.config_follows = byte == 0x60;
  switch (byte) {
  case 0x20: answer(pc.config); break;
  case 0xAA:
    pc.config = 0x30; /* the test resets it: both ports off, no translation */
    answer(pc.self_test);
    break;
  case 0xAB: answer(pc.port_test); break;
  case 0xAD: pc.config |= 0x10; break;
  case 0xAE: pc.config &= (uint8_t)~0x10; break;
  case 0xA7: pc.config |= 0x20; break;
  }
}

uint32_t arch_io_read(enum io_space space, uint64_t addr, unsigned width)
{
  ck_assert(space == IO_PORT && width == 1 && (addr == 0x60 || addr == 0x64));
  if (pc.absent) return 0xFF;
  bool there = pc.stuck || (pc.waiting && (!pc.slow || now >= pc.answered_at + 1000000));
  if (addr == 0x64) return (uint32_t)((there ? 1 : 0) | (pc.deaf ? 2 : 0));
  if (pc.stuck) return pc.stuck_byte;
  uint8_t byte = pc.output[0];
  if (pc.waiting > 0) memmove(pc.output, pc.output + 1, --pc.waiting);
  return byte;
}

void arch_io_write(enum io_space space, uint64_t addr, unsigned width, uint32_t value)
{
  ck_assert(space == IO_PORT && width == 1 && !pc.deaf);
  if (addr == 0x64) {
    command((uint8_t)value);
  } else if (pc.config_follows) {
    pc.config_follows = false;
    pc.config = (uint8_t)value;
  } else {
    to_keyboard((uint8_t)value);
  }
}

uint64_t arch_clock_read(void)
{
  now += 1000;
  ck_assert_uint_lt(now, FAR_TOO_LONG);
  return now;
}

void arch_relax(void)
{
  now += stall;
}

int irq_register(unsigned irq, void (*h)(void *), void *arg)
{
  ck_assert_uint_eq(irq, IRQ_KEYBOARD);
  ck_assert_ptr_null(arg);
  handler = h;
  return 0;
}

size_t console_input_room(void)
{
  return room;
}

void console_input_bytes(const uint8_t *bytes, size_t len, enum console_place place)
{
  ck_assert_int_eq(place, CONSOLE_AT_SCREEN);
  ck_assert_uint_le(len, room);
  memcpy(typed + typed_length, bytes, len);
  typed_length += len;
  room -= len;
}

void log_write(enum log_level level, const char *fmt, ...)
{
  ck_assert_int_ge(level, LOG_WARN);
  strncpy(logged, fmt, sizeof logged - 1);
}

/* The controller interrupts while it has a byte. */
static void interrupts(void)
{
  if (handler && pc.config & 1 && pc.waiting > 0) handler(NULL);
}

static void key(uint8_t code)
{
  answer(code);
  interrupts();
}

static void type(uint8_t code)
{
  key(code);
  key(code | 0x80);
}

static void assert_typed(const char *text)
{
  ck_assert_uint_eq(typed_length, strlen(text));
  ck_assert_mem_eq(typed, text, typed_length);
}

START_TEST(starts_and_types)
{
  reset();
  ck_assert(keyboard_init());
  interrupts();
  ck_assert_uint_eq(pc.config, 0x61); /* first port on, translating, interrupting; the second off */
  ck_assert(pc.enabled);
  type(0x1E);
  key(0x2A);
  type(0x1E);
  key(0xAA);
  key(0xE0);
  type(0x48);
  assert_typed("aA\033[A");
}
END_TEST

/* The firmware's light is put out; Caps Lock and Num Lock switch theirs; keys between the acknowledgements stay keys. */
START_TEST(lights)
{
  reset();
  ck_assert(keyboard_init());
  interrupts();
  interrupts();
  ck_assert_uint_eq(pc.lights, 0);
  type(0x3A);
  ck_assert_uint_eq(pc.lights, 0x04);
  type(0x1E);
  type(0x45);
  ck_assert_uint_eq(pc.lights, 0x06);
  type(0x3A);
  type(0x45);
  type(0x1E);
  ck_assert_uint_eq(pc.lights, 0);
  assert_typed("Aa");
}
END_TEST

START_TEST(locks_change_before_the_answer)
{
  reset();
  ck_assert(keyboard_init());
  interrupts();
  interrupts();
  pc.output[0] = 0x3A; /* two locks are pressed at once, the keyboard's answers come behind them */
  pc.output[1] = 0xBA;
  pc.output[2] = 0x45;
  pc.output[3] = 0xC5;
  pc.waiting = 4;
  interrupts();
  ck_assert_uint_eq(pc.lights, 0x06);
  ck_assert_uint_eq(pc.waiting, 0);
}
END_TEST

START_TEST(keyboard_without_lights)
{
  reset();
  pc.no_lights = true;
  ck_assert(keyboard_init());
  interrupts();
  type(0x3A);
  type(0x1E);
  assert_typed("A");
  ck_assert_uint_eq(pc.lights_set, 0);
}
END_TEST

/* What was in the controller before is not input; what comes while it starts does not block it. */
START_TEST(old_bytes_are_drained)
{
  reset();
  for (unsigned i = 0; i < 16; i++) answer(0x1E);
  ck_assert(keyboard_init());
  interrupts();
  ck_assert_uint_eq(pc.waiting, 0);
  assert_typed("");
  type(0x30);
  assert_typed("b");
}
END_TEST

START_TEST(keys_without_room_are_lost)
{
  reset();
  ck_assert(keyboard_init());
  room = 2;
  type(0x1E);
  key(0xE0);
  type(0x48);
  type(0x1E);
  type(0x1E);
  assert_typed("aa");
}
END_TEST

/* The controller still shows the byte that was read last. */
START_TEST(an_interrupt_without_a_key_types_nothing)
{
  reset();
  ck_assert(keyboard_init());
  key(0x1E);
  handler(NULL);
  assert_typed("a");
}
END_TEST

/* The processor stands still for longer than the driver waits, again and again; the devices do not. */
START_TEST(lost_time_is_no_silence)
{
  reset();
  pc.slow = true;
  stall = 200000000;
  ck_assert(keyboard_init());
  pc.slow = false;
  type(0x1E);
  assert_typed("a");
}
END_TEST

START_TEST(broken_machines_go_on)
{
  static const struct {
    const char *what, *says;
  } cases[] = {
    {"absent", "ps2: no keyboard controller"},
    {"deaf", "ps2: no keyboard controller"},
    {"silent", "ps2: no keyboard controller"},
    {"stuck 00", "ps2: no keyboard controller"},
    {"stuck 55", "ps2: no keyboard controller"},
    {"stuck FA", "ps2: no keyboard controller"},
    {"self-test", "ps2: no keyboard controller"},
    {"port test", "ps2: no keyboard controller"},
    {"unplugged", "ps2: no keyboard"},
  };
  reset();
  pc.absent = _i == 0;
  pc.deaf = _i == 1;
  pc.silent = _i == 2;
  pc.stuck = _i >= 3 && _i <= 5;
  pc.stuck_byte = _i == 4 ? 0x55 : _i == 5 ? 0xFA : 0;
  if (_i == 6) pc.self_test = 0xFC;
  if (_i == 7) pc.port_test = 1;
  pc.unplugged = _i == 8;
  ck_assert_msg(!keyboard_init(), "%s", cases[_i].what);
  ck_assert_str_eq(logged, cases[_i].says);
  ck_assert_ptr_null(handler);
  assert_typed("");
}
END_TEST

/* A controller that gets stuck later does not keep the processor. */
START_TEST(stuck_later)
{
  reset();
  ck_assert(keyboard_init());
  pc.stuck = true;
  handler(NULL);
  pc.stuck = false;
  type(0x1E);
  ck_assert_int_eq(typed[typed_length - 1], 'a');
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("ps2kbd");
  TCase *tc = suite_case(suite, "keyboard", NULL, NULL);
  tcase_add_test(tc, starts_and_types);
  tcase_add_test(tc, lights);
  tcase_add_test(tc, locks_change_before_the_answer);
  tcase_add_test(tc, keyboard_without_lights);
  tcase_add_test(tc, old_bytes_are_drained);
  tcase_add_test(tc, keys_without_room_are_lost);
  tcase_add_test(tc, an_interrupt_without_a_key_types_nothing);
  tcase_add_test(tc, lost_time_is_no_silence);
  tcase_add_loop_test(tc, broken_machines_go_on, 0, 9);
  tcase_add_test(tc, stuck_later);
  return suite_run(suite);
}
