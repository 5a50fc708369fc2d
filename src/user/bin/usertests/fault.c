/* What the processor forbids: each of /bin/fault's ways to die, with the code its parent must be told. */
#include "usertests.h"

static void check_fault(const char *how, int code)
{
  const char *const argv[] = {"fault", how, NULL};
  struct wait_status status = finish((int)OK(spawn("/bin/fault", argv, NULL, NULL)));
  if (status.reason != EXIT_FAULT || status.code != code)
    fail(__FILE__, __LINE__, "fault %s: reason %u, code %d", how, status.reason, status.code);
}

static void test_memory(void)
{
  static const char *const ways[] = {"null",         "write-null", "jump-null",  "kernel",       "write-kernel",
                                     "noncanonical", "unmapped",   "write-text", "write-rodata", "stack-overflow"};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) check_fault(ways[i], FAULT_MEMORY);
}

static void test_no_execute(void)
{
  check_fault("stack", FAULT_MEMORY);
  check_fault("exec-data", FAULT_MEMORY);
}

static void test_arithmetic(void)
{
  check_fault("divide", FAULT_ARITHMETIC);
  check_fault("float", FAULT_ARITHMETIC);
}

static void test_instructions(void)
{
  check_fault("illegal", FAULT_ILLEGAL);
  check_fault("int3", FAULT_BREAKPOINT);
}

static void test_privileged(void)
{
  check_fault("privileged", FAULT_MEMORY);
  check_fault("cli", FAULT_MEMORY);
  check_fault("port", FAULT_MEMORY);
  check_fault("gate", FAULT_MEMORY);
}

static void die_here(void)
{
  volatile char *volatile address = (char *)0x10;
  *address = 1;
}

const struct test fault_tests[] = {
  {"fault_memory", test_memory, 0},
  {"fault_no_execute", test_no_execute, 0},
  {"fault_arithmetic", test_arithmetic, 0},
  {"fault_instructions", test_instructions, 0},
  {"fault_privileged", test_privileged, 0},
  {"fault_ends_a_test", die_here, FAULT_MEMORY},
  {0},
};
