/* The orderly end of a program. */
#include "stream.h"
#include <stdlib.h>
#include <veridian.h>

#define ATEXIT_MAX 32 /* what ISO C promises */

static void (*functions[ATEXIT_MAX])(void);
static unsigned count;

/* Set by stdout when something waits in it: a program that never prints does not link the streams. */
void (*exit_flush)(void);

int atexit(void (*function)(void))
{
  if (count == ATEXIT_MAX) return -1;
  functions[count++] = function;
  return 0;
}

void exit(int code)
{
  while (count > 0) functions[--count]();
  if (exit_flush != NULL) exit_flush();
  _exit(code);
}
