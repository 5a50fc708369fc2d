/* Scan codes: a typist's keys become the bytes that the console's line discipline and the shell's editor know. */
#include "suite.h"
#include <string.h>

#include <kern/dev/scancode.h>

static struct scancode_state state;
static uint8_t typed[256];
static size_t typed_length;

static void setup(void)
{
  memset(&state, 0, sizeof state);
  typed_length = 0;
}

static void feed(const uint8_t *codes, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    uint8_t bytes[SCANCODE_BYTES_MAX];
    size_t n = scancode_decode(&state, codes[i], bytes);
    ck_assert_uint_le(n, SCANCODE_BYTES_MAX);
    memcpy(typed + typed_length, bytes, n);
    typed_length += n;
  }
}

/* The codes mean exactly these bytes. */
#define assert_types(text, ...)                        \
  do {                                                 \
    const uint8_t codes[] = {__VA_ARGS__};             \
    typed_length = 0;                                  \
    feed(codes, sizeof codes);                         \
    ck_assert_mem_eq(typed, text, sizeof(text) - 1);   \
    ck_assert_uint_eq(typed_length, sizeof(text) - 1); \
  } while (0)

#define UP(code) ((code) | 0x80)
#define TAP(code) (code), UP(code)
#define GREY(code) 0xE0, (code), 0xE0, UP(code)
enum { SHIFT = 0x2A, RIGHT_SHIFT = 0x36, CTRL = 0x1D, ALT = 0x38, CAPS = 0x3A, NUM = 0x45 };

START_TEST(every_printable_character)
{
  static const char expected[] = "1234567890-=qwertyuiop[]asdfghjkl;'`\\zxcvbnm,./ "
                                 "!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:\"~|ZXCVBNM<>? ";
  for (unsigned shift = 0; shift < 2; shift++) {
    if (shift) feed((const uint8_t[]){SHIFT}, 1);
    for (uint8_t code = 0x02; code <= 0x39; code++)
      if (code != 0x0E && code != 0x0F && code != 0x1C && code != CTRL && code != SHIFT && code != RIGHT_SHIFT &&
          code != 0x37 && code != ALT)
        feed((const uint8_t[]){TAP(code)}, 2);
  }
  ck_assert_uint_eq(typed_length, sizeof expected - 1);
  ck_assert_mem_eq(typed, expected, sizeof expected - 1);
}
END_TEST

START_TEST(keys_with_names)
{
  assert_types("\r\177\t\033*", TAP(0x1C), TAP(0x0E), TAP(0x0F), TAP(0x01), TAP(0x37));
  assert_types("\r/", GREY(0x1C), GREY(0x35));
}
END_TEST

START_TEST(shift_on_either_side)
{
  assert_types("aAAAa", TAP(0x1E), SHIFT, TAP(0x1E), RIGHT_SHIFT, UP(SHIFT), TAP(0x1E), SHIFT, UP(RIGHT_SHIFT),
               TAP(0x1E), UP(SHIFT), TAP(0x1E));
}
END_TEST

START_TEST(caps_lock_is_for_letters)
{
  assert_types("A1", TAP(CAPS), TAP(0x1E), TAP(0x02));
  assert_types("a!", SHIFT, TAP(0x1E), TAP(0x02), UP(SHIFT));
  assert_types("a", CAPS, CAPS, CAPS, UP(CAPS), TAP(0x1E)); /* held: it repeats */
}
END_TEST

START_TEST(ctrl)
{
  assert_types("\x03\x04\x1A", CTRL, TAP(0x2E), TAP(0x20), TAP(0x2C), UP(CTRL));
  assert_types("\x03", 0xE0, CTRL, TAP(0x2E), 0xE0, UP(CTRL));
  assert_types("\x03\0\x1B\x1C\x1D"
               "1",
               TAP(CAPS), CTRL, TAP(0x2E), TAP(0x39), TAP(0x1A), TAP(0x2B), TAP(0x1B), TAP(0x02), UP(CTRL), TAP(CAPS));
  assert_types("c", TAP(0x2E));
}
END_TEST

START_TEST(alt_puts_an_escape_before)
{
  assert_types("\033b\033Bb", ALT, TAP(0x30), SHIFT, TAP(0x30), UP(SHIFT), UP(ALT), TAP(0x30));
}
END_TEST

START_TEST(grey_keys)
{
  assert_types("\033[A\033[B\033[C\033[D", GREY(0x48), GREY(0x50), GREY(0x4D), GREY(0x4B));
  assert_types("\033[H\033[F\033[2~\033[3~\033[5~\033[6~", GREY(0x47), GREY(0x4F), GREY(0x52), GREY(0x53), GREY(0x49),
               GREY(0x51));
  /* With the shifts that keyboards make up around them, which must not shift what comes next. */
  assert_types("\033[Da", 0xE0, 0x2A, GREY(0x4B), 0xE0, 0xAA, TAP(0x1E));
  assert_types("a", 0xE0, 0x2A, TAP(0x1E));
}
END_TEST

START_TEST(keypad)
{
  assert_types("\033[A-+", TAP(0x48), TAP(0x4A), TAP(0x4E));
  assert_types("8-+.\033[A", TAP(NUM), TAP(0x48), TAP(0x4A), TAP(0x4E), TAP(0x53), GREY(0x48));
  assert_types("\033[A", SHIFT, TAP(0x48), UP(SHIFT));
  assert_types("8", TAP(NUM), SHIFT, TAP(0x48), UP(SHIFT));
  assert_types("", TAP(0x4C)); /* the middle one has no meaning without Num Lock */
}
END_TEST

START_TEST(pause_and_the_rest_mean_nothing)
{
  assert_types("a", 0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5, TAP(0x1E));
  ck_assert(!state.num);
  assert_types("a", TAP(0x3B), TAP(0x44), TAP(0x57), TAP(0x58), TAP(0x7F), GREY(0x5B), 0xFA, 0xFE, 0xFF, 0x00,
               TAP(0x1E));
}
END_TEST

START_TEST(any_codes)
{
  for (unsigned before = 0; before < 256; before++)
    for (unsigned code = 0; code < 256; code++) {
      const uint8_t codes[] = {(uint8_t)before, (uint8_t)code};
      typed_length = 0;
      feed(codes, sizeof codes);
    }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("scancode");
  TCase *tc = suite_case(suite, "keys", setup, NULL);
  tcase_add_test(tc, every_printable_character);
  tcase_add_test(tc, keys_with_names);
  tcase_add_test(tc, shift_on_either_side);
  tcase_add_test(tc, caps_lock_is_for_letters);
  tcase_add_test(tc, ctrl);
  tcase_add_test(tc, alt_puts_an_escape_before);
  tcase_add_test(tc, grey_keys);
  tcase_add_test(tc, keypad);
  tcase_add_test(tc, pause_and_the_rest_mean_nothing);
  tcase_add_test(tc, any_codes);
  return suite_run(suite);
}
