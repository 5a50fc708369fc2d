/* Scan codes to bytes, see scancode.h. IBM PS/2 Hardware Interface Technical Reference, "Keyboard", scan code set 1. */
#include "scancode.h"

#include <kern/string.h>

#define RELEASE 0x80
#define PREFIX_EXTENDED 0xE0
#define PREFIX_PAUSE 0xE1
#define PAUSE_CODES 2u /* after the prefix */
#define ESCAPE 0x1B
#define DELETE 0x7F

enum code {
  CODE_CTRL = 0x1D,
  CODE_SHIFT_LEFT = 0x2A,
  CODE_SLASH = 0x35,
  CODE_SHIFT_RIGHT = 0x36,
  CODE_ALT = 0x38,
  CODE_CAPS_LOCK = 0x3A,
  CODE_NUM_LOCK = 0x45,
  CODE_KEYPAD_FIRST = 0x47,
  CODE_KEYPAD_LAST = 0x53,
  CODE_ENTER = 0x1C,
};

enum held {
  HELD_SHIFT_LEFT = 1,
  HELD_SHIFT_RIGHT = 2,
  HELD_CTRL_LEFT = 4,
  HELD_CTRL_RIGHT = 8,
  HELD_ALT_LEFT = 16,
  HELD_ALT_RIGHT = 32,
  HELD_CAPS_LOCK = 64, /* held locks repeat their code, but switch once */
  HELD_NUM_LOCK = 128,
};
#define HELD_SHIFT (HELD_SHIFT_LEFT | HELD_SHIFT_RIGHT)
#define HELD_CTRL (HELD_CTRL_LEFT | HELD_CTRL_RIGHT)
#define HELD_ALT (HELD_ALT_LEFT | HELD_ALT_RIGHT)

/* By code, from 0: 0x01 is Esc, 0x10 Q, 0x1E A, 0x2C Z, 0x37 the keypad's asterisk, 0x39 space. */
static const char plain[] = "\0\0331234567890-=\177\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] = "\0\033!@#$%^&*()_+\177\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";
_Static_assert(sizeof plain == 0x3B && sizeof shifted == sizeof plain, "one character for each code up to space");

/* Codes 0x47 to 0x53: the keypad with Num Lock, and what the same keys send without, like the grey ones between. */
static const char keypad[] = "789-456+1230.";
static const char *const sequences[] = {"\033[H", "\033[A", "\033[5~", NULL,      "\033[D",  NULL,     "\033[C",
                                        NULL,     "\033[F", "\033[B",  "\033[6~", "\033[2~", "\033[3~"};
_Static_assert(ARRAY_SIZE(sequences) == CODE_KEYPAD_LAST - CODE_KEYPAD_FIRST + 1, "all keypad keys");
_Static_assert(sizeof keypad == ARRAY_SIZE(sequences) + 1, "all keypad keys");

/* The modifier that a key is, 0 for the others. */
static unsigned modifier(uint8_t key, bool extended)
{
  switch (key) {
  case CODE_CTRL: return extended ? HELD_CTRL_RIGHT : HELD_CTRL_LEFT;
  case CODE_ALT: return extended ? HELD_ALT_RIGHT : HELD_ALT_LEFT;
  }
  if (extended) return 0; /* shifts that keyboards make up around the grey keys, among others */
  switch (key) {
  case CODE_SHIFT_LEFT: return HELD_SHIFT_LEFT;
  case CODE_SHIFT_RIGHT: return HELD_SHIFT_RIGHT;
  case CODE_CAPS_LOCK: return HELD_CAPS_LOCK;
  case CODE_NUM_LOCK: return HELD_NUM_LOCK;
  default: return 0;
  }
}

static void track_modifier(struct scancode_state *s, unsigned bit, bool release)
{
  if (release) {
    s->held &= ~bit;
    return;
  }
  if (!(s->held & bit)) {
    s->caps ^= bit == HELD_CAPS_LOCK;
    s->num ^= bit == HELD_NUM_LOCK;
  }
  s->held |= bit;
}

static bool is_letter(char c)
{
  return c >= 'a' && c <= 'z';
}

static char with_ctrl(char c)
{
  if (c == ' ') return 0;
  if (c >= '@' && c < DELETE) return (char)(c & 0x1F);
  return c;
}

static size_t put_character(const struct scancode_state *s, char c, uint8_t *bytes)
{
  size_t n = 0;
  if (s->held & HELD_ALT) bytes[n++] = ESCAPE;
  bytes[n++] = (uint8_t)(s->held & HELD_CTRL ? with_ctrl(c) : c);
  return n;
}

static size_t put_sequence(const char *sequence, uint8_t *bytes)
{
  size_t n = sequence ? strlen(sequence) : 0;
  for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)sequence[i];
  return n;
}

static size_t press_keypad(const struct scancode_state *s, uint8_t key, bool grey, uint8_t *bytes)
{
  unsigned i = key - CODE_KEYPAD_FIRST;
  bool number = s->num != !!(s->held & HELD_SHIFT);
  bool sign = keypad[i] == '-' || keypad[i] == '+';
  if (!grey && (number || sign)) return put_character(s, keypad[i], bytes);
  return put_sequence(sequences[i], bytes);
}

static size_t press(const struct scancode_state *s, uint8_t key, bool extended, uint8_t *bytes)
{
  if (key >= CODE_KEYPAD_FIRST && key <= CODE_KEYPAD_LAST) return press_keypad(s, key, extended, bytes);
  if (extended && key != CODE_ENTER && key != CODE_SLASH) return 0;
  if (key >= sizeof plain - 1 || !plain[key]) return 0;
  bool shift = s->held & HELD_SHIFT && !extended;
  if (is_letter(plain[key])) shift ^= s->caps;
  return put_character(s, shift ? shifted[key] : plain[key], bytes);
}

size_t scancode_decode(struct scancode_state *s, uint8_t code, uint8_t bytes[SCANCODE_BYTES_MAX])
{
  if (s->pause_left > 0) {
    s->pause_left--;
    return 0;
  }
  if (code == PREFIX_EXTENDED || code == PREFIX_PAUSE) {
    s->extended = code == PREFIX_EXTENDED;
    if (code == PREFIX_PAUSE) s->pause_left = PAUSE_CODES;
    return 0;
  }
  bool extended = s->extended, release = code & RELEASE;
  uint8_t key = code & (uint8_t)~RELEASE;
  s->extended = false;
  unsigned bit = modifier(key, extended);
  if (bit) track_modifier(s, bit, release);
  return bit || release ? 0 : press(s, key, extended, bytes);
}
