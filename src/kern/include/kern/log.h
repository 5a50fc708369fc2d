/*
 * The kernel log: levelled, timestamped lines in a ring (read from user space by log_read, /bin/dmesg), copied to the
 * console when their level is at or under the console level. Any context, interrupts in any state.
 */
#ifndef KERN_LOG_H
#define KERN_LOG_H

#include <kern/types.h>
#include <stdarg.h>

enum log_level { LOG_ERROR = 0, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_trace(...) log_write(LOG_TRACE, __VA_ARGS__)

/* One line, without newline: "[    0.001234] info: text". Longer than 256 bytes is cut. */
void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Messages meant for the person at the console: shown whatever the level, without stamp, and logged at info. The banner,
 * a program killed by a fault. */
void log_notice(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Console level; default LOG_WARN, "loglevel=" on the command line sets it. */
void log_set_level(enum log_level level);
/* "error".."trace" or "0".."4"; false when it is neither. */
bool log_level_parse(const char *text, enum log_level *level);

/* Copies up to len bytes of the log from absolute byte offset *offset on; moves *offset forward past what has been
 * overwritten and what was copied. Answers the count, 0 at the end. */
size_t log_copy(uint64_t *offset, char *buf, size_t len);

/* Where console text goes: kern/console.h registers sinks here; before the first, arch_early_putc is used. */
struct log_sink {
  void (*write)(const char *text, size_t len); /* any context, must not sleep or log */
  struct log_sink *next;
};
void log_add_sink(struct log_sink *sink);
/* Raw text to every sink. */
void log_sink_write(const char *text, size_t len);

#endif
