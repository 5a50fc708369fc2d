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

/* Of types A, B, ... */
#define STUB_0(name, none)   \
  int64_t sys_##name(void)   \
  {                          \
    return note(SYS_##name); \
  }
#define STUB_1(name, A)               \
  int64_t sys_##name(A a)             \
  {                                   \
    return NOTE(a), note(SYS_##name); \
  }
#define STUB_2(name, A, B)                     \
  int64_t sys_##name(A a, B b)                 \
  {                                            \
    return NOTE(a), NOTE(b), note(SYS_##name); \
  }
#define STUB_3(name, A, B, C)                           \
  int64_t sys_##name(A a, B b, C c)                     \
  {                                                     \
    return NOTE(a), NOTE(b), NOTE(c), note(SYS_##name); \
  }
#define STUB_4(name, A, B, C, D)                                 \
  int64_t sys_##name(A a, B b, C c, D d)                         \
  {                                                              \
    return NOTE(a), NOTE(b), NOTE(c), NOTE(d), note(SYS_##name); \
  }
#define STUB_6(name, A, B, C, D, E, F)                                             \
  int64_t sys_##name(A a, B b, C c, D d, E e, F f)                                 \
  {                                                                                \
    return NOTE(a), NOTE(b), NOTE(c), NOTE(d), NOTE(e), NOTE(f), note(SYS_##name); \
  }

#define LIST(...) __VA_ARGS__
#define STUB(stub, ...) stub(__VA_ARGS__)
#define ARG(kind, type, name) SYS_KIND_##kind(type)
#define SYSCALL(number, name, argc, args, text) STUB(STUB_##argc, name, LIST args)
#include <uapi/syscalls.def>
#undef SYSCALL
#undef ARG

/* ---- a program's memory: two writable pages, then one that can only be read ---- */

#define MEMORY 0x10000u
#define MEMORY_END 0x12000u
#define READ_ONLY_END 0x13000u
static uint8_t memory[READ_ONLY_END - MEMORY];
static unsigned copies;
static int copy_error; /* of memory that cannot be had just now */

static int check_copy(uaddr_t at, size_t len, uaddr_t end)
{
  copies++;
  if (copy_error) return copy_error;
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

static const struct {
  const char *name;
  unsigned argc;
} calls[] = {
#define SYSCALL(number, name, argc, args, text) [number] = {#name, argc},
#include <uapi/syscalls.def>
#undef SYSCALL
};

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

START_TEST(every_call_reaches_its_handler)
{
  answer = -1000 - _i;
  call((uint64_t)_i);
  ck_assert_int_eq(called, _i);
  ck_assert(interrupts_were_on);
  ck_assert_int_eq((int64_t)frame.rax, answer);
  ck_assert_uint_eq(frame.rbx, 77);
  ck_assert_str_eq(syscall_name((uint64_t)_i), calls[_i].name);
  ck_assert_uint_eq(arg_count, calls[_i].argc);
  for (unsigned n = 0; n < calls[_i].argc; n++) {
    uint64_t sent = 0x8182838485868788 + n;
    if (arg_size[n] == 4)
      ck_assert_uint_eq((uint32_t)arg_value[n], (uint32_t)sent);
    else
      ck_assert_uint_eq(arg_value[n], sent);
  }
}
END_TEST

START_TEST(unknown_numbers_are_refused)
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

START_TEST(only_writable_memory_passes)
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
  copy_error = -ENOMEM;
  ck_assert_int_eq(sys_check_writable(MEMORY, 1), -ENOMEM);
}
END_TEST

START_TEST(paths_are_made_absolute)
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
  TCase *tc = suite_case(suite, "dispatch", clockwork_reset, NULL);
  tcase_add_loop_test(tc, every_call_reaches_its_handler, 0, SYSCALL_COUNT);
  tcase_add_test(tc, unknown_numbers_are_refused);
  tcase_add_test(tc, only_writable_memory_passes);
  tcase_add_test(tc, paths_are_made_absolute);
  return suite_run(suite);
}
