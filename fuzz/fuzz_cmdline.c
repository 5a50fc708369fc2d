/* The boot command line: the input's first line is the key, the rest the command line. A value is a string that fits, and what
 * fits into less room is the same value cut short. */
#include "fuzz.h"

#include <kern/bootinfo.h>
#include <kern/string.h>

#define ROOM 64u
#define SMALL 5u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static char text[4096];
  char value[ROOM], cut[SMALL];
  size_t n = MIN(size, sizeof text - 1);
  memcpy(text, data, n);
  text[n] = '\0';
  char *cmdline = strchr(text, '\n');
  if (!cmdline) return 0;
  *cmdline++ = '\0';

  memset(value, 'v', sizeof value);
  bool there = cmdline_get(cmdline, text, value, sizeof value);
  REQUIRE(cmdline_get(cmdline, text, cut, sizeof cut) == there);
  if (!there) return 0;
  REQUIRE(memchr(value, '\0', sizeof value) && memchr(cut, '\0', sizeof cut));
  REQUIRE(memcmp(value, cut, strlen(cut)) == 0 && (strlen(cut) == SMALL - 1 || strlen(value) == strlen(cut)));
  return 0;
}
