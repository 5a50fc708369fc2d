/*
 * The call handlers with arguments that must fail, run as a process with memory of its own: the documented error, and
 * nothing changed: no object, heap block, page or handle more or less. Each failing call is made twice and the second
 * measured, because the first may bring pages in or let a cache grow.
 */
#include "../../src/kern/syscall/sys.h"
#include "guest.h"
#include <kern/ktest.h>
#include <kern/string.h>
#include <kern/vfs.h>

#define MEM GUEST_MEMORY
#define PATH_AT (GUEST_MEMORY + 0x1000)
#define OUT (GUEST_MEMORY + 0x2000)
#define MANY 0x100000u /* longer than the memory there is */

/* The last can be read, not written. */
static const uint64_t bad_pointers[] = {0,
                                        8,
                                        USER_BASE - 1,
                                        GUEST_MEMORY + GUEST_MEMORY_SIZE,
                                        USER_TOP,
                                        0x7FFFFFFFF000,
                                        0x800000000000,
                                        0xFFFF800000000000,
                                        UINT64_MAX - 4095,
                                        UINT64_MAX,
                                        GUEST_READ_ONLY};

#define check_fails(call, error)                        \
  do {                                                  \
    ktest_check((call) == -(error));                    \
    struct guest_resources before_ = guest_resources(); \
    ktest_check((call) == -(error));                    \
    struct guest_resources after_ = guest_resources();  \
    ktest_check(guest_same(&before_, &after_));         \
  } while (0)

/* With every pointer p that leads nowhere ... */
#define check_faults_among(count, call_with_p) \
  do {                                         \
    for (size_t i_ = 0; i_ < (count); i_++) {  \
      uint64_t p = bad_pointers[i_];           \
      check_fails(call_with_p, EFAULT);        \
    }                                          \
  } while (0)
#define check_faults(call_with_p) check_faults_among(ARRAY_SIZE(bad_pointers) - 1, call_with_p)
/* ... or to where the result cannot be written. */
#define check_faults_out(call_with_p) check_faults_among(ARRAY_SIZE(bad_pointers), call_with_p)

/* The address of a path in the caller's memory. */
static uaddr_t path(const char *text)
{
  return copy_to_user(PATH_AT, text, strlen(text) + 1) == 0 ? PATH_AT : 0;
}

static int open_file(const char *name, int flags)
{
  return (int)sys_open(path(name), flags, flags & O_CREAT ? 0644 : 0);
}

static void bad_handles(void)
{
  static const int bad[] = {-1, -2, 5, 1023, 1024, 1 << 20, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
    int h = bad[i];
    check_fails(sys_read(h, MEM, 1), EBADF);
    check_fails(sys_write(h, MEM, 1), EBADF);
    check_fails(sys_close(h), EBADF);
    check_fails(sys_fstat(h, OUT), EBADF);
    check_fails(sys_readdir(h, OUT, 100), EBADF);
    check_fails(sys_seek(h, 0, SEEK_SET), EBADF);
    check_fails(sys_dup(h, RIGHT_READ), EBADF);
    check_fails(sys_console_ctl(h, CONSOLE_GET_MODE, 0), EBADF);
    check_fails(sys_handle_info(h, OUT), EBADF);
    check_fails(sys_kill(h, 0), EBADF);
    if (h != WAIT_ANY) check_fails(sys_wait(h, OUT, 0), EBADF);
    check_fails(sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, h, 0), EBADF);
  }
}
KTEST(sys_bad_handles)
{
  guest_run(bad_handles);
}

/* Each kind of object given to each call that takes a handle, with all rights and with none. */
static void wrong_types(void)
{
  int ends[2];
  int file = open_file("/tmp-types", O_RDWR | O_CREAT);
  int dir = open_file("/", O_RDONLY);
  int proc = (int)sys_process_open(process_current()->pid, RIGHT_READ | RIGHT_GRANT);
  ktest_check(sys_pipe(OUT) == 0 && copy_from_user(ends, OUT, sizeof(ends)) == 0);
  ktest_check(file >= 0 && dir >= 0 && proc >= 0);
  int mute = (int)sys_dup(file, RIGHT_GRANT);
  ktest_check(mute >= 0);

  check_fails(sys_read(proc, OUT, 1), EBADF);
  check_fails(sys_write(proc, MEM, 1), EBADF);
  check_fails(sys_seek(proc, 0, SEEK_SET), EBADF);
  check_fails(sys_fstat(proc, OUT), EBADF);
  check_fails(sys_readdir(proc, OUT, 100), EBADF);
  check_fails(sys_console_ctl(proc, CONSOLE_GET_MODE, 0), EBADF);
  check_fails(sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, proc, 0), EBADF);
  check_fails(sys_wait(file, OUT, 0), EBADF);
  check_fails(sys_wait(ends[0], OUT, 0), EBADF);
  check_fails(sys_kill(file, 0), EBADF);
  check_fails(sys_kill(proc, 0), EACCES); /* opened without DELETE */
  check_fails(sys_wait(proc, OUT, 0), ECHILD);

  check_fails(sys_read(mute, OUT, 1), EACCES);
  check_fails(sys_write(mute, MEM, 1), EACCES);
  check_fails(sys_seek(mute, 0, SEEK_SET), EACCES);
  check_fails(sys_fstat(mute, OUT), EACCES);
  check_fails(sys_readdir(mute, OUT, 100), EACCES);
  check_fails(sys_console_ctl(mute, CONSOLE_GET_MODE, 0), EACCES);
  check_fails(sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, mute, 0), EACCES);
  check_fails(sys_dup(mute, RIGHT_READ), EACCES);
  check_fails(sys_write(ends[0], MEM, 1), EACCES);
  check_fails(sys_read(ends[1], OUT, 1), EACCES);
  check_fails(sys_write(dir, MEM, 1), EACCES);

  check_fails(sys_read(dir, OUT, 1), EISDIR);
  check_fails(sys_readdir(file, OUT, 100), ENOTDIR);
  check_fails(sys_readdir(ends[0], OUT, 100), ENOTDIR);
  check_fails(sys_seek(ends[0], 0, SEEK_SET), ESPIPE);
  check_fails(sys_console_ctl(file, CONSOLE_GET_MODE, 0), ENOTTY);
  check_fails(sys_console_ctl(ends[0], CONSOLE_GET_MODE, 0), ENOTTY);
  check_fails(sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, dir, 0), ENODEV);
  check_fails(sys_mmap(0, PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0), EACCES);
  check_fails(sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, ends[0], 0), EBADF);
  check_fails(sys_seek(file, 0, 3), EINVAL);
  check_fails(sys_seek(file, -1, SEEK_SET), EINVAL);
  ktest_check(sys_write(file, MEM, 3) == 3);
  check_fails(sys_seek(file, INT64_MAX, SEEK_CUR), EOVERFLOW);

  const int all[] = {file, dir, proc, mute, ends[0], ends[1]};
  for (size_t i = 0; i < ARRAY_SIZE(all); i++) ktest_check(sys_close(all[i]) == 0);
  ktest_check(sys_unlink(path("/tmp-types")) == 0);
}
KTEST(sys_wrong_types)
{
  guest_run(wrong_types);
}

static void bad_paths(void)
{
  static char longest[PATH_MAX + 1];
  memset(longest, 'a', PATH_MAX);
  for (size_t i = 0; i < PATH_MAX; i += 100) longest[i] = '/';
  check_faults(sys_open(p, O_RDONLY, 0));
  check_faults(sys_stat(p, OUT));
  check_faults(sys_mkdir(p, 0755));
  check_faults(sys_unlink(p));
  check_faults(sys_chdir(p));
  check_faults(sys_spawn(p, 0, 0, 0));
  static const struct {
    const char *path;
    int error;
  } cases[] = {{"", ENOENT}, {"/no-such-thing", ENOENT}, {"/no/such/thing", ENOENT}, {longest, ENAMETOOLONG}};
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    ktest_check(path(cases[i].path) != 0);
    check_fails(sys_open(PATH_AT, O_RDONLY, 0), cases[i].error);
    check_fails(sys_stat(PATH_AT, OUT), cases[i].error);
    check_fails(sys_unlink(PATH_AT), cases[i].error);
    check_fails(sys_chdir(PATH_AT), cases[i].error);
    check_fails(sys_spawn(PATH_AT, 0, 0, 0), cases[i].error);
  }
  ktest_check(guest_write_file("/tmp-plain", "x", 1, 0644) == 0);
  check_fails(sys_open(path("/tmp-plain/x"), O_RDONLY, 0), ENOTDIR);
  check_fails(sys_open(path("/tmp-plain"), O_RDONLY | O_DIRECTORY, 0), ENOTDIR);
  check_fails(sys_open(path("/tmp-plain"), O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
  check_fails(sys_open(path("/tmp-plain"), O_ACCMODE, 0), EINVAL);
  check_fails(sys_open(path("/tmp-plain"), 0x40000000, 0), EINVAL);
  check_fails(sys_open(path("/tmp-new"), O_WRONLY | O_CREAT, 01000), EINVAL);
  check_fails(sys_stat(path("/tmp-new"), OUT), ENOENT); /* not made by the failed open */
  check_fails(sys_open(path("/"), O_WRONLY, 0), EISDIR);
  check_fails(sys_chdir(path("/tmp-plain")), ENOTDIR);
  check_fails(sys_mkdir(path("/tmp-plain"), 0755), EEXIST);
  check_fails(sys_mkdir(path("/tmp-plain/x"), 0755), ENOTDIR);
  check_fails(sys_mkdir(path("/x"), 010000), EINVAL);
  check_fails(sys_spawn(path("/tmp-plain"), 0, 0, 0), EACCES);
  check_fails(sys_spawn(path("/"), 0, 0, 0), EACCES);
  ktest_check(sys_unlink(path("/tmp-plain")) == 0);
}
KTEST(sys_bad_paths)
{
  guest_run(bad_paths);
}

static void bad_results(void)
{
  int file = open_file("/tmp-out", O_RDWR | O_CREAT), dir = open_file("/", O_RDONLY);
  struct timespec clock;
  ktest_check(file >= 0 && dir >= 0);
  ktest_check(sys_write(file, MEM, 100) == 100 && sys_seek(file, 0, SEEK_SET) == 0);
  check_faults(sys_write(file, p, 10));
  check_faults_out(sys_read(file, p, 10));
  ktest_check(sys_seek(file, 0, SEEK_CUR) == 0); /* where it was */
  check_faults_out(sys_readdir(dir, p, 300));
  ktest_check(path("/tmp-out") != 0);
  check_faults_out(sys_stat(PATH_AT, p));
  check_faults_out(sys_fstat(file, p));
  check_faults_out(sys_pipe(p));
  check_faults_out(sys_clock_gettime(CLOCK_MONOTONIC, p));
  check_faults_out(sys_getcwd(p, 100));
  check_faults_out(sys_process_list(p, 1));
  check_faults_out(sys_memory_info(p));
  check_faults_out(sys_memory_stats(p, sizeof(struct memory_stats)));
  check_faults_out(sys_log_read(0, p, 10));
  check_faults_out(sys_handle_info(file, p));
  check_fails(sys_read(file, MEM, UINT64_MAX), EINVAL);
  check_fails(sys_write(file, MEM, UINT64_MAX), EINVAL);
  check_fails(sys_getcwd(OUT, 0), ERANGE);
  check_fails(sys_getcwd(OUT, 1), ERANGE);
  check_fails(sys_readdir(dir, OUT, 3), EINVAL);
  ktest_check(sys_process_list(OUT, UINT64_MAX) == 1); /* the room is what it says, the need is one entry */
  check_fails(sys_clock_gettime(2, OUT), EINVAL);
  check_fails(sys_clock_gettime(-1, OUT), EINVAL);
  ktest_check(sys_clock_gettime(CLOCK_MONOTONIC, OUT) == 0);
  ktest_check(copy_from_user(&clock, OUT, sizeof(clock)) == 0 && clock.tv_nsec < 1000000000);
  ktest_check(sys_close(file) == 0 && sys_close(dir) == 0 && sys_unlink(path("/tmp-out")) == 0);
}
KTEST(sys_bad_results)
{
  guest_run(bad_results);
}

static void bad_processes(void)
{
  check_fails(sys_process_open(0, RIGHT_READ), ESRCH);
  check_fails(sys_process_open(-1, RIGHT_READ), ESRCH);
  check_fails(sys_process_open(INT32_MAX, RIGHT_READ), ESRCH);
  check_fails(sys_process_open(1, RIGHT_READ | RIGHT_DELETE), EPERM);
  check_fails(sys_process_open(1, RIGHT_WRITE), EACCES);
  check_fails(sys_process_open(1, RIGHTS_ALL + 1), EINVAL);
  check_fails(sys_wait(WAIT_ANY, OUT, 0), ECHILD);
  check_fails(sys_wait(WAIT_ANY, 0, 0), ECHILD);
  check_fails(sys_wait(WAIT_ANY, OUT, 2), EINVAL);
  check_fails(sys_wait(WAIT_ANY, GUEST_READ_ONLY, 0), EFAULT);
  check_fails(sys_kill(0, -1), EINVAL);
  check_fails(sys_kill(0, 256), EINVAL);
  check_fails(sys_dup(0, RIGHTS_ALL + 1), EINVAL);
  check_fails(sys_power(0, 0), EINVAL);
  check_fails(sys_power(POWER_OFF, 256), EINVAL);
  check_fails(sys_power(POWER_OFF, -1), EINVAL);
  check_fails(sys_tls_set(USER_TOP), EINVAL);
  check_fails(sys_tls_set(UINT64_MAX), EINVAL);
}
KTEST(sys_bad_processes)
{
  guest_run(bad_processes);
}

static void bad_memory(void)
{
  const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS, rw = PROT_READ | PROT_WRITE;
  check_fails(sys_mmap(0, 0, rw, anonymous, -1, 0), EINVAL);
  check_fails(sys_mmap(0, 4096, 8, anonymous, -1, 0), EINVAL);
  check_fails(sys_mmap(0, 4096, rw, MAP_ANONYMOUS, -1, 0), EINVAL);
  check_fails(sys_mmap(0, 4096, rw, anonymous | 1, -1, 0), EINVAL);
  check_fails(sys_mmap(0, 4096, rw, anonymous, 0, 0), EINVAL);
  check_fails(sys_mmap(0, 4096, rw, anonymous, -1, 4096), EINVAL);
  check_fails(sys_mmap(0, 4096, PROT_WRITE | PROT_EXEC, anonymous, -1, 0), EACCES);
  check_fails(sys_mmap(MEM, 4096, rw, anonymous | MAP_FIXED, -1, 0), EEXIST);
  check_fails(sys_mmap(MEM - 4096, 8192, rw, anonymous | MAP_FIXED, -1, 0), EEXIST);
  check_fails(sys_mmap(MEM + 1, 4096, rw, anonymous | MAP_FIXED, -1, 0), EINVAL);
  check_fails(sys_mmap(0, 4096, rw, anonymous | MAP_FIXED, -1, 0), EINVAL);
  check_fails(sys_mmap(USER_TOP - 4096, 8192, rw, anonymous | MAP_FIXED, -1, 0), EINVAL);
  check_fails(sys_mmap(USER_TOP, 4096, rw, anonymous | MAP_FIXED, -1, 0), EINVAL);
  check_fails(sys_mmap(0xFFFFFFFFFFFFF000, 4096, rw, anonymous | MAP_FIXED, -1, 0), EINVAL);
  check_fails(sys_mmap(0, UINT64_MAX, rw, anonymous, -1, 0), ENOMEM);
  check_fails(sys_mmap(0, USER_TOP, rw, anonymous, -1, 0), ENOMEM);
  check_fails(sys_munmap(MEM + 1, 4096), EINVAL);
  check_fails(sys_munmap(MEM, 0), EINVAL);
  check_fails(sys_munmap(0, 4096), EINVAL);
  check_fails(sys_munmap(MEM, UINT64_MAX), EINVAL);
  check_fails(sys_munmap(USER_TOP - 4096, 8192), EINVAL);
  check_fails(sys_mprotect(MEM + 1, 4096, rw), EINVAL);
  check_fails(sys_mprotect(MEM, 0, rw), EINVAL);
  check_fails(sys_mprotect(MEM, 4096, 8), EINVAL);
  check_fails(sys_mprotect(MEM, 4096, PROT_WRITE | PROT_EXEC), EACCES);
  check_fails(sys_mprotect(MEM, MANY, PROT_READ), ENOMEM);
  ktest_check(copy_to_user(MEM, "x", 1) == 0); /* still writable */
}
KTEST(sys_bad_memory)
{
  guest_run(bad_memory);
}

/* A full handle table: whoever needs a handle fails before it does anything else. */
static void full_table(void)
{
  int first = open_file("/tmp-full", O_RDWR | O_CREAT), last = first;
  ktest_check(first >= 0 && sys_write(first, MEM, 10) == 10);
  for (int h; (h = (int)sys_dup(first, RIGHT_READ | RIGHT_GRANT)) >= 0;) last = h;
  ktest_check(process_current()->handles.used == HANDLE_MAX);
  check_fails(sys_dup(first, RIGHT_READ), EMFILE);
  check_fails(sys_open(path("/tmp-full"), O_WRONLY | O_TRUNC, 0), EMFILE);
  struct stat st;
  ktest_check(sys_fstat(first, OUT) == 0 && copy_from_user(&st, OUT, sizeof(st)) == 0 && st.st_size == 10);
  check_fails(sys_open(path("/tmp-full-2"), O_WRONLY | O_CREAT, 0644), EMFILE);
  check_fails(sys_stat(path("/tmp-full-2"), OUT), ENOENT);
  check_fails(sys_pipe(OUT), EMFILE);
  check_fails(sys_process_open(1, RIGHT_READ), EMFILE);
  check_fails(sys_spawn(path("/tmp-full"), 0, 0, 0), EMFILE);
  ktest_check(sys_close(last) == 0);
  check_fails(sys_pipe(OUT), EMFILE); /* one is not enough */
  for (unsigned slot = 0; slot < HANDLE_MAX; slot++) {
    const struct handle_slot *s = &process_current()->handles.slots[slot];
    if (s->object != NULL) ktest_check(sys_close((int)(slot | s->generation << HANDLE_SLOT_BITS)) == 0);
  }
  ktest_check(sys_unlink(path("/tmp-full")) == 0);
}
KTEST(sys_full_handle_table)
{
  guest_run(full_table);
}

static void bad_spawns(void)
{
  struct spawn_options options = {.flags = 2};
  uint64_t vector[3] = {PATH_AT, 8, 0};
  ktest_check(guest_write_program("/tmp-exit7", guest_exit_7, sizeof(guest_exit_7)) == 0);
  ktest_check(path("/tmp-exit7") != 0);
  check_faults(sys_spawn(PATH_AT, p ? p : 8, 0, 0)); /* null vectors and options are allowed */
  check_faults(sys_spawn(PATH_AT, 0, p ? p : 8, 0));
  check_faults(sys_spawn(PATH_AT, 0, 0, p ? p : 8));
  ktest_check(copy_to_user(OUT, vector, sizeof(vector)) == 0); /* the second string is nowhere */
  check_fails(sys_spawn(PATH_AT, OUT, 0, 0), EFAULT);
  check_fails(sys_spawn(PATH_AT, 0, OUT, 0), EFAULT);

  ktest_check(copy_to_user(OUT, &options, sizeof(options)) == 0);
  check_fails(sys_spawn(PATH_AT, 0, 0, OUT), EINVAL);
  options = (struct spawn_options){.nhandles = SPAWN_MAX_HANDLES + 1};
  ktest_check(copy_to_user(OUT, &options, sizeof(options)) == 0);
  check_fails(sys_spawn(PATH_AT, 0, 0, OUT), EINVAL);
  options = (struct spawn_options){.nhandles = 2, .handles = {-1, 77}};
  ktest_check(copy_to_user(OUT, &options, sizeof(options)) == 0);
  check_fails(sys_spawn(PATH_AT, 0, 0, OUT), EBADF);
  options.handles[1] = -2;
  ktest_check(copy_to_user(OUT, &options, sizeof(options)) == 0);
  check_fails(sys_spawn(PATH_AT, 0, 0, OUT), EBADF);
  int file = open_file("/tmp-exit7", O_RDONLY), kept = (int)sys_dup(file, RIGHT_READ);
  options.handles[1] = kept; /* no GRANT */
  ktest_check(kept >= 0 && copy_to_user(OUT, &options, sizeof(options)) == 0);
  check_fails(sys_spawn(PATH_AT, 0, 0, OUT), EACCES);
  options = (struct spawn_options){.job = 12345678};
  ktest_check(copy_to_user(OUT, &options, sizeof(options)) == 0);
  check_fails(sys_spawn(PATH_AT, 0, 0, OUT), ESRCH);
  ktest_check(sys_close(file) == 0 && sys_close(kept) == 0);

  /* the same long string again and again, one pointer more than fits */
  static uint64_t pointers[80];
  static char text[1001];
  memset(text, 'y', 1000);
  for (size_t i = 0; i < 66; i++) pointers[i] = OUT + 0x1000;
  ktest_check(copy_to_user(OUT + 0x1000, text, sizeof(text)) == 0 &&
              copy_to_user(OUT, pointers, sizeof(pointers)) == 0);
  check_fails(sys_spawn(PATH_AT, OUT, 0, 0), E2BIG);
}
KTEST(sys_bad_spawns)
{
  guest_run(bad_spawns);
}

/* A file mapping past the file's end, and across it: zeros. */
static void past_the_end(void)
{
  uint8_t bytes[2];
  int file = open_file("/tmp-end", O_RDWR | O_CREAT);
  ktest_check(file >= 0 && copy_to_user(MEM, "ab", 2) == 0 && sys_write(file, MEM, 2) == 2);
  int64_t at = sys_mmap(0, 2 * PAGE_SIZE, PROT_READ, MAP_PRIVATE, file, 0);
  ktest_check(at > 0 && copy_from_user(bytes, (uaddr_t)at + 1, 2) == 0 && bytes[0] == 'b' && bytes[1] == 0);
  ktest_check(copy_from_user(bytes, (uaddr_t)at + PAGE_SIZE, 2) == 0 && bytes[0] == 0);
  int64_t beyond = sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, file, 16 * PAGE_SIZE);
  ktest_check(beyond > 0 && copy_from_user(bytes, (uaddr_t)beyond, 2) == 0 && bytes[0] == 0 && bytes[1] == 0);
  ktest_check(sys_munmap((uaddr_t)at, 2 * PAGE_SIZE) == 0 && sys_munmap((uaddr_t)beyond, PAGE_SIZE) == 0);
  ktest_check(sys_close(file) == 0 && sys_unlink(path("/tmp-end")) == 0);
}
KTEST(sys_map_past_the_end)
{
  guest_run(past_the_end);
}
