/* The calls of sys_cases.h. */
#include "sys_cases.h"
#include "../../src/kern/syscall/sys.h"
#include <kern/clock.h>
#include <kern/console.h>
#include <kern/ktest.h>
#include <kern/pipe.h>
#include <kern/sched.h>
#include <kern/string.h>
#include <kern/vmo.h>
#include <uapi/syscalls.h>

#define PATH_AT (GUEST_MEMORY + 0x1000)
#define OUT (GUEST_MEMORY + 0x2000)
#define PROGRAM_AT (GUEST_MEMORY + 0x4000) /* path and argument vector of the program to start */
#define MAP_AT 0x28000000ull
#define SCRATCH "/tmp-case"
#define PROGRAM "/tmp-case-exit7"
#define RW (PROT_READ | PROT_WRITE)

static int file, directory, scratch, child; /* handles */
static int child_pid;
static int ends[2]; /* of a pipe */
static struct vmo *original, *copy;

static bool path(const char *text)
{
  return copy_to_user(PATH_AT, text, strlen(text) + 1) == 0;
}

/* ---- what stands ready before a call, and is taken away after it ---- */

static bool with_scratch_name(void)
{
  return path(SCRATCH);
}
static bool with_scratch(void)
{
  scratch = path(SCRATCH) ? (int)sys_open(PATH_AT, O_RDWR | O_CREAT | O_EXCL, 0644) : -1;
  return scratch >= 0;
}
static void without_scratch(int64_t r)
{
  (void)r;
  sys_close(scratch);
  sys_unlink(PATH_AT);
}

/* With a page at its beginning, so that what comes far behind makes its tree grow. */
static bool with_begun_scratch(void)
{
  return with_scratch() && sys_write(scratch, GUEST_MEMORY, 1) == 1;
}

#define CROWD 16 /* the next entry makes a directory's table grow */

static bool crowd_path(unsigned i)
{
  char name[] = SCRATCH "/a";
  name[sizeof(name) - 2] = (char)('a' + i);
  return path(name);
}
/* A directory, and the name of one more file in it. */
static bool with_crowd(void)
{
  if (!path(SCRATCH) || sys_mkdir(PATH_AT, 0755) != 0) return false;
  for (unsigned i = 0; i < CROWD; i++) {
    int64_t handle = crowd_path(i) ? sys_open(PATH_AT, O_RDWR | O_CREAT, 0644) : -1;
    if (handle < 0 || sys_close((int)handle) != 0) return false;
  }
  return crowd_path(CROWD);
}
static void without_crowd(int64_t handle)
{
  if (handle >= 0) sys_close((int)handle);
  for (unsigned i = 0; i <= CROWD; i++)
    if (crowd_path(i)) sys_unlink(PATH_AT);
  if (path(SCRATCH)) sys_unlink(PATH_AT);
}

static bool with_closed_scratch(void)
{
  return with_scratch() && sys_close(scratch) == 0;
}
static void unlink_path(int64_t r)
{
  (void)r;
  sys_unlink(PATH_AT);
}
static void close_and_unlink(int64_t handle)
{
  if (handle >= 0) sys_close((int)handle);
  sys_unlink(PATH_AT);
}
static void close_result(int64_t handle)
{
  if (handle >= 0) sys_close((int)handle);
}

static bool with_root(void)
{
  return path("/");
}

/* Memory nobody has touched. */
static bool with_mapping(void)
{
  return sys_mmap(MAP_AT, 0x3000, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == (int64_t)MAP_AT;
}
static bool with_mapping_and_file(void)
{
  return with_mapping() && sys_seek(file, 0, SEEK_SET) == 0;
}
static void without_mapping(int64_t r)
{
  (void)r;
  sys_munmap(MAP_AT, 0x3000);
}
static void unmap_result(int64_t where)
{
  if (where >= 0) sys_munmap((uaddr_t)where, 0x3000);
}

/* A page that an object shares with its clone. */
static bool with_clone(void)
{
  static const char text[] = "shared";
  return vmo_create(PAGE_SIZE, &original) == 0 && vmo_write(original, 0, text, sizeof(text)) == 0 &&
         vmo_clone(original, 0, PAGE_SIZE, &copy) == 0;
}
static void without_clone(int64_t r)
{
  (void)r;
  vmo_unref(original);
  vmo_unref(copy);
}

static bool with_vmo(void)
{
  scratch = (int)sys_vmo_create(0x4000);
  return scratch >= 0;
}
static bool with_written_vmo(void)
{
  return with_vmo() && sys_vmo_write(scratch, 0, GUEST_MEMORY, 0x2800) == 0x2800;
}
static bool with_vmo_and_mapping(void)
{
  return with_written_vmo() && with_mapping();
}
static void without_vmo(int64_t r)
{
  (void)r;
  sys_close(scratch);
}
static void without_vmo_and_mapping(int64_t r)
{
  without_mapping(r);
  without_vmo(r);
}
static void without_both_vmos(int64_t handle)
{
  close_result(handle);
  without_vmo(0);
}
static void without_mapped_vmo(int64_t where)
{
  unmap_result(where);
  without_vmo(0);
}

static bool child_sleeps(void)
{
  struct process_info info;
  return guest_info(child_pid, &info) && info.state != PROCESS_RUNNING; /* or is over already */
}
/* A child that sleeps: until it is killed, or 20 milliseconds. */
static bool with_child(const void *code, size_t size)
{
  struct handle_info info;
  if (guest_write_program(SCRATCH, code, size) != 0 || !path(SCRATCH)) return false;
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
  struct handle_table *table = &process_current()->handles;
  handle_table_destroy(table);
  if (handle_table_init(table) != 0) return false;
  while (table->used < table->capacity)
    if (sys_process_open(1, RIGHT_READ) < 0) return false;
  return true;
}
static void without_full_table(int64_t r)
{
  struct handle_table *table = &process_current()->handles;
  (void)r;
  handle_table_destroy(table);
  ktest_check(handle_table_init(table) == 0);
}

static void back_to_root(int64_t r)
{
  (void)r;
  if (path("/")) sys_chdir(PATH_AT);
}

static void close_ends(int64_t r)
{
  if (r != 0 || copy_from_user(ends, OUT, sizeof(ends)) != 0) return;
  sys_close(ends[0]);
  sys_close(ends[1]);
}

/* ---- pipes, full or empty, and a device ---- */

#define OPTIONS (PROGRAM_AT + 0x100)
#define PIPE_BYTES 0x800

static bool with_pipe(void)
{
  return sys_pipe(OUT) == 0 && copy_from_user(ends, OUT, sizeof(ends)) == 0 && with_mapping();
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
  without_mapping(r);
  sys_close(ends[0]);
  sys_close(ends[1]);
}
static bool pipe_full(void)
{
  return sys_read(ends[0], GUEST_MEMORY, PIPE_CAPACITY) == PIPE_BYTES;
}
static bool pipe_empty(void)
{
  return sys_write(ends[1], GUEST_MEMORY, 1) == 1 && sys_read(ends[0], GUEST_MEMORY, PIPE_CAPACITY) == 1;
}

static bool with_zero(void)
{
  scratch = path("/dev/zero") ? (int)sys_open(PATH_AT, O_RDONLY, 0) : -1;
  return scratch >= 0;
}
static void close_zero(int64_t r)
{
  (void)r;
  sys_close(scratch);
}

static bool with_console(void)
{
  scratch = path("/dev/console") ? (int)sys_open(PATH_AT, O_RDWR, 0) : -1;
  return scratch >= 0 && copy_to_user(OUT, ".", 1) == 0;
}
static void close_console(int64_t r)
{
  (void)r;
  sys_close(scratch);
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
  if (r != 1) sys_read(scratch, OUT, 1);
  console_control(CONSOLE_SET_MODE, CONSOLE_COOKED);
  close_console(r);
  ktest_check(copy_from_user(&byte, OUT, 1) == 0 && byte == 'x'); /* what was typed, and nothing else */
}
static bool byte_waits(void)
{
  return sys_read(scratch, GUEST_MEMORY, 1) == 1 && type_byte();
}

/* A file that is in the RAM disk still, if there is one. */
static bool with_program(void)
{
  scratch = path("/sbin/init") ? (int)sys_open(PATH_AT, O_RDONLY, 0) : -1;
  return scratch >= 0 || with_zero();
}

#define ACROSS (GUEST_MEMORY + 0x3000)
static bool with_path_across(void)
{
  return copy_to_user(ACROSS - 3, "//////", 7) == 0;
}

static bool with_options(void)
{
  const struct spawn_options options = {.nhandles = 0};
  return copy_to_user(OPTIONS, &options, sizeof(options)) == 0;
}

/* ---- that a call that failed changed nothing ---- */

static bool file_at_begin(void)
{
  return sys_seek(file, 0, SEEK_CUR) == 0;
}
static bool directory_at_begin(void)
{
  return sys_seek(directory, 0, SEEK_CUR) == 0;
}
static bool scratch_empty(void)
{
  return sys_seek(scratch, 0, SEEK_CUR) == 0 && sys_seek(scratch, 0, SEEK_END) == 0;
}
static bool scratch_absent(void)
{
  return sys_stat(PATH_AT, OUT) == -ENOENT;
}
static bool scratch_there(void)
{
  return sys_stat(PATH_AT, OUT) == 0;
}
static bool child_waits(void)
{
  return sys_wait(child, 0, 0) == child_pid;
}
static bool vmo_size_same(void)
{
  return sys_vmo_size(scratch) == 0x4000;
}

/* ---- the calls ---- */

/* In static functions, because the handlers' types differ. */
#define CALL(name, ...)            \
  static int64_t call_##name(void) \
  {                                \
    return __VA_ARGS__;            \
  }
CALL(write, sys_write(scratch, GUEST_MEMORY, 0x2800))
CALL(write_sparse, sys_seek(scratch, 0x400000, SEEK_SET) < 0 ? -EIO : sys_write(scratch, GUEST_MEMORY, 1))
CALL(read, sys_read(file, MAP_AT, 0x2800))
CALL(read_pipe, sys_read(ends[0], GUEST_MEMORY, PIPE_CAPACITY))
CALL(read_pipe_fresh, sys_read(ends[0], MAP_AT + 0x800, PIPE_CAPACITY))
CALL(write_pipe, sys_write(ends[1], GUEST_MEMORY + 0xC00, PIPE_BYTES))
CALL(read_program, sys_read(scratch, GUEST_MEMORY, 0x800))
CALL(stat_across, sys_stat(ACROSS - 3, OUT))
CALL(vmo_read_fresh, sys_vmo_read(scratch, 0, GUEST_MEMORY, 0x800))
CALL(read_console, sys_read(scratch, OUT, 1))
CALL(write_console, sys_write(scratch, OUT, 1))
CALL(control_console, sys_console_ctl(scratch, CONSOLE_GET_MODE, 0))
CALL(read_zeros, sys_read(scratch, GUEST_MEMORY, 0x2800))
CALL(open_new, sys_open(PATH_AT, O_RDWR | O_CREAT, 0644))
CALL(open, sys_open(PATH_AT, O_RDONLY, 0))
CALL(close, sys_close(scratch))
CALL(yield, sys_yield())
CALL(spawn, sys_spawn(PROGRAM_AT, PROGRAM_AT + 0x40, PROGRAM_AT + 0x40, 0))
CALL(spawn_options, sys_spawn(PROGRAM_AT, PROGRAM_AT + 0x40, 0, OPTIONS))
CALL(wait, sys_wait(child, OUT, 0))
CALL(kill, sys_kill(child, 0))
CALL(process_open, sys_process_open(1, RIGHT_READ))
CALL(getpid, sys_getpid())
CALL(mmap, sys_mmap(0, 0x3000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
CALL(mmap_file, sys_mmap(0, 0x3000, PROT_READ, MAP_PRIVATE, file, 0))
CALL(copy_on_write, vmo_write(copy, 0, "own", 3))
CALL(munmap, sys_munmap(MAP_AT + 0x1000, 0x1000))
CALL(mprotect, sys_mprotect(MAP_AT + 0x1000, 0x1000, PROT_READ))
CALL(clock_gettime, sys_clock_gettime(CLOCK_MONOTONIC, MAP_AT))
/* Not too short, whatever the machine does. */
static int64_t call_nanosleep(void)
{
  uint64_t before = clock_monotonic_ns();
  int64_t r = sys_nanosleep(1000);
  return r == 0 && clock_monotonic_ns() - before < 1000 ? -EIO : r;
}
CALL(stat, sys_stat(PATH_AT, OUT))
CALL(fstat, sys_fstat(file, OUT))
CALL(readdir, sys_seek(directory, 0, SEEK_SET) < 0 ? -EIO : sys_readdir(directory, OUT, 0x400))
CALL(seek, sys_seek(file, 0, SEEK_SET))
CALL(mkdir, sys_mkdir(PATH_AT, 0755))
CALL(unlink, sys_unlink(PATH_AT))
CALL(chdir, sys_chdir(PATH_AT))
CALL(getcwd, sys_getcwd(OUT, PATH_MAX))
CALL(dup, sys_dup(file, RIGHT_READ))
CALL(pipe, sys_pipe(OUT))
CALL(console_ctl, sys_console_ctl(file, CONSOLE_GET_MODE, 0))
CALL(process_list, sys_process_list(OUT, 4))
CALL(memory_info, sys_memory_info(OUT))
CALL(memory_stats, sys_memory_stats(OUT, sizeof(struct memory_stats)))
CALL(log_read, sys_log_read(0, OUT, 0x800))
CALL(power, sys_power(POWER_OFF, 256))
CALL(handle_info, sys_handle_info(file, OUT))
CALL(tls_set, sys_tls_set(0))
CALL(random_get, sys_random_get(OUT, 64))
CALL(mmap_shared, sys_mmap(0, 0x3000, RW, MAP_SHARED, file, 0))
CALL(vmo_create, sys_vmo_create(0x4000))
CALL(vmo_read, sys_vmo_read(scratch, 0, MAP_AT, 0x2800))
CALL(vmo_write, sys_vmo_write(scratch, 0x1000, GUEST_MEMORY, 0x2800))
CALL(vmo_clone, sys_vmo_clone(scratch, 0x1000, 0x2000))
CALL(vmo_resize, sys_vmo_resize(scratch, 0x1000000))
CALL(vmo_map, sys_vmo_map(scratch, 0, 0, 0x3000, RW, 0))
CALL(vmo_size, sys_vmo_size(scratch))

const struct sys_case sys_cases[] = {
  {SYS_exit, "exit", call_wait, with_napper, without_child, 0, 0, child_waits},
  {SYS_write, "write", call_write, with_scratch, without_scratch, ENOSPC, 0, scratch_empty},
  {SYS_write, "write far out", call_write_sparse, with_begun_scratch, without_scratch, ENOSPC, 0, NULL},
  {SYS_read, "read to fresh memory", call_read, with_mapping_and_file, without_mapping, 0, 0, file_at_begin},
  {SYS_open, "open a new file", call_open_new, with_scratch_name, close_and_unlink, 0, 0, scratch_absent},
  {SYS_open, "open a new file in a crowd", call_open_new, with_crowd, without_crowd, 0, 0, NULL},
  {SYS_open, "open", call_open, with_root, close_result, 0, 0, NULL},
  {SYS_close, "close", call_close, with_scratch, unlink_path, 0, 0, NULL},
  {SYS_yield, "yield", call_yield, NULL, NULL, 0, 0, NULL},
  {SYS_spawn, "spawn", call_spawn, NULL, reap_result, 0, 0, NULL},
  {SYS_wait, "wait", call_wait, with_napper, without_child, 0, 0, child_waits},
  {SYS_kill, "kill", call_kill, with_sleeper, without_child, 0, 0, NULL},
  {SYS_process_open, "process_open", call_process_open, NULL, close_result, 0, 0, NULL},
  {SYS_getpid, "getpid", call_getpid, NULL, NULL, 0, 0, NULL},
  {SYS_mmap, "mmap", call_mmap, NULL, unmap_result, 0, 0, NULL},
  {SYS_mmap, "mmap of a file", call_mmap_file, NULL, unmap_result, 0, 0, NULL},
  {SYS_mmap, "write to a clone", call_copy_on_write, with_clone, without_clone, 0, 0, NULL},
  {SYS_munmap, "munmap", call_munmap, with_mapping, without_mapping, 0, 0, NULL},
  {SYS_mprotect, "mprotect", call_mprotect, with_mapping, without_mapping, 0, 0, NULL},
  {SYS_clock_gettime, "clock_gettime to fresh memory", call_clock_gettime, with_mapping, without_mapping, 0, 0, NULL},
  {SYS_nanosleep, "nanosleep", call_nanosleep, NULL, NULL, 0, 0, NULL},
  {SYS_stat, "stat", call_stat, with_root, NULL, 0, 0, NULL},
  {SYS_fstat, "fstat", call_fstat, NULL, NULL, 0, 0, NULL},
  {SYS_readdir, "readdir", call_readdir, NULL, NULL, 0, 0, directory_at_begin},
  {SYS_seek, "seek", call_seek, NULL, NULL, 0, 0, NULL},
  {SYS_mkdir, "mkdir", call_mkdir, with_scratch_name, unlink_path, 0, 0, scratch_absent},
  {SYS_unlink, "unlink", call_unlink, with_closed_scratch, unlink_path, 0, 0, scratch_there},
  {SYS_chdir, "chdir", call_chdir, with_root, back_to_root, 0, 0, NULL},
  {SYS_getcwd, "getcwd", call_getcwd, NULL, NULL, 0, 0, NULL},
  {SYS_dup, "dup", call_dup, NULL, close_result, 0, 0, NULL},
  {SYS_pipe, "pipe", call_pipe, NULL, close_ends, 0, 0, NULL},
  {SYS_console_ctl, "console_ctl", call_console_ctl, NULL, NULL, 0, ENOTTY, NULL},
  {SYS_process_list, "process_list", call_process_list, NULL, NULL, 0, 0, NULL},
  {SYS_memory_info, "memory_info", call_memory_info, NULL, NULL, 0, 0, NULL},
  {SYS_memory_stats, "memory_stats", call_memory_stats, NULL, NULL, 0, 0, NULL},
  {SYS_log_read, "log_read", call_log_read, NULL, NULL, 0, 0, NULL},
  {SYS_power, "power", call_power, NULL, NULL, 0, EINVAL, NULL},
  {SYS_handle_info, "handle_info", call_handle_info, NULL, NULL, 0, 0, NULL},
  {SYS_tls_set, "tls_set", call_tls_set, NULL, NULL, 0, 0, NULL},
  {SYS_random_get, "random_get", call_random_get, NULL, NULL, 0, 0, NULL},
  {SYS_mmap, "mmap of a file, shared", call_mmap_shared, NULL, unmap_result, 0, 0, NULL},
  {SYS_vmo_create, "vmo_create", call_vmo_create, NULL, close_result, 0, 0, NULL},
  {SYS_vmo_read, "vmo_read to fresh memory", call_vmo_read, with_vmo_and_mapping, without_vmo_and_mapping, 0, 0, NULL},
  {SYS_vmo_write, "vmo_write", call_vmo_write, with_written_vmo, without_vmo, 0, 0, NULL},
  {SYS_vmo_clone, "vmo_clone", call_vmo_clone, with_written_vmo, without_both_vmos, 0, 0, NULL},
  {SYS_vmo_resize, "vmo_resize", call_vmo_resize, with_written_vmo, without_vmo, 0, 0, vmo_size_same},
  {SYS_vmo_map, "vmo_map", call_vmo_map, with_vmo, without_mapped_vmo, 0, 0, NULL},
  {SYS_vmo_size, "vmo_size", call_vmo_size, with_vmo, without_vmo, 0, 0, NULL},
  {SYS_read, "read from a pipe", call_read_pipe, with_full_pipe, without_pipe, 0, 0, pipe_full},
  {SYS_read, "read from a pipe to fresh memory", call_read_pipe_fresh, with_full_pipe, without_pipe, 0, 0, pipe_full},
  {SYS_write, "write to a pipe", call_write_pipe, with_pipe, without_pipe, 0, 0, pipe_empty},
  {SYS_write, "write to a pipe, round its end", call_write_pipe, with_turned_pipe, without_pipe, 0, 0, pipe_empty},
  {SYS_vmo_read, "vmo_read of memory never written", call_vmo_read_fresh, with_vmo, without_vmo, 0, 0, NULL},
  {SYS_read, "read a program", call_read_program, with_program, close_zero, 0, 0, NULL},
  {SYS_stat, "stat of a path in two pages", call_stat_across, with_path_across, NULL, 0, 0, NULL},
  {SYS_read, "read zeros", call_read_zeros, with_zero, close_zero, 0, 0, NULL},
  {SYS_spawn, "spawn with options", call_spawn_options, with_options, reap_result, 0, 0, NULL},
  {SYS_write, "write to the console", call_write_console, with_console, close_console, 0, 0, NULL},
  {SYS_read, "read from the console", call_read_console, with_typed_byte, without_typed_byte, 0, 0, byte_waits},
  {SYS_console_ctl, "console_ctl of the console", call_control_console, with_console, close_console, 0, 0, NULL},
  /* the last: it closes all handles */
  {SYS_process_open, "process_open with a full table", call_process_open, with_full_table, without_full_table, 0, 0,
   NULL},
};

const size_t sys_case_count = ARRAY_SIZE(sys_cases);

void sys_cases_begin(void)
{
  static const uint64_t vector[] = {PROGRAM_AT, PROGRAM_AT, 0};
  struct handle_table *table = &process_current()->handles;
  handle_table_destroy(table);
  ktest_check(handle_table_init(table) == 0);
  ktest_check(guest_write_program(PROGRAM, guest_exit_7, sizeof(guest_exit_7)) == 0);
  ktest_check(copy_to_user(PROGRAM_AT, PROGRAM, sizeof(PROGRAM)) == 0);
  ktest_check(copy_to_user(PROGRAM_AT + 0x40, vector, sizeof(vector)) == 0);
  ktest_check(path("/tmp-case-file"));
  file = (int)sys_open(PATH_AT, O_RDWR | O_CREAT, 0644);
  ktest_check(file >= 0 && sys_write(file, GUEST_MEMORY, 0x2800) == 0x2800);
  ktest_check(path("/") && (directory = (int)sys_open(PATH_AT, O_RDONLY, 0)) >= 0);
}

void sys_cases_end(void)
{
  ktest_check(path("/tmp-case-file") && sys_unlink(PATH_AT) == 0 && sys_unlink(PROGRAM_AT) == 0);
}
