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
static unsigned failures;     /* atomic */
static unsigned taken[LINES]; /* atomic; how often each line was read */

static unsigned line_number(const char *line, ssize_type n)
{
  unsigned number = 0;
  if (n != 9 || memcmp(line, "line ", 5) != 0 || line[8] != '\n') return LINES;
  for (unsigned i = 5; i < 8; i++) number = number * 10 + (unsigned)(line[i] - '0');
  return number;
}

/* Until it gets a line that says stop. The real line may bring ends of file and empty lines in between. */
static void read_lines(void *arg UNUSED)
{
  char line[64];
  for (;;) {
    struct uio uio = uio_kernel(line, sizeof(line));
    ssize_type n = console_read(&uio);
    unsigned number = line_number(line, n);
    if (n == 5 && memcmp(line, "stop\n", 5) == 0) return;
    if (n > 1) __atomic_fetch_add(number < LINES ? &taken[number] : &failures, 1, __ATOMIC_RELAXED);
    sched_yield();
  }
}

static void type(const char *text)
{
  console_input_bytes((const uint8_t *)text, strlen(text), CONSOLE_AT_LINE);
}

KTEST(console_lines_go_whole_to_one_reader)
{
  failures = 0;
  memset(taken, 0, sizeof(taken));
  ktest_check(console_control(CONSOLE_SET_MODE, CONSOLE_CANON) == 0);
  irq_push_off(); /* nothing from the real line in the middle */
  type("\r");
  for (unsigned i = 0; i < LINES; i++) {
    char line[16];
    format_text(line, sizeof(line), "line %03u\r", i);
    type(line);
  }
  for (unsigned i = 0; i < READERS; i++) type("stop\r");
  irq_pop_off();
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
