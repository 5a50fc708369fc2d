/* The console's output side. */
#ifndef DEV_CONSOLE_OUTPUT_H
#define DEV_CONSOLE_OUTPUT_H

#include <kern/types.h>

/* Text to every output, '\n' as "\r\n", nothing in between. Any context; does not sleep or log. */
void console_output_write(const char *text, size_t len);

/* The size of the screen among the outputs; left alone when there is none. */
void console_output_size(unsigned *rows, unsigned *columns);

#endif
