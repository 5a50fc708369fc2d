/* The calls for pipes, full or empty, and the console. */
#include "sys_cases_rig.h"
#include <kern/console.h>
#include <kern/ktest.h>
#include <kern/pipe.h>
#include <uapi/syscalls.h>

static int console; /* a handle */
static int ends[2]; /* of a pipe */

#define PIPE_BYTES 0x800

/* ---- what stands ready before a call, and is taken away after it ---- */

static void close_ends(int64_t r)
{
  if (r != 0 || copy_from_user(ends, OUT, sizeof(ends)) != 0) return;
  sys_close(ends[0]);
  sys_close(ends[1]);
}

static bool with_pipe(void)
{
  return sys_pipe(OUT) == 0 && copy_from_user(ends, OUT, sizeof(ends)) == 0 && case_with_mapping();
}
static bool with_full_pipe(void)
{
  return with_pipe() && sys_write(ends[1], GUEST_MEMORY, PIPE_BYTES) == PIPE_BYTES;
}

/* Empty, and what is written next goes round the ring's end. */
static bool with_turned_pipe(void)
{
  return with_pipe() && sys_write(ends[1], GUEST_MEMORY, PIPE_CAPACITY - 1) == PIPE_CAPACITY - 1 &&
         sys_read(ends[0], GUEST_MEMORY, PIPE_CAPACITY) == PIPE_CAPACITY - 1;
}
static void without_pipe(int64_t r)
{
  case_without_mapping(r);
  sys_close(ends[0]);
  sys_close(ends[1]);
}

static bool with_console(void)
{
  console = case_path("/dev/console") ? (int)sys_open(PATH_AT, O_RDWR, 0) : -1;
  return console >= 0 && copy_to_user(OUT, ".", 1) == 0;
}
static void close_console(int64_t r)
{
  (void)r;
  sys_close(console);
}

static bool type_byte(void)
{
  console_input_bytes((const uint8_t *)"x", 1, CONSOLE_AT_LINE);
  return true;
}

/* For whoever does not wait for a line. */
static bool with_typed_byte(void)
{
  return with_console() && console_control(CONSOLE_SET_MODE, 0) == 0 && type_byte();
}
static void without_typed_byte(int64_t r)
{
  char byte = 0;
  if (r != 1) sys_read(console, OUT, 1);
  console_control(CONSOLE_SET_MODE, CONSOLE_COOKED);
  close_console(r);
  ktest_check(copy_from_user(&byte, OUT, 1) == 0 && byte == 'x'); /* what was typed, and nothing else */
}

/* ---- that a call that failed changed nothing ---- */

static bool pipe_full(void)
{
  return sys_read(ends[0], GUEST_MEMORY, PIPE_CAPACITY) == PIPE_BYTES;
}
static bool pipe_empty(void)
{
  return sys_write(ends[1], GUEST_MEMORY, 1) == 1 && sys_read(ends[0], GUEST_MEMORY, PIPE_CAPACITY) == 1;
}
static bool byte_waits(void)
{
  return sys_read(console, GUEST_MEMORY, 1) == 1 && type_byte();
}

/* ---- the calls ---- */

CALL(pipe, sys_pipe(OUT))
CALL(read_pipe, sys_read(ends[0], GUEST_MEMORY, PIPE_CAPACITY))
CALL(read_pipe_fresh, sys_read(ends[0], MAP_AT + 0x800, PIPE_CAPACITY))
CALL(write_pipe, sys_write(ends[1], GUEST_MEMORY + 0xC00, PIPE_BYTES))
CALL(console_ctl, sys_console_ctl(case_file, CONSOLE_GET_MODE, 0))
CALL(write_console, sys_write(console, OUT, 1))
CALL(read_console, sys_read(console, OUT, 1))
CALL(control_console, sys_console_ctl(console, CONSOLE_GET_MODE, 0))

static const struct sys_case cases[] = {
  {SYS_pipe, "pipe", call_pipe, NULL, close_ends, 0, 0, NULL},
  {SYS_read, "read from a pipe", call_read_pipe, with_full_pipe, without_pipe, 0, 0, pipe_full},
  {SYS_read, "read from a pipe to fresh memory", call_read_pipe_fresh, with_full_pipe, without_pipe, 0, 0, pipe_full},
  {SYS_write, "write to a pipe", call_write_pipe, with_pipe, without_pipe, 0, 0, pipe_empty},
  {SYS_write, "write to a pipe, round its end", call_write_pipe, with_turned_pipe, without_pipe, 0, 0, pipe_empty},
  {SYS_console_ctl, "console_ctl", call_console_ctl, NULL, NULL, 0, ENOTTY, NULL},
  {SYS_write, "write to the console", call_write_console, with_console, close_console, 0, 0, NULL},
  {SYS_read, "read from the console", call_read_console, with_typed_byte, without_typed_byte, 0, 0, byte_waits},
  {SYS_console_ctl, "console_ctl of the console", call_control_console, with_console, close_console, 0, 0, NULL},
};

const struct sys_group sys_cases_stream = {cases, ARRAY_SIZE(cases)};
