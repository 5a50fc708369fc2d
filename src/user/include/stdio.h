/*
 * Formatted output and simple streams. stdout is flushed at each newline when it is the console, when its buffer is full,
 * and by exit, which fails with status 1 when something could not be written; stderr after each function. There are the three
 * standard streams and no others: for files, use the calls of veridian.h, and dprintf.
 */
#ifndef STDIO_H
#define STDIO_H

#include <stdarg.h>
#include <stddef.h>

#define EOF (-1)

typedef struct stream FILE;
extern FILE *const stdin;
extern FILE *const stdout;
extern FILE *const stderr;

/* %d %i %u %x %X %o %c %s %p %% with flags - 0 + space #, width, precision, * and hh h l ll z j t. No floating point. */
int printf(const char *restrict format, ...) __attribute__((__format__(__printf__, 1, 2)));
int fprintf(FILE *restrict stream, const char *restrict format, ...) __attribute__((__format__(__printf__, 2, 3)));
int dprintf(int handle, const char *restrict format, ...) __attribute__((__format__(__printf__, 2, 3)));
int snprintf(char *restrict buf, size_t size, const char *restrict format, ...)
  __attribute__((__format__(__printf__, 3, 4)));
int vprintf(const char *restrict format, va_list args) __attribute__((__format__(__printf__, 1, 0)));
int vfprintf(FILE *restrict stream, const char *restrict format, va_list args)
  __attribute__((__format__(__printf__, 2, 0)));
int vdprintf(int handle, const char *restrict format, va_list args) __attribute__((__format__(__printf__, 2, 0)));
int vsnprintf(char *restrict buf, size_t size, const char *restrict format, va_list args)
  __attribute__((__format__(__printf__, 3, 0)));

int putchar(int c);
int fputc(int c, FILE *stream);
int puts(const char *s);
int fputs(const char *restrict s, FILE *restrict stream);
size_t fwrite(const void *restrict data, size_t size, size_t count, FILE *restrict stream);
int fflush(FILE *stream);
int ferror(FILE *stream);

int getchar(void);
int fgetc(FILE *stream);
char *fgets(char *restrict buf, int size, FILE *restrict stream);

void perror(const char *what);

#endif
