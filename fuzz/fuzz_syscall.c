/*
 * One system call by a program that has just started: two bytes of number, then eight for each of the six arguments, every bit
 * as the input has it. Whatever they are, the kernel answers or ends the program, and has what it had before.
 */
#include "machine/calls.h"

#include <string.h>

static struct {
  bool made;
  uint64_t number, args[6];
  int64_t result;
} one;

static bool step(int pid, struct trapframe *tf)
{
  (void)pid;
  if (one.made) return false;
  one.made = true;
  guest_set_call(tf, one.number, one.args);
  return true;
}

static void result(int pid, const struct trapframe *tf)
{
  (void)pid;
  one.result = (int64_t)tf->rax;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct guest_user user = {.step = step, .result = result};
  static bool booted;
  uint16_t number = UINT16_MAX;
  memset(&one, 0, sizeof one);
  if (!booted) {
    booted = true;
    guest_boot(NULL);
  }
  if (size < sizeof number) return 0;
  memcpy(&number, data, sizeof number);
  memcpy(one.args, data + sizeof number,
         size - sizeof number < sizeof one.args ? size - sizeof number : sizeof one.args);
  one.number = number;
  one.result = -1;

  REQUIRE(guest_run(&user, 0, 0) == GUEST_DONE);
  REQUIRE((one.result >= 0 && call_keeps(number, one.args)) || guest_left_nothing());
  return 0;
}
