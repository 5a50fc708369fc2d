/*
 * The kernel log. A message is formatted on the caller's stack, stored in the ring under log_lock, and shown outside
 * it: sinks have locks of their own, and log_lock is the innermost of all.
 *
 * Offsets count every byte ever logged; byte n is at ring[n % LOG_SIZE] until n + LOG_SIZE bytes have been logged.
 */
#include <kern/arch.h>
#include <kern/clock.h>
#include <kern/log.h>
#include <kern/print.h>
#include <kern/spinlock.h>
#include <kern/string.h>

#define LOG_SIZE 65536u
#define LINE_MAX 256u  /* message text */
#define PREFIX_MAX 48u /* stamp and level */

static const char *const level_names[] = {"error", "warn", "info", "debug", "trace"};

static struct spinlock log_lock = SPINLOCK_INIT("log");
static char ring[LOG_SIZE]; /* log_lock */
static uint64_t logged;     /* log_lock; bytes ever */
static enum log_level console_level = LOG_WARN;
static struct log_sink *sinks; /* atomic; only ever grows at the front */

void log_set_level(enum log_level level)
{
  console_level = level;
}

bool log_level_parse(const char *text, enum log_level *level)
{
  for (unsigned i = 0; i < ARRAY_SIZE(level_names); i++) {
    if (strcmp(text, level_names[i]) == 0 || (text[0] == (char)('0' + i) && text[1] == '\0')) {
      *level = (enum log_level)i;
      return true;
    }
  }
  return false;
}

void log_add_sink(struct log_sink *sink)
{
  spin_lock(&log_lock);
  sink->next = sinks;
  __atomic_store_n(&sinks, sink, __ATOMIC_RELEASE);
  spin_unlock(&log_lock);
}

void log_sink_write(const char *text, size_t len)
{
  const struct log_sink *sink = __atomic_load_n(&sinks, __ATOMIC_ACQUIRE);

  if (!sink) {
    for (size_t i = 0; i < len; i++) {
      if (text[i] == '\n') arch_early_putc('\r');
      arch_early_putc(text[i]);
    }
  }
  for (; sink; sink = sink->next) sink->write(text, len);
}

static void ring_append(const char *text, size_t len)
{
  spin_lock(&log_lock);
  for (size_t i = 0; i < len; i++) ring[(logged + i) % LOG_SIZE] = text[i];
  logged += len;
  spin_unlock(&log_lock);
}

/* Makes "[    0.001234] info: text\n" of the arguments, stores it, answers its length. */
static size_t log_line(char line[PREFIX_MAX + LINE_MAX + 2], enum log_level level, size_t *text_at, const char *fmt,
                       va_list ap)
{
  uint64_t us = clock_monotonic_ns() / 1000;
  size_t prefix = (size_t)format_text(line, PREFIX_MAX, "[%5llu.%06llu] %s: ", (unsigned long long)(us / 1000000),
                                      (unsigned long long)(us % 1000000), level_names[level]);
  size_t text = (size_t)format_text_v(line + prefix, LINE_MAX + 1, fmt, ap);
  if (text > LINE_MAX) text = LINE_MAX;
  line[prefix + text] = '\n';
  ring_append(line, prefix + text + 1);
  *text_at = prefix;
  return prefix + text + 1;
}

void log_write(enum log_level level, const char *fmt, ...)
{
  char line[PREFIX_MAX + LINE_MAX + 2];
  size_t text_at;
  va_list ap;

  va_start(ap, fmt);
  size_t len = log_line(line, level, &text_at, fmt, ap);
  va_end(ap);
  if (level <= console_level) log_sink_write(line, len);
}

void log_notice(const char *fmt, ...)
{
  char line[PREFIX_MAX + LINE_MAX + 2];
  size_t text_at;
  va_list ap;

  va_start(ap, fmt);
  size_t len = log_line(line, LOG_INFO, &text_at, fmt, ap);
  va_end(ap);
  log_sink_write(line + text_at, len - text_at);
}

/* Where a reader who is at `offset` goes on: what was overwritten is gone, and so is the rest of the line it cut,
 * which ends at the first newline there is. */
static uint64_t readable_from(uint64_t offset)
{
  uint64_t at = logged > LOG_SIZE ? logged - LOG_SIZE : 0;

  if (offset >= at) return offset;
  while (ring[at++ % LOG_SIZE] != '\n') continue;
  return at;
}

size_t log_copy(uint64_t *offset, char *buf, size_t len)
{
  spin_lock(&log_lock);
  uint64_t from = readable_from(*offset);
  size_t n = from < logged ? (size_t)MIN(logged - from, (uint64_t)len) : 0;
  for (size_t i = 0; i < n; i++) buf[i] = ring[(from + i) % LOG_SIZE];
  *offset = from + n;
  spin_unlock(&log_lock);
  return n;
}
