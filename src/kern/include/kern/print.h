/* Formatted text into buffers: %d %i %u %x %X %p %s %c %% with flags - 0 + # space, width, precision, * and hh h l ll z t. */
#ifndef KERN_PRINT_H
#define KERN_PRINT_H

#include <kern/types.h>
#include <stdarg.h>

/* As snprintf: always terminates when size > 0, answers the length the whole text would have. Unknown conversions are
 * copied as they stand. */
int format_text(char *buf, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);
int format_text_v(char *buf, size_t size, const char *fmt, va_list ap);

#endif
