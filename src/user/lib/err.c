#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uapi/abi.h>

/* One write for the whole line, so that lines of two programs do not mix. */
static void report(const char *format, va_list args, const char *why)
{
  char line[PATH_MAX + 128];
  vsnprintf(line, sizeof line, format, args);
  fflush(stdout); /* what came before stands before */
  if (why != NULL)
    dprintf(2, "%s: %s: %s\n", program_name, line, why);
  else
    dprintf(2, "%s: %s\n", program_name, line);
}

void warn(const char *format, ...)
{
  const char *why = strerror(errno);
  va_list args;
  va_start(args, format);
  report(format, args, why);
  va_end(args);
}

void warnx(const char *format, ...)
{
  va_list args;
  va_start(args, format);
  report(format, args, NULL);
  va_end(args);
}

void err(int code, const char *format, ...)
{
  const char *why = strerror(errno);
  va_list args;
  va_start(args, format);
  report(format, args, why);
  va_end(args);
  exit(code);
}

void errx(int code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  report(format, args, NULL);
  va_end(args);
  exit(code);
}
