/* The formatter behind the printf family: text goes piece by piece to a sink. Internal to the library. */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct format_sink {
  void (*put)(struct format_sink *sink, const char *text, size_t len);
  size_t total;  /* bytes put so far */
  bool too_long; /* what came next did not fit into an int with them */
};

/* Answers sink->total. -1 with errno EOVERFLOW when an int cannot hold it: what is too much by itself is not put, nor is
 * what follows. */
int format_to(struct format_sink *sink, const char *format, va_list args);

#endif
