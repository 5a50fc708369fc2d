/*
 * The dispatcher with handlers of the test's own, made from the same list: every call reaches its handler,
 * arguments arrive in order and narrowed to their types, the result goes back, unknown numbers answer -ENOSYS. And
 * the helper that makes sure of a result's place.
 */
#include "clockwork.h"

#include <fmt/trapframe.h>
#include <kern/cpu.h>
#include <kern/syscall.h>
#include <kern/thread.h>
#include <kern/vfs.h>
#include <uapi/syscalls.h>

#include "../src/kern/syscall/sys.h"

/* ---- handlers that note what they got ---- */

static int called;            /* number of the handler that ran */
static uint64_t arg_value[6]; /* as the handler saw it */
static size_t arg_size[6];
static unsigned arg_count;
static bool interrupts_were_on;
static int64_t answer;

static int64_t note(int number)
{
  called = number;
  interrupts_were_on = clockwork.irq_on;
  return answer;
}

static void note_arg(uint64_t value, size_t size)
{
  arg_value[arg_count] = value;
  arg_size[arg_count++] = size;
}

#define NOTE(arg) note_arg((uint64_t)(arg), sizeof(arg))

/* A new call needs its line here: the link says so. */
int64_t sys_exit(int a)
{
  return NOTE(a), note(SYS_exit);
}
int64_t sys_write(int a, uaddr_t b, size_t c)
{
  return NOTE(a), NOTE(b), NOTE(c), note(SYS_write);
}
int64_t sys_read(int a, uaddr_t b, size_t c)
{
  return NOTE(a), NOTE(b), NOTE(c), note(SYS_read);
}
int64_t sys_open(uaddr_t a, int b, unsigned c)
{
  return NOTE(a), NOTE(b), NOTE(c), note(SYS_open);
}
int64_t sys_close(int a)
{
  return NOTE(a), note(SYS_close);
}
int64_t sys_yield(void)
{
  return note(SYS_yield);
}
int64_t sys_spawn(uaddr_t a, uaddr_t b, uaddr_t c, uaddr_t d)
{
  return NOTE(a), NOTE(b), NOTE(c), NOTE(d), note(SYS_spawn);
}
int64_t sys_wait(int a, uaddr_t b, unsigned c)
{
  return NOTE(a), NOTE(b), NOTE(c), note(SYS_wait);
}
int64_t sys_kill(int a, int b)
{
  return NOTE(a), NOTE(b), note(SYS_kill);
}
int64_t sys_process_open(int a, unsigned b)
{
  return NOTE(a), NOTE(b), note(SYS_process_open);
}
int64_t sys_getpid(void)
{
  return note(SYS_getpid);
}
int64_t sys_mmap(uaddr_t a, size_t b, int c, int d, int e, uint64_t f)
{
  return NOTE(a), NOTE(b), NOTE(c), NOTE(d), NOTE(e), NOTE(f), note(SYS_mmap);
}
int64_t sys_munmap(uaddr_t a, size_t b)
{
  return NOTE(a), NOTE(b), note(SYS_munmap);
}
int64_t sys_mprotect(uaddr_t a, size_t b, int c)
{
  return NOTE(a), NOTE(b), NOTE(c), note(SYS_mprotect);
}
int64_t sys_clock_gettime(int a, uaddr_t b)
{
  return NOTE(a), NOTE(b), note(SYS_clock_gettime);
}
int64_t sys_nanosleep(uint64_t a)
{
  return NOTE(a), note(SYS_nanosleep);
}
int64_t sys_stat(uaddr_t a, uaddr_t b)
{
  return NOTE(a), NOTE(b), note(SYS_stat);
}
int64_t sys_fstat(int a, uaddr_t b)
{
  return NOTE(a), NOTE(b), note(SYS_fstat);
}
int64_t sys_readdir(int a, uaddr_t b, size_t c)
{
  return NOTE(a), NOTE(b), NOTE(c), note(SYS_readdir);
}
int64_t sys_seek(int a, int64_t b, int c)
{
  return NOTE(a), NOTE(b), NOTE(c), note(SYS_seek);
}
int64_t sys_mkdir(uaddr_t a, unsigned b)
{
  return NOTE(a), NOTE(b), note(SYS_mkdir);
}
int64_t sys_unlink(uaddr_t a)
{
  return NOTE(a), note(SYS_unlink);
}
int64_t sys_chdir(uaddr_t a)
{
  return NOTE(a), note(SYS_chdir);
}
int64_t sys_getcwd(uaddr_t a, size_t b)
{
  return NOTE(a), NOTE(b), note(SYS_getcwd);
}
int64_t sys_dup(int a, unsigned b)
{
  return NOTE(a), NOTE(b), note(SYS_dup);
}
int64_t sys_pipe(uaddr_t a)
{
  return NOTE(a), note(SYS_pipe);
}
int64_t sys_console_ctl(int a, int b, uint64_t c)
{
  return NOTE(a), NOTE(b), NOTE(c), note(SYS_console_ctl);
}
int64_t sys_process_list(uaddr_t a, size_t b)
{
  return NOTE(a), NOTE(b), note(SYS_process_list);
}
int64_t sys_memory_info(uaddr_t a)
{
  return NOTE(a), note(SYS_memory_info);
}
int64_t sys_log_read(uint64_t a, uaddr_t b, size_t c)
{
  return NOTE(a), NOTE(b), NOTE(c), note(SYS_log_read);
}
int64_t sys_power(int a, int b)
{
  return NOTE(a), NOTE(b), note(SYS_power);
}
int64_t sys_handle_info(int a, uaddr_t b)
{
  return NOTE(a), NOTE(b), note(SYS_handle_info);
}
int64_t sys_tls_set(uaddr_t a)
{
  return NOTE(a), note(SYS_tls_set);
}
int64_t sys_memory_stats(uaddr_t a, size_t b)
{
  return NOTE(a), NOTE(b), note(SYS_memory_stats);
}
int64_t sys_random_get(uaddr_t a, size_t b)
{
  return NOTE(a), NOTE(b), note(SYS_random_get);
}
int64_t sys_vmo_create(uint64_t a)
{
  return NOTE(a), note(SYS_vmo_create);
}
int64_t sys_vmo_read(int a, uint64_t b, uaddr_t c, size_t d)
{
  return NOTE(a), NOTE(b), NOTE(c), NOTE(d), note(SYS_vmo_read);
}
int64_t sys_vmo_write(int a, uint64_t b, uaddr_t c, size_t d)
{
  return NOTE(a), NOTE(b), NOTE(c), NOTE(d), note(SYS_vmo_write);
}
int64_t sys_vmo_clone(int a, uint64_t b, uint64_t c)
{
  return NOTE(a), NOTE(b), NOTE(c), note(SYS_vmo_clone);
}
int64_t sys_vmo_resize(int a, uint64_t b)
{
  return NOTE(a), NOTE(b), note(SYS_vmo_resize);
}
int64_t sys_vmo_map(int a, uint64_t b, uaddr_t c, size_t d, int e, int f)
{
  return NOTE(a), NOTE(b), NOTE(c), NOTE(d), NOTE(e), NOTE(f), note(SYS_vmo_map);
}
int64_t sys_vmo_size(int a)
{
  return NOTE(a), note(SYS_vmo_size);
}

/* ---- a program's memory: two writable pages, then one that can only be read ---- */

#define MEMORY 0x10000u
#define MEMORY_END 0x12000u
#define READ_ONLY_END 0x13000u
static uint8_t memory[READ_ONLY_END - MEMORY];
static unsigned copies;

static int check_copy(uaddr_t at, size_t len, uaddr_t end)
{
  copies++;
  return at >= MEMORY && len <= end - at && at < end ? 0 : -EFAULT;
}

int(copy_from_user)(void *dst, uaddr_t src, size_t len)
{
  int err = check_copy(src, len, READ_ONLY_END);
  if (err == 0) memcpy(dst, memory + (src - MEMORY), len);
  return err;
}

int(copy_to_user)(uaddr_t dst, const void *src, size_t len)
{
  int err = check_copy(dst, len, MEMORY_END);
  if (err == 0) memcpy(memory + (dst - MEMORY), src, len);
  return err;
}

static struct process self;
static const char *path_text;
struct process *process_current(void)
{
  return &self;
}

int(copy_string_from_user)(char *dst, uaddr_t src, size_t size)
{
  if (src != MEMORY) return -EFAULT;
  if (strlen(path_text) >= size) return -ENAMETOOLONG;
  strcpy(dst, path_text);
  return 0;
}

int path_normalize(const char *cwd, const char *path, char out[PATH_MAX])
{
  ck_assert(mutex_held(&self.cwd_lock));
  if (*path == '\0') return -ENOENT;
  strcpy(out, cwd);
  strcat(out, path);
  return 0;
}

/* ---- tests ---- */

struct expected {
  const char *name;
  unsigned argc;
  size_t size[6];
};

#define ARG(kind, type, name) sizeof(type)
#define SIZES_0(...) \
  {                  \
    0                \
  }
#define SIZES_1(...) \
  {                  \
    __VA_ARGS__      \
  }
#define SIZES_2(...) \
  {                  \
    __VA_ARGS__      \
  }
#define SIZES_3(...) \
  {                  \
    __VA_ARGS__      \
  }
#define SIZES_4(...) \
  {                  \
    __VA_ARGS__      \
  }
#define SIZES_6(...) \
  {                  \
    __VA_ARGS__      \
  }
#define SYSCALL(number, name, argc, args, text) [number] = {#name, argc, SIZES_##argc args},
static const struct expected calls[] = {
#include <uapi/syscalls.def>
};
#undef SYSCALL
#undef ARG

static struct trapframe frame;

static void call(uint64_t number)
{
  static const uint64_t pattern = 0x8182838485868788;
  frame = (struct trapframe){.rax = number,
                             .rdi = pattern,
                             .rsi = pattern + 1,
                             .rdx = pattern + 2,
                             .r10 = pattern + 3,
                             .r8 = pattern + 4,
                             .r9 = pattern + 5,
                             .rbx = 77,
                             .vector = VECTOR_SYSCALL};
  called = -1;
  arg_count = 0;
  clockwork.irq_on = false;
  syscall_dispatch(&frame);
}

START_TEST(every_call)
{
  const struct expected *e = &calls[_i];
  answer = -1000 - _i;
  call((uint64_t)_i);
  ck_assert_int_eq(called, _i);
  ck_assert(interrupts_were_on);
  ck_assert_int_eq((int64_t)frame.rax, answer);
  ck_assert_uint_eq(frame.rbx, 77);
  ck_assert_str_eq(syscall_name((uint64_t)_i), e->name);
  ck_assert_uint_eq(arg_count, e->argc);
  for (unsigned n = 0; n < e->argc; n++) {
    uint64_t sent = 0x8182838485868788 + n;
    ck_assert_uint_eq(arg_size[n], e->size[n]);
    if (arg_size[n] == 4)
      ck_assert_uint_eq((uint32_t)arg_value[n], (uint32_t)sent);
    else
      ck_assert_uint_eq(arg_value[n], sent);
  }
}
END_TEST

START_TEST(unknown_numbers)
{
  static const uint64_t bad[] = {SYSCALL_COUNT, SYSCALL_COUNT + 1, 1000, 0x80000000, UINT32_MAX, UINT64_MAX};
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    call(bad[i]);
    ck_assert_int_eq(called, -1);
    ck_assert_int_eq((int64_t)frame.rax, -ENOSYS);
    ck_assert_ptr_null(syscall_name(bad[i]));
  }
}
END_TEST

START_TEST(writable)
{
  memset(memory, 0x5A, sizeof(memory));
  ck_assert_int_eq(sys_check_writable(0, 0), 0);
  ck_assert_int_eq(sys_check_writable(MEMORY, 1), 0);
  ck_assert_int_eq(sys_check_writable(MEMORY, 0x2000), 0);
  ck_assert_int_eq(sys_check_writable(MEMORY + 0xFFF, 2), 0);
  ck_assert_int_eq(sys_check_writable(MEMORY + 0x1FFF, 1), 0);
  ck_assert_int_eq(sys_check_writable(MEMORY + 0x1FFF, 2), -EFAULT);
  ck_assert_int_eq(sys_check_writable(MEMORY, 0x2001), -EFAULT);
  ck_assert_int_eq(sys_check_writable(MEMORY_END, 1), -EFAULT);
  ck_assert_int_eq(sys_check_writable(MEMORY - 1, 2), -EFAULT);
  ck_assert_int_eq(sys_check_writable(UINT64_MAX, 2), -EFAULT);
  ck_assert_int_eq(sys_check_writable(UINT64_MAX, 1), -EFAULT);
  for (size_t i = 0; i < sizeof(memory); i++) ck_assert_uint_eq(memory[i], 0x5A);
  copies = 0;
  ck_assert_int_eq(sys_check_writable(MEMORY + 4000, 4096), 0);
  ck_assert_uint_eq(copies, 4); /* a page once each way */
}
END_TEST

START_TEST(paths)
{
  static struct thread thread;
  static char cwd[] = "/home/", longest[PATH_MAX + 1];
  char out[PATH_MAX];
  arch_cpu_self()->current = &thread;
  self.cwd = cwd;
  mutex_init(&self.cwd_lock, "cwd");
  path_text = "x";
  ck_assert_int_eq(sys_copy_path(MEMORY, out), 0);
  ck_assert_str_eq(out, "/home/x");
  ck_assert(!mutex_held(&self.cwd_lock));
  ck_assert_int_eq(sys_copy_path(0, out), -EFAULT);
  path_text = "";
  ck_assert_int_eq(sys_copy_path(MEMORY, out), -ENOENT);
  ck_assert(!mutex_held(&self.cwd_lock));
  memset(longest, 'a', PATH_MAX);
  path_text = longest;
  ck_assert_int_eq(sys_copy_path(MEMORY, out), -ENAMETOOLONG);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("syscall");
  TCase *tc = tcase_create("dispatch");
  tcase_add_checked_fixture(tc, clockwork_reset, NULL);
  tcase_add_loop_test(tc, every_call, 0, SYSCALL_COUNT);
  tcase_add_test(tc, unknown_numbers);
  tcase_add_test(tc, writable);
  tcase_add_test(tc, paths);
  suite_add_tcase(suite, tc);
  return suite_run(suite);
}
