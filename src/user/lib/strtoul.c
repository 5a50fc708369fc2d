/* strtol and strtoul: one scanner of sign, prefix and digits; each of them judges the range for itself. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <plant.h>
#include <stdbool.h>
#include <stdlib.h>

struct number {
  unsigned long magnitude; /* ULONG_MAX when it overflowed */
  bool negative, overflow, valid;
  const char *end;
};

static int digit_value(char c)
{
  if (isdigit(c)) return c - '0';
  return isalpha(c) ? tolower(c) - 'a' + 10 : 99;
}

static struct number scan(const char *text, int base)
{
  struct number n = {.end = text};
  const char *p = text;
  while (isspace(*p)) p++;
  if (*p == '-' || *p == '+') n.negative = *p++ == '-';
  if ((base == 0 || base == 16) && p[0] == '0' && (p[1] == 'x' || p[1] == 'X') &&
      (PLANTED(numbers) || isxdigit(p[2]))) {
    p += 2;
    base = 16;
  } else if (base == 0) {
    base = *p == '0' ? 8 : 10;
  }
  for (; digit_value(*p) < base; p++) {
    n.valid = true;
    if (__builtin_mul_overflow(n.magnitude, (unsigned long)base, &n.magnitude) ||
        __builtin_add_overflow(n.magnitude, (unsigned long)digit_value(*p), &n.magnitude))
      n.overflow = true;
  }
  if (n.valid) n.end = p;
  if (n.overflow) n.magnitude = ULONG_MAX;
  return n;
}

long strtol(const char *restrict text, char **restrict end, int base)
{
  struct number n = scan(text, base);
  if (end != NULL) *end = (char *)n.end;
  unsigned long limit = n.negative ? (unsigned long)LONG_MAX + 1 : (unsigned long)LONG_MAX;
  if (n.magnitude > limit) {
    errno = ERANGE;
    return n.negative ? LONG_MIN : LONG_MAX;
  }
  return (long)(n.negative ? -n.magnitude : n.magnitude);
}

unsigned long strtoul(const char *restrict text, char **restrict end, int base)
{
  struct number n = scan(text, base);
  if (end != NULL) *end = (char *)n.end;
  if (n.overflow) {
    errno = ERANGE;
    return ULONG_MAX;
  }
  return n.negative ? -n.magnitude : n.magnitude;
}
