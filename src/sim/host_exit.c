/*
 * Ways out of the simulator. All of them go through leave(): what the guest printed is flushed and the terminal is as it
 * was found, whatever ended the run.
 */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef VERIDIAN_COVERAGE
void __gcov_dump(void); /* GCC's: writes the counts, which exit() does by itself */
#else
#define __gcov_dump() ((void)0)
#endif

static char **arguments;
static bool leaving;

void host_exit_init(char **argv)
{
  arguments = argv;
}

static void say(const char *fmt, va_list ap)
{
  char text[512];
  int n = snprintf(text, sizeof text, "veridian-sim: ");
  n += vsnprintf(text + n, sizeof text - (size_t)n - 2, fmt, ap);
  if (n > (int)sizeof text - 3) n = (int)sizeof text - 3;
  text[n++] = '\n';
  for (int i = 0; i < n; i++) host_error_byte((uint8_t)text[i]);
}

void host_note(const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  say(fmt, ap);
  va_end(ap);
}

/* An error while leaving must not start over: the second time only the terminal is put back. */
static int leave(int status)
{
  if (!leaving) {
    leaving = true;
    host_output_flush();
    status = machine_epilogue(status);
  }
  host_terminal_restore();
  return status;
}

void host_exit(int status)
{
  exit(leave(status));
}

void host_fatal(int status, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  say(fmt, ap);
  va_end(ap);
  status = leave(status);
  __gcov_dump();
  _exit(status);
}

/* --record, abbreviated or not, FILE in the same argument or in the next. */
static bool asks_for_record(const char *argument, bool *file_follows)
{
  size_t n = strcspn(argument, "=");
  *file_follows = !argument[n];
  return n >= strlen("--rec") && n <= strlen("--record") && !strncmp(argument, "--record", n);
}

/* A record is of one run: the next one must not take its place. */
static void forget_record(void)
{
  char **to = arguments;
  bool file_follows;
  for (char **from = arguments; *from; from++) {
    if (!asks_for_record(*from, &file_follows))
      *to++ = *from;
    else if (file_follows && from[1])
      from++;
  }
  *to = NULL;
}

void host_restart(void)
{
  leave(0);
  forget_record();
  execv("/proc/self/exe", arguments);
  fprintf(stderr, "veridian-sim: reset: %s\n", strerror(errno));
  _exit(HOST_EXIT_PANIC);
}
