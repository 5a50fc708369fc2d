/* What the calls of sys_cases_*.c share, and the list of them. */
#include "sys_cases_rig.h"
#include <kern/ktest.h>
#include <kern/string.h>

#define PROGRAM "/tmp-case-exit7"

/* The processes' come last: the last of them closes all handles. */
const struct sys_group *const sys_groups[] = {&sys_cases_file, &sys_cases_stream, &sys_cases_memory,
                                              &sys_cases_process};
const size_t sys_group_count = ARRAY_SIZE(sys_groups);

int case_file, case_directory;

bool case_path(const char *text)
{
  return copy_to_user(PATH_AT, text, strlen(text) + 1) == 0;
}

bool case_with_mapping(void)
{
  return sys_mmap(MAP_AT, 0x3000, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == (int64_t)MAP_AT;
}

void case_without_mapping(int64_t r)
{
  (void)r;
  sys_munmap(MAP_AT, 0x3000);
}

void case_close_result(int64_t handle)
{
  if (handle >= 0) sys_close((int)handle);
}

bool case_fresh_handles(void)
{
  struct handle_table *table = &process_current()->handles;
  handle_table_destroy(table);
  return handle_table_init(table) == 0;
}

void sys_cases_begin(void)
{
  static const uint64_t vector[] = {PROGRAM_AT, PROGRAM_AT, 0};
  ktest_check(case_fresh_handles());
  ktest_check(guest_write_program(PROGRAM, guest_exit_7, sizeof(guest_exit_7)) == 0);
  ktest_check(copy_to_user(PROGRAM_AT, PROGRAM, sizeof(PROGRAM)) == 0);
  ktest_check(copy_to_user(PROGRAM_AT + 0x40, vector, sizeof(vector)) == 0);
  ktest_check(case_path("/tmp-case-file"));
  case_file = (int)sys_open(PATH_AT, O_RDWR | O_CREAT, 0644);
  ktest_check(case_file >= 0 && sys_write(case_file, GUEST_MEMORY, 0x2800) == 0x2800);
  ktest_check(case_path("/") && (case_directory = (int)sys_open(PATH_AT, O_RDONLY, 0)) >= 0);
}

void sys_cases_end(void)
{
  ktest_check(case_path("/tmp-case-file") && sys_unlink(PATH_AT) == 0 && sys_unlink(PROGRAM_AT) == 0);
}
