/* printf's language: %[flags][width][.precision][length]conversion. An unknown conversion is printed as it stands. */
#include "format.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct spec {
  bool left, zero, plus, space, alternate;
  int width;
  int precision; /* -1: none given */
  char length;   /* H for hh, h, 0, l for l, ll, z, j, t: all 64 bits */
  char conversion;
};

static bool has_room(struct format_sink *sink, size_t len)
{
  if (len > INT_MAX - sink->total) sink->too_long = true;
  return !sink->too_long;
}

static void put(struct format_sink *sink, const char *text, size_t len)
{
  if (len == 0 || !has_room(sink, len)) return;
  sink->put(sink, text, len);
  sink->total += len;
}

static void pad(struct format_sink *sink, char c, int count)
{
  static const char blanks[] = "                ", zeros[] = "0000000000000000";
  const char *text = c == '0' ? zeros : blanks;
  if (count > 0 && !has_room(sink, (size_t)count)) return;
  for (; count > 0; count -= 16) put(sink, text, count < 16 ? (size_t)count : 16);
}

/* Decimal digits; saturates, so that a wild width cannot wrap. */
static int parse_number(const char **p)
{
  int n = 0;
  for (; isdigit(**p); (*p)++)
    if (n < INT_MAX / 10 - 1) n = n * 10 + (**p - '0');
  return n;
}

static const char *parse_spec(const char *p, struct spec *s, va_list *args)
{
  *s = (struct spec){.precision = -1};
  for (;; p++) {
    if (*p == '-')
      s->left = true;
    else if (*p == '0')
      s->zero = true;
    else if (*p == '+')
      s->plus = true;
    else if (*p == ' ')
      s->space = true;
    else if (*p == '#')
      s->alternate = true;
    else
      break;
  }
  if (*p == '*') {
    p++;
    s->width = va_arg(*args, int);
    if (s->width < 0) {
      s->left = true;
      s->width = s->width == INT_MIN ? INT_MAX : -s->width;
    }
  } else {
    s->width = parse_number(&p);
  }
  if (*p == '.') {
    p++;
    if (*p == '*') {
      p++;
      s->precision = va_arg(*args, int);
    } else {
      s->precision = parse_number(&p);
    }
  }
  if (*p == 'h') {
    s->length = p[1] == 'h' ? 'H' : 'h';
    p += p[1] == 'h' ? 2 : 1;
  } else if (*p == 'l' || *p == 'z' || *p == 'j' || *p == 't') {
    p += p[0] == 'l' && p[1] == 'l' ? 2 : 1;
    s->length = 'l';
  }
  s->conversion = *p;
  return *p == '\0' ? p : p + 1;
}

static int64_t signed_argument(const struct spec *s, va_list *args)
{
  switch (s->length) {
  case 'H': return (signed char)va_arg(*args, int);
  case 'h': return (short)va_arg(*args, int);
  case 'l': return va_arg(*args, int64_t);
  default: return va_arg(*args, int);
  }
}

static uint64_t unsigned_argument(const struct spec *s, va_list *args)
{
  switch (s->length) {
  case 'H': return (unsigned char)va_arg(*args, unsigned);
  case 'h': return (unsigned short)va_arg(*args, unsigned);
  case 'l': return va_arg(*args, uint64_t);
  default: return va_arg(*args, unsigned);
  }
}

static void put_integer(struct format_sink *sink, const struct spec *s, uint64_t value, unsigned base,
                        const char *prefix)
{
  char digits[24]; /* 64 bits are at most 22 octal digits */
  char *end = digits + sizeof digits, *first = end;
  const char *alphabet = s->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  for (uint64_t v = value; v != 0; v /= base) *--first = alphabet[v % base];
  int ndigits = (int)(end - first);

  int wanted = s->precision < 0 ? 1 : s->precision;
  if (s->conversion == 'o' && s->alternate && wanted <= ndigits) wanted = ndigits + 1;
  int zeros = wanted > ndigits ? wanted - ndigits : 0;
  int nprefix = (int)strlen(prefix);
  int blanks = s->width > zeros ? s->width - zeros - nprefix - ndigits : 0;
  if (s->zero && !s->left && s->precision < 0 && blanks > 0) {
    zeros += blanks;
    blanks = 0;
  }
  if (!s->left) pad(sink, ' ', blanks);
  put(sink, prefix, (size_t)nprefix);
  pad(sink, '0', zeros);
  put(sink, first, (size_t)ndigits);
  if (s->left) pad(sink, ' ', blanks);
}

static void put_text(struct format_sink *sink, const struct spec *s, const char *text, size_t len)
{
  int blanks = len < (size_t)s->width ? s->width - (int)len : 0;
  if (!s->left) pad(sink, ' ', blanks);
  put(sink, text, len);
  if (s->left) pad(sink, ' ', blanks);
}

static void put_conversion(struct format_sink *sink, struct spec *s, va_list *args, const char *raw, size_t raw_len)
{
  switch (s->conversion) {
  case 'd':
  case 'i': {
    int64_t v = signed_argument(s, args);
    put_integer(sink, s, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, v < 0 ? "-" : s->plus ? "+" : s->space ? " " : "");
    break;
  }
  case 'u': put_integer(sink, s, unsigned_argument(s, args), 10, ""); break;
  case 'o': put_integer(sink, s, unsigned_argument(s, args), 8, ""); break;
  case 'x':
  case 'X': {
    uint64_t v = unsigned_argument(s, args);
    put_integer(sink, s, v, 16, !s->alternate || v == 0 ? "" : s->conversion == 'x' ? "0x" : "0X");
    break;
  }
  case 'p': put_integer(sink, s, (uintptr_t)va_arg(*args, void *), 16, "0x"); break;
  case 'c': {
    char c = (char)va_arg(*args, int);
    put_text(sink, s, &c, 1);
    break;
  }
  case 's': {
    const char *text = va_arg(*args, const char *);
    if (text == NULL) text = "(null)";
    put_text(sink, s, text, s->precision < 0 ? strlen(text) : strnlen(text, (size_t)s->precision));
    break;
  }
  case '%': put(sink, "%", 1); break;
  default: put(sink, raw, raw_len); break;
  }
}

int format_to(struct format_sink *sink, const char *format, va_list args)
{
  va_list ap; /* a copy has an address to hand on; a va_list parameter has not */
  va_copy(ap, args);
  sink->total = 0;
  sink->too_long = false;
  for (const char *p = format; *p != '\0';) {
    const char *run = p;
    while (*p != '\0' && *p != '%') p++;
    put(sink, run, (size_t)(p - run));
    if (*p == '%') {
      struct spec s;
      const char *raw = p;
      p = parse_spec(p + 1, &s, &ap);
      put_conversion(sink, &s, &ap, raw, (size_t)(p - raw));
    }
  }
  va_end(ap);
  if (sink->too_long) {
    errno = EOVERFLOW;
    return -1;
  }
  return (int)sink->total;
}
