#include <assert.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

void assert_failed(const char *condition, const char *file, int line)
{
  fflush(stdout);
  dprintf(2, "%s: %s:%d: assertion failed: %s\n", program_name, file, line, condition);
  abort();
}
