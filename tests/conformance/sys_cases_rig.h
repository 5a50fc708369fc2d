/* What the calls of sys_cases_*.c share: where their arguments are, and what stands ready before a call. */
#ifndef TESTS_CONFORMANCE_SYS_CASES_RIG_H
#define TESTS_CONFORMANCE_SYS_CASES_RIG_H

#include "sys_cases.h"

#include "../../src/kern/syscall/sys.h"

#define PATH_AT (GUEST_MEMORY + 0x1000)
#define OUT (GUEST_MEMORY + 0x2000)
#define PROGRAM_AT (GUEST_MEMORY + 0x4000) /* path of the program to start, and 0x40 behind it its argument vector */
#define MAP_AT 0x28000000ull
#define SCRATCH "/tmp-case"
#define RW (PROT_READ | PROT_WRITE)

/* A call of a case. In static functions, because the handlers' types differ. */
#define CALL(name, ...)            \
  static int64_t call_##name(void) \
  {                                \
    return __VA_ARGS__;            \
  }

/* Handles: a file of 0x2800 bytes, and the root directory. */
extern int case_file, case_directory;

/* Puts a path at PATH_AT. */
bool case_path(const char *text);

/* Memory nobody has touched, 0x3000 bytes at MAP_AT. */
bool case_with_mapping(void);
void case_without_mapping(int64_t r);

/* After a call that answers a handle. */
void case_close_result(int64_t handle);

/* An empty table of handles, in the place of the one there is. */
bool case_fresh_handles(void);

extern const struct sys_group sys_cases_file, sys_cases_stream, sys_cases_memory, sys_cases_process;

#endif
