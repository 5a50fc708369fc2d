/*
 * Formatted text. A conversion is parsed into a struct spec, rendered into digits or a string, and padded; characters
 * past the end of the buffer are only counted, as snprintf does.
 */
#include <kern/print.h>
#include <kern/string.h>

#include <limits.h>

struct output {
  char *buf;
  size_t size;
  size_t len; /* of the whole text */
};

struct spec {
  bool left, zero, plus, space, alternate;
  int width;
  int precision; /* -1: none */
  char length;   /* 0, 'H' for hh, 'h', 'l', 'L' for ll, 'z', 't' */
  char conversion;
};

static void put(struct output *out, char c)
{
  if (out->len < out->size) out->buf[out->len] = c;
  out->len++;
}

static void put_bytes(struct output *out, const char *s, size_t n)
{
  for (size_t i = 0; i < n; i++) put(out, s[i]);
}

static void put_repeated(struct output *out, char c, int n)
{
  for (; n > 0; n--) put(out, c);
}

static const char *parse_number(const char *p, int *value)
{
  int n = 0;
  for (; *p >= '0' && *p <= '9'; p++) {
    if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *p - '0', &n)) n = INT_MAX / 20;
  }
  *value = n;
  return p;
}

static const char *parse_flags(const char *p, struct spec *spec)
{
  for (;; p++) {
    switch (*p) {
    case '-': spec->left = true; break;
    case '0': spec->zero = true; break;
    case '+': spec->plus = true; break;
    case ' ': spec->space = true; break;
    case '#': spec->alternate = true; break;
    default: return p;
    }
  }
}

static const char *parse_length(const char *p, struct spec *spec)
{
  switch (*p) {
  case 'h': spec->length = p[1] == 'h' ? 'H' : 'h'; return p + (p[1] == 'h' ? 2 : 1);
  case 'l': spec->length = p[1] == 'l' ? 'L' : 'l'; return p + (p[1] == 'l' ? 2 : 1);
  case 'z':
  case 't': spec->length = *p; return p + 1;
  default: return p;
  }
}

/* va_list by pointer: it is consumed here and goes on in the caller. */
struct arguments {
  va_list ap;
};

/* After '%'. Answers where the text goes on. */
static const char *parse_spec(const char *p, struct spec *spec, struct arguments *args)
{
  *spec = (struct spec){.precision = -1};
  p = parse_flags(p, spec);
  if (*p == '*') {
    spec->width = va_arg(args->ap, int);
    if (spec->width < 0) {
      spec->left = true;
      spec->width = spec->width == INT_MIN ? INT_MAX : -spec->width;
    }
    p++;
  } else {
    p = parse_number(p, &spec->width);
  }
  if (*p == '.') {
    p++;
    if (*p == '*') {
      spec->precision = va_arg(args->ap, int);
      p++;
    } else {
      p = parse_number(p, &spec->precision);
    }
  }
  p = parse_length(p, spec);
  spec->conversion = *p;
  return *p ? p + 1 : p;
}

static int64_t next_signed(const struct spec *spec, struct arguments *args)
{
  switch (spec->length) {
  case 'H': return (signed char)va_arg(args->ap, int);
  case 'h': return (short)va_arg(args->ap, int);
  case 'l': return va_arg(args->ap, long);
  case 'L': return va_arg(args->ap, long long);
  case 'z': return (int64_t)va_arg(args->ap, size_t);
  case 't': return va_arg(args->ap, ptrdiff_t);
  default: return va_arg(args->ap, int);
  }
}

static uint64_t next_unsigned(const struct spec *spec, struct arguments *args)
{
  switch (spec->length) {
  case 'H': return (unsigned char)va_arg(args->ap, unsigned);
  case 'h': return (unsigned short)va_arg(args->ap, unsigned);
  case 'l': return va_arg(args->ap, unsigned long);
  case 'L': return va_arg(args->ap, unsigned long long);
  case 'z': return va_arg(args->ap, size_t);
  case 't': return (uint64_t)va_arg(args->ap, ptrdiff_t);
  default: return va_arg(args->ap, unsigned);
  }
}

/* Sign or base prefix, zeros and digits, padded to the width. */
static void put_number(struct output *out, const struct spec *spec, uint64_t value, unsigned base, const char *prefix)
{
  const char *alphabet = spec->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  char digits[20]; /* of 2^64 - 1 */
  int n = 0;

  for (; value; value /= base) digits[n++] = alphabet[value % base];
  if (n == 0 && spec->precision != 0) digits[n++] = '0';

  int prefix_len = (int)strlen(prefix);
  int zeros = spec->precision > n ? spec->precision - n : 0;
  int pad = spec->width > prefix_len + n ? spec->width - prefix_len - n - zeros : 0;
  if (spec->zero && !spec->left && spec->precision < 0 && pad > 0) {
    zeros = pad;
    pad = 0;
  }
  if (!spec->left) put_repeated(out, ' ', pad);
  put_bytes(out, prefix, (size_t)prefix_len);
  put_repeated(out, '0', zeros);
  while (n > 0) put(out, digits[--n]);
  if (spec->left) put_repeated(out, ' ', pad);
}

static void put_string(struct output *out, const struct spec *spec, const char *s)
{
  if (!s) s = "(null)";
  size_t n = spec->precision >= 0 ? strnlen(s, (size_t)spec->precision) : strlen(s);
  int pad = n < (size_t)spec->width ? spec->width - (int)n : 0;
  if (!spec->left) put_repeated(out, ' ', pad);
  put_bytes(out, s, n);
  if (spec->left) put_repeated(out, ' ', pad);
}

static void put_char(struct output *out, const struct spec *spec, char c)
{
  if (!spec->left) put_repeated(out, ' ', spec->width - 1);
  put(out, c);
  if (spec->left) put_repeated(out, ' ', spec->width - 1);
}

static const char *sign_of(const struct spec *spec, int64_t value)
{
  if (value < 0) return "-";
  return spec->plus ? "+" : spec->space ? " " : "";
}

/* False for a conversion this does not know. */
static bool put_conversion(struct output *out, const struct spec *spec, struct arguments *args)
{
  switch (spec->conversion) {
  case 'd':
  case 'i': {
    int64_t v = next_signed(spec, args);
    put_number(out, spec, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, sign_of(spec, v));
    return true;
  }
  case 'u': put_number(out, spec, next_unsigned(spec, args), 10, ""); return true;
  case 'x':
  case 'X': {
    uint64_t v = next_unsigned(spec, args);
    put_number(out, spec, v, 16, !spec->alternate || !v ? "" : spec->conversion == 'X' ? "0X" : "0x");
    return true;
  }
  case 'p': put_number(out, spec, (uintptr_t)va_arg(args->ap, void *), 16, "0x"); return true;
  case 's': put_string(out, spec, va_arg(args->ap, const char *)); return true;
  case 'c': put_char(out, spec, (char)va_arg(args->ap, int)); return true;
  case '%': put(out, '%'); return true;
  default: return false;
  }
}

int format_text_v(char *buf, size_t size, const char *fmt, va_list ap)
{
  struct output out = {.buf = buf, .size = size};
  struct arguments args;

  va_copy(args.ap, ap);
  while (*fmt) {
    const char *start = fmt++;
    if (*start != '%') {
      put(&out, *start);
      continue;
    }
    struct spec spec;
    fmt = parse_spec(fmt, &spec, &args);
    if (!put_conversion(&out, &spec, &args)) put_bytes(&out, start, (size_t)(fmt - start));
  }
  va_end(args.ap);
  if (size > 0) buf[MIN(out.len, size - 1)] = '\0';
  return out.len > INT_MAX ? INT_MAX : (int)out.len;
}

int format_text(char *buf, size_t size, const char *fmt, ...)
{
  va_list ap;

  va_start(ap, fmt);
  int n = format_text_v(buf, size, fmt, ap);
  va_end(ap);
  return n;
}
