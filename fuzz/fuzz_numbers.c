/*
 * What programs read numbers by (libveridian, compiled for the host: tests/user_host.h), and printf's formats. The first byte
 * is the base, the rest is the text: the host's C library reads the same number from it. As a format, with the same value for
 * everything it prints, it makes as many bytes as it says, and the first of them in a small buffer.
 */
#include "fuzz.h"

#include "../tests/user_host.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 256u
#define ARGUMENTS 12
#define CONVERSIONS (ARGUMENTS / 3) /* width, precision, value */
#define DIGITS 4                    /* of a width that is worth waiting for */

static void read_numbers(const char *text, int base)
{
  char *end, *expected_end;
  errno = user_errno = 0;
  long expected = strtol(text, &expected_end, base), number = user_strtol(text, &end, base);
  REQUIRE(number == expected && end == expected_end && user_errno == errno);
  REQUIRE(user_strtol(text, NULL, base) == number);

  errno = user_errno = 0;
  unsigned long expected_unsigned = strtoul(text, &expected_end, base),
                number_unsigned = user_strtoul(text, &end, base);
  REQUIRE(number_unsigned == expected_unsigned && end == expected_end && user_errno == errno);
}

/* There are arguments for it, and it is done soon. */
static bool can_be_printed(const char *format)
{
  unsigned conversions = 0, digits = 0;
  for (; *format; format++) {
    conversions += *format == '%';
    digits = isdigit((unsigned char)*format) ? digits + 1 : 0;
    if (conversions > CONVERSIONS || digits > DIGITS) return false;
  }
  return true;
}

#define TIMES_12(value) value, value, value, value, value, value, value, value, value, value, value, value
_Static_assert(sizeof((long[]){TIMES_12(0)}) / sizeof(long) == ARGUMENTS, "as many as that");

static void print(const char *format, long value)
{
  static char all[1 << 17];
  char some[16];
  int n = user_snprintf(all, sizeof all, format, TIMES_12(value));
  REQUIRE(n >= 0 && (size_t)n < sizeof all && all[n] == '\0');
  REQUIRE(user_snprintf(some, sizeof some, format, TIMES_12(value)) == n);
  size_t kept = (size_t)n < sizeof some ? (size_t)n : sizeof some - 1;
  REQUIRE(memcmp(some, all, kept) == 0 && some[kept] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char text[TEXT_MAX];
  if (size < 1) return 0;
  size_t n = size - 1 < sizeof text - 1 ? size - 1 : sizeof text - 1;
  memcpy(text, data + 1, n);
  text[n] = '\0';
  read_numbers(text, data[0] % 36 ? data[0] % 36 + 1 : 0);
  if (!can_be_printed(text)) return 0;
  print(text, 0);
  if (!strchr(text, 's'))
    print(text, -5);
  else if (!strchr(text, '*')) /* an address is no width */
    print(text, (long)(intptr_t)text);
  return 0;
}
