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
static void leave(void)
{
  if (!leaving) {
    leaving = true;
    host_output_flush();
    machine_epilogue();
  }
  host_terminal_restore();
}

void host_exit(int status)
{
  leave();
  exit(status);
}

void host_fatal(int status, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  say(fmt, ap);
  va_end(ap);
  leave();
  _exit(status);
}

void host_restart(void)
{
  leave();
  execv("/proc/self/exe", arguments);
  fprintf(stderr, "veridian-sim: reset: %s\n", strerror(errno));
  _exit(HOST_EXIT_PANIC);
}
