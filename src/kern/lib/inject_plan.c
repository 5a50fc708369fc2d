/* Fault plans; the grammar is in kern/inject.h. A plan is bytes, that need not be a string. */
#include <kern/inject.h>
#include <kern/print.h>
#include <kern/string.h>
#include <plant.h>

enum detail { DETAIL_NONE, DETAIL_TIME, DETAIL_SIGNED_TIME, DETAIL_LINE };

static const struct kind {
  const char *name;
  enum detail detail;
  bool optional; /* the detail is */
} kinds[INJECT_KINDS] = {
  [INJECT_ALLOC] = {"alloc", DETAIL_NONE, true},   [INJECT_COPY] = {"copy", DETAIL_NONE, true},
  [INJECT_FLUSH] = {"flush", DETAIL_NONE, true},   [INJECT_CLOCK] = {"clock", DETAIL_SIGNED_TIME, false},
  [INJECT_IRQ] = {"irq", DETAIL_LINE, true},       [INJECT_LATE] = {"late", DETAIL_TIME, false},
  [INJECT_SEND] = {"send", DETAIL_TIME, true},     [INJECT_RECEIVE] = {"receive", DETAIL_TIME, false},
  [INJECT_HANGUP] = {"hangup", DETAIL_NONE, true},
};

#define LINES 16
/* So that sums of a few with the time of day do not overflow. */
#define TIME_MOST (365ll * 24 * 3600 * 1000000000)

const char *inject_name(enum inject_kind kind)
{
  return kinds[kind].name;
}

/* What is left of one fault's text. */
struct cursor {
  const char *at, *end;
};

static bool take(struct cursor *c, char wanted)
{
  if (c->at == c->end || *c->at != wanted) return false;
  c->at++;
  return true;
}

static bool take_word(struct cursor *c, const char *word)
{
  size_t n = strlen(word);
  if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0) return false;
  c->at += n;
  return true;
}

/* False when there is none, or it is too large. */
static bool take_number(struct cursor *c, uint64_t *out)
{
  const char *from = c->at;
  *out = 0;
  for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
    if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, (uint64_t)(*c->at - '0'), out))
      return false;
  return c->at > from;
}

static bool take_kind(struct cursor *c, enum inject_kind *kind)
{
  for (*kind = 0; *kind < INJECT_KINDS; (*kind)++) {
    struct cursor ahead = *c;
    if (!take_word(&ahead, kinds[*kind].name) || !take(&ahead, ':')) continue;
    *c = ahead;
    return true;
  }
  return false;
}

static bool take_when(struct cursor *c, struct inject_when *when)
{
  when->every = 0;
  if (!take_number(c, &when->first) || when->first == 0) return false;
  if (!take(c, '+')) return true;
  when->every = 1;
  if (c->at == c->end || *c->at == ',') return true;
  return take_number(c, &when->every) && when->every != 0;
}

static bool take_time(struct cursor *c, bool with_sign, int64_t *out)
{
  static const struct {
    const char *name;
    uint64_t ns;
  } units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
  uint64_t n;
  bool minus = with_sign && take(c, '-');
  if (with_sign && !minus) (void)take(c, '+');
  if (!take_number(c, &n)) return false;
  for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
    if (!take_word(c, units[i].name)) continue;
    if (__builtin_mul_overflow(n, units[i].ns, &n)) return false;
    break;
  }
  if (n > TIME_MOST) return false;
  *out = minus ? -(int64_t)n : (int64_t)n;
  return true;
}

/* null, or what is wrong. */
static const char *take_detail(struct cursor *c, const struct kind *kind, struct inject *out)
{
  uint64_t n;
  out->detail = 0;
  out->detailed = take(c, ',');
  if (!out->detailed) return kind->optional ? NULL : "this kind needs a time: KIND:WHEN,TIME";
  switch (kind->detail) {
  case DETAIL_NONE: return "this kind is KIND:WHEN alone";
  case DETAIL_LINE:
    if (!take_number(c, &n) || n >= LINES + PLANTED(inject)) return "an interrupt line is a number, 0 to 15";
    out->detail = (int64_t)n;
    return NULL;
  default:
    return take_time(c, kind->detail == DETAIL_SIGNED_TIME, &out->detail)
             ? NULL
             : "a time is a number, perhaps with ns, us, ms or s, at most a year";
  }
}

static const char *parse(struct cursor *c, struct inject *out)
{
  out->quiet = false;
  if (!take_kind(c, &out->kind))
    return "not KIND:WHEN, KIND being alloc, copy, flush, clock, irq, late, send, receive or hangup";
  if (!take_when(c, &out->when)) return "WHEN is N, N+ or N+M, from 1 on";
  const char *why = take_detail(c, &kinds[out->kind], out);
  return why || c->at == c->end ? why : "more than one fault, or something behind it";
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r';
}

int inject_next(const char **at, const char *end, unsigned *line, struct inject *out, const char **why)
{
  while (*at < end) {
    struct cursor c = {*at, *at};
    while (c.end < end && *c.end != '\n' && *c.end != ';' && *c.end != '#') c.end++;
    const char *next = c.end;
    while (next < end && *next != '\n' && (*c.end == '#' || *next != ';')) next++;
    while (c.at < c.end && is_blank(*c.at)) c.at++;
    while (c.end > c.at && is_blank(c.end[-1])) c.end--;
    bool blank = c.at == c.end;
    *why = blank ? NULL : parse(&c, out);
    if (*why) return -EINVAL; /* *at stays: its line is *line */
    if (next < end && *next == '\n') (*line)++;
    *at = next < end ? next + 1 : end;
    if (!blank) return 1;
  }
  return 0;
}

size_t inject_format(char *text, const struct inject *f)
{
  int n = format_text(text, INJECT_TEXT, "%s:%llu", kinds[f->kind].name, (unsigned long long)f->when.first);
  if (f->when.every) n += format_text(text + n, INJECT_TEXT - (size_t)n, "+%llu", (unsigned long long)f->when.every);
  if (f->detailed) n += format_text(text + n, INJECT_TEXT - (size_t)n, ",%lld", (long long)f->detail);
  return (size_t)n;
}
