/*
 * Messages to stderr in the form every program uses: `name: what: why`. warn and err add what errno says, warnx and errx do
 * not; err and errx end the program with `code`.
 */
#ifndef ERR_H
#define ERR_H

extern const char *program_name; /* the last component of argv[0], set at start */

void warn(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));
void warnx(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));
_Noreturn void err(int code, const char *format, ...) __attribute__((__format__(__printf__, 2, 3)));
_Noreturn void errx(int code, const char *format, ...) __attribute__((__format__(__printf__, 2, 3)));

#endif
