/* Memory, numbers, the environment and the end of a program, as in ISO C. */
#ifndef STDLIB_H
#define STDLIB_H

#include <stddef.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1

/* Errors: null and errno ENOMEM. A block freed twice or overrun stops the program with a message. */
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void free(void *block);

/* Out of range: the nearest value and errno ERANGE. */
long strtol(const char *restrict text, char **restrict end, int base);
unsigned long strtoul(const char *restrict text, char **restrict end, int base);
int atoi(const char *text);
int abs(int n);
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *a, const void *b));

extern char **environ;
char *getenv(const char *name);

/* Runs the atexit functions, the last first, flushes stdout, ends the process with code & 0xFF. */
_Noreturn void exit(int code);
int atexit(void (*function)(void));
_Noreturn void abort(void);

#endif
