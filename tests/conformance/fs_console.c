/* The console in the running kernel: lines typed here go whole to one reader each. */
#include "crew.h"

#include <kern/console.h>
#include <kern/ktest.h>
#include <kern/print.h>
#include <kern/string.h>
#include <uapi/abi.h>

#define LINES 120u
#define READERS 5u

static struct crew crew;
static unsigned claimed, failures;  /* atomic */
static unsigned taken[LINES];       /* atomic; how often each line was read */

static unsigned line_number(const char *line, ssize_type n)
{
  unsigned number = 0;
  if (n != 9 || memcmp(line, "line ", 5) != 0 || line[8] != '\n') return LINES;
  for (unsigned i = 5; i < 8; i++) number = number * 10 + (unsigned)(line[i] - '0');
  return number;
}

static void read_lines(void *arg UNUSED)
{
  char line[64];
  while (__atomic_fetch_add(&claimed, 1, __ATOMIC_RELAXED) < LINES) {
    struct uio uio = uio_kernel(line, sizeof(line));
    unsigned number = line_number(line, console_read(&uio));
    __atomic_fetch_add(number < LINES ? &taken[number] : &failures, 1, __ATOMIC_RELAXED);
    sched_yield();
  }
}

KTEST(console_lines_go_whole_to_one_reader)
{
  char line[16];
  claimed = failures = 0;
  memset(taken, 0, sizeof(taken));
  ktest_check(console_control(CONSOLE_SET_MODE, CONSOLE_CANON) == 0);
  for (unsigned i = 0; i < LINES; i++) {
    int n = format_text(line, sizeof(line), "line %03u\r", i);
    console_input_bytes((const uint8_t *)line, (size_t)n);
  }
  crew_init(&crew);
  for (unsigned i = 0; i < READERS; i++)
    if (!crew_start(&crew, CLASS_USER, read_lines, NULL)) failures++;
  crew_wait(&crew);
  ktest_check(console_control(CONSOLE_SET_MODE, CONSOLE_COOKED) == 0);
  ktest_check(failures == 0);
  for (unsigned i = 0; i < LINES; i++) ktest_check(taken[i] == 1);
}

KTEST(console_control_checks_its_arguments)
{
  ktest_check(console_control(CONSOLE_GET_MODE, 0) == CONSOLE_COOKED);
  ktest_check(console_control(CONSOLE_SET_MODE, 0x80) == -EINVAL);
  ktest_check(console_control(CONSOLE_SET_FOREGROUND, UINT64_MAX) == -EINVAL);
  ktest_check(console_control(0, 0) == -EINVAL);
  ktest_check(console_control(CONSOLE_GET_SIZE, 0) > 0);
}
