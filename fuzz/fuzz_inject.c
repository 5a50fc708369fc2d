/* A fault plan: every fault that is read is in its kind's bounds and, written as text, reads the same; what is refused has a
 * reason and a line inside the plan. */
#include "fuzz.h"

#include <kern/inject.h>
#include <kern/string.h>

static void check_text(const struct inject *f)
{
  char text[INJECT_TEXT];
  struct inject again;
  unsigned line = 1;
  const char *why = NULL;
  size_t n = inject_format(text, f);
  const char *at = text;
  REQUIRE(n < sizeof text && strlen(text) == n);
  REQUIRE(inject_next(&at, text + n, &line, &again, &why) == 1 && at == text + n && line == 1);
  REQUIRE(again.kind == f->kind && again.when.first == f->when.first && again.when.every == f->when.every);
  REQUIRE(again.detailed == f->detailed && again.detail == f->detail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *at = (const char *)data, *end = at + size, *why = NULL;
  unsigned line = 1, lines = 1;
  struct inject fault;
  int r;
  for (size_t i = 0; i < size; i++) lines += data[i] == '\n';
  while ((r = inject_next(&at, end, &line, &fault, &why)) == 1) {
    REQUIRE(fault.kind < INJECT_KINDS && inject_name(fault.kind) && fault.when.first > 0);
    REQUIRE(fault.kind != INJECT_IRQ || (fault.detail >= 0 && fault.detail < 16));
    REQUIRE(fault.kind == INJECT_CLOCK || fault.detail >= 0);
    check_text(&fault);
  }
  REQUIRE(r == 0 ? at == end && line == lines : r == -EINVAL && why && at <= end && line <= lines);
  return 0;
}
