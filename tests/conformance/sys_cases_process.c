/* The calls for processes and handles, and what they ask of the system. */
#include "sys_cases_rig.h"
#include <kern/clock.h>
#include <kern/ktest.h>
#include <kern/sched.h>
#include <uapi/syscalls.h>

static int child; /* a handle */
static int child_pid;

#define OPTIONS (PROGRAM_AT + 0x100)

/* ---- what stands ready before a call, and is taken away after it ---- */

static bool child_sleeps(void)
{
  struct process_info info;
  return guest_info(child_pid, &info) && info.state != PROCESS_RUNNING; /* or is over already */
}

/* A child that sleeps: until it is killed, or 20 milliseconds. */
static bool with_child(const void *code, size_t size)
{
  struct handle_info info;
  if (guest_write_program(SCRATCH, code, size) != 0 || !case_path(SCRATCH)) return false;
  child = (int)sys_spawn(PATH_AT, 0, 0, 0);
  if (child < 0 || sys_handle_info(child, OUT) != 0 || copy_from_user(&info, OUT, sizeof(info)) != 0) return false;
  child_pid = (int)info.id;
  while (!child_sleeps()) sched_yield();
  return true;
}
static bool with_sleeper(void)
{
  return with_child(guest_sleep, sizeof(guest_sleep));
}
static bool with_napper(void)
{
  static const uint8_t code[] = {
    0xBF, 0x00, 0x2D, 0x31, 0x01, 0xB8, 15,   0,    0,
    0,    0x0F, 0x05,                                     /* mov edi, 20000000; mov eax, SYS_nanosleep; syscall */
    0xBF, 7,    0,    0,    0,    0x31, 0xC0, 0x0F, 0x05, /* mov edi, 7; xor eax, eax; syscall */
  };
  return with_child(code, sizeof(code));
}
static void without_child(int64_t r)
{
  (void)r;
  sys_kill(child, 0);
  sys_wait(child, OUT, 0);
  sys_close(child);
  sys_unlink(PATH_AT);
}
static void reap_result(int64_t handle)
{
  if (handle < 0) return;
  sys_wait((int)handle, OUT, 0);
  sys_close((int)handle);
}

/* The handle table is full: the next handle makes it grow. */
static bool with_full_table(void)
{
  const struct handle_table *table = &process_current()->handles;
  if (!case_fresh_handles()) return false;
  while (table->used < table->capacity)
    if (sys_process_open(1, RIGHT_READ) < 0) return false;
  return true;
}
static void without_full_table(int64_t r)
{
  (void)r;
  ktest_check(case_fresh_handles());
}

static bool with_options(void)
{
  const struct spawn_options options = {.nhandles = 0};
  return copy_to_user(OPTIONS, &options, sizeof(options)) == 0;
}

/* ---- that a call that failed changed nothing ---- */

static bool child_waits(void)
{
  return sys_wait(child, 0, 0) == child_pid;
}

/* ---- the calls ---- */

CALL(yield, sys_yield())
CALL(spawn, sys_spawn(PROGRAM_AT, PROGRAM_AT + 0x40, PROGRAM_AT + 0x40, 0))
CALL(spawn_options, sys_spawn(PROGRAM_AT, PROGRAM_AT + 0x40, 0, OPTIONS))
CALL(wait, sys_wait(child, OUT, 0))
CALL(kill, sys_kill(child, 0))
CALL(process_open, sys_process_open(1, RIGHT_READ))
CALL(getpid, sys_getpid())
CALL(clock_gettime, sys_clock_gettime(CLOCK_MONOTONIC, MAP_AT))
CALL(dup, sys_dup(case_file, RIGHT_READ))
CALL(process_list, sys_process_list(OUT, 4))
CALL(memory_info, sys_memory_info(OUT))
CALL(memory_stats, sys_memory_stats(OUT, sizeof(struct memory_stats)))
CALL(log_read, sys_log_read(0, OUT, 0x800))
CALL(power, sys_power(POWER_OFF, 256))
CALL(handle_info, sys_handle_info(case_file, OUT))
CALL(tls_set, sys_tls_set(0))
CALL(random_get, sys_random_get(OUT, 64))

/* Not too short, whatever the machine does. */
static int64_t call_nanosleep(void)
{
  uint64_t before = clock_monotonic_ns();
  int64_t r = sys_nanosleep(1000);
  return r == 0 && clock_monotonic_ns() - before < 1000 ? -EIO : r;
}

static const struct sys_case cases[] = {
  {SYS_exit, "exit", call_wait, with_napper, without_child, 0, 0, child_waits},
  {SYS_yield, "yield", call_yield, NULL, NULL, 0, 0, NULL},
  {SYS_spawn, "spawn", call_spawn, NULL, reap_result, 0, 0, NULL},
  {SYS_wait, "wait", call_wait, with_napper, without_child, 0, 0, child_waits},
  {SYS_kill, "kill", call_kill, with_sleeper, without_child, 0, 0, NULL},
  {SYS_process_open, "process_open", call_process_open, NULL, case_close_result, 0, 0, NULL},
  {SYS_getpid, "getpid", call_getpid, NULL, NULL, 0, 0, NULL},
  {SYS_clock_gettime, "clock_gettime to fresh memory", call_clock_gettime, case_with_mapping, case_without_mapping, 0,
   0, NULL},
  {SYS_nanosleep, "nanosleep", call_nanosleep, NULL, NULL, 0, 0, NULL},
  {SYS_dup, "dup", call_dup, NULL, case_close_result, 0, 0, NULL},
  {SYS_process_list, "process_list", call_process_list, NULL, NULL, 0, 0, NULL},
  {SYS_memory_info, "memory_info", call_memory_info, NULL, NULL, 0, 0, NULL},
  {SYS_memory_stats, "memory_stats", call_memory_stats, NULL, NULL, 0, 0, NULL},
  {SYS_log_read, "log_read", call_log_read, NULL, NULL, 0, 0, NULL},
  {SYS_power, "power", call_power, NULL, NULL, 0, EINVAL, NULL},
  {SYS_handle_info, "handle_info", call_handle_info, NULL, NULL, 0, 0, NULL},
  {SYS_tls_set, "tls_set", call_tls_set, NULL, NULL, 0, 0, NULL},
  {SYS_random_get, "random_get", call_random_get, NULL, NULL, 0, 0, NULL},
  {SYS_spawn, "spawn with options", call_spawn_options, with_options, reap_result, 0, 0, NULL},
  /* the last: it closes all handles */
  {SYS_process_open, "process_open with a full table", call_process_open, with_full_table, without_full_table, 0, 0,
   NULL},
};

const struct sys_group sys_cases_process = {cases, ARRAY_SIZE(cases)};
