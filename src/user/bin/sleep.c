/* sleep seconds: wait that long; fractions are welcome. */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <veridian.h>

#define SECOND 1000000000ull

/* Decimal seconds to nanoseconds; digits past the ninth do not count. */
static bool parse_seconds(const char *text, uint64_t *ns)
{
  uint64_t value = 0, unit = SECOND;
  bool any = false, fraction = false;
  for (; *text != '\0'; text++) {
    if (*text == '.' && !fraction) {
      fraction = true;
    } else if (isdigit(*text)) {
      any = true;
      uint64_t digit = (uint64_t)(*text - '0');
      if (fraction)
        value += digit * (unit /= 10);
      else if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit * SECOND, &value))
        return false;
    } else {
      return false;
    }
  }
  *ns = value;
  return any;
}

int main(int argc, char **argv)
{
  uint64_t ns;
  if (argc != 2) {
    fputs("usage: sleep seconds\n", stderr);
    return 2;
  }
  if (!parse_seconds(argv[1], &ns)) errx(2, "%s: not a number of seconds", argv[1]);
  if (nanosleep(ns) < 0) err(1, "sleep");
  return 0;
}
