/*
 * libveridian as the host's tests see it (compiled under tests/user_rename.h), and the machine they give it: a recorded
 * console, real memory, programs that are only remembered.
 */
#ifndef USER_HOST_H
#define USER_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- the library ---- */

struct stream;

int user_snprintf(char *buf, size_t size, const char *format, ...);
int user_vsnprintf(char *buf, size_t size, const char *format, va_list args);
int user_dprintf(int handle, const char *format, ...);
int user_printf(const char *format, ...);
int user_puts(const char *s);
int user_putchar(int c);
int user_getchar(void);
char *user_fgets(char *buf, int size, struct stream *stream);
int user_ferror(struct stream *stream);
void user_warnx(const char *format, ...);
void *user_malloc(size_t size);
void *user_calloc(size_t count, size_t size);
void *user_realloc(void *block, size_t size);
void user_free(void *block);
long user_strtol(const char *text, char **end, int base);
unsigned long user_strtoul(const char *text, char **end, int base);
void user_qsort(void *base, size_t count, size_t size, int (*compare)(const void *a, const void *b));
char *user_getenv(const char *name);
void *user_memcpy(void *dst, const void *src, size_t len);
void *user_memmove(void *dst, const void *src, size_t len);
void *user_memset(void *dst, int c, size_t len);
int user_memcmp(const void *a, const void *b, size_t len);
void *user_memchr(const void *s, int c, size_t len);
size_t user_strlen(const char *s);
size_t user_strnlen(const char *s, size_t max);
int user_strcmp(const char *a, const char *b);
int user_strncmp(const char *a, const char *b, size_t max);
char *user_strcpy(char *dst, const char *src);
char *user_strncpy(char *dst, const char *src, size_t len);
char *user_strcat(char *dst, const char *src);
size_t user_strlcpy(char *dst, const char *src, size_t size);
char *user_strchr(const char *s, int c);
char *user_strrchr(const char *s, int c);
char *user_strstr(const char *text, const char *word);
size_t user_strspn(const char *s, const char *set);
size_t user_strcspn(const char *s, const char *set);
char *user_strtok_r(char *s, const char *separators, char **state);
char *user_strdup(const char *s);
const char *user_strerror(int error);
int user_getopt(int argc, char *const argv[], const char *letters);
int user_atexit(void (*function)(void));
_Noreturn void user_exit(int code);
extern struct stream *const user_stdin, *const user_stdout;
extern char *user_optarg;
extern int user_optind, user_optopt;
extern int user_errno;
extern char **user_environ;
extern const char *user_program_name;

/* ---- the machine ---- */

void host_reset(void);

extern char host_output[65536]; /* what was written to handles 1 and 2, null-terminated */
extern size_t host_writes;      /* in how many calls */
extern bool host_is_console;    /* handles 0-2 are a console */
extern const char *host_input;  /* what reads of handle 0 answer */
extern char host_log[65536];    /* spawns, opens, pipes, one line each */
extern int host_open_handles;   /* made and not closed */
extern size_t host_mapped;      /* bytes mapped and not unmapped */
extern int host_read_error;     /* reads of handle 0 fail with this once host_input is used up */
extern int host_write_error;    /* writes to handle 1 fail with this */
extern bool host_no_memory;     /* mmap fails */

/* _exit and abort come back here: the value is 1000 + the exit code, or HOST_ABORT. */
#define HOST_ABORT 1
extern jmp_buf host_escape;

#endif
