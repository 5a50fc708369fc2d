/* The doors into the kernel, clocks, sleep, the thread pointer, registers, the console, statistics, the log, power. */
#include "usertests.h"
#include <stdio.h>
#include <string.h>

static void test_doors(void)
{
  CHECK_EQ(syscall6(SYS_getpid, 0, 0, 0, 0, 0, 0), getpid());
  CHECK_EQ(int80_call6(SYS_getpid, 0, 0, 0, 0, 0, 0), getpid());
  char *p = (char *)int80_call6(SYS_mmap, 0, USER_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                                (uint64_t)-1, 0); /* all six arguments */
  CHECK((int64_t)p > 0);
  p[0] = 1;
  CHECK_EQ(int80_call6(SYS_munmap, (uint64_t)p, USER_PAGE_SIZE, 0, 0, 0, 0), 0);
  CHECK_EQ(int80_call6(SYS_close, 999, 0, 0, 0, 0, 0), -EBADF);
  CHECK_EQ(syscall6(SYS_close, 999, 0, 0, 0, 0, 0), -EBADF);
}

static void test_unknown_calls(void)
{
  static const uint64_t numbers[] = {SYSCALL_COUNT, SYSCALL_COUNT + 1, 1000,       0x7FFFFFFF,
                                     0x80000000,    0xFFFFFFFF,        UINT64_MAX, 0xFFFFFFFFFFFF0000};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    CHECK_EQ(syscall6(numbers[i], 1, 2, 3, 4, 5, 6), -ENOSYS);
    CHECK_EQ(int80_call6(numbers[i], 1, 2, 3, 4, 5, 6), -ENOSYS);
  }
  /* The number is the low half of the register, whatever the way into the kernel. */
  CHECK_EQ(syscall6(1ull << 32 | SYS_getpid, 0, 0, 0, 0, 0, 0), getpid());
  CHECK_EQ(int80_call6(1ull << 32 | SYS_getpid, 0, 0, 0, 0, 0, 0), getpid());
}

/* Loads every register but rsp, calls, and stores them all again: before[] and after[] in the order of the pushes. */
void registers_across_syscall(const uint64_t before[15], uint64_t after[15]);
void registers_across_int80(const uint64_t before[15], uint64_t after[15]);
#define REGISTERS_ACROSS(name, instruction)                                                                        \
  __asm__(".text\n"                                                                                                \
          ".globl " name "\n" name ":\n"                                                                           \
          "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"                                   \
          "  push %rsi\n"                                                                                          \
          "  push %rdi; pop %rax\n"                                                                                \
          "  mov 8(%rax), %rbx; mov 16(%rax), %rcx; mov 24(%rax), %rdx; mov 32(%rax), %rsi; mov 40(%rax), %rdi\n"  \
          "  mov 48(%rax), %rbp; mov 56(%rax), %r8; mov 64(%rax), %r9; mov 72(%rax), %r10; mov 80(%rax), %r11\n"   \
          "  mov 88(%rax), %r12; mov 96(%rax), %r13; mov 104(%rax), %r14; mov 112(%rax), %r15; mov (%rax), %rax\n" \
          "  " instruction "\n"                                                                                    \
          "  xchg %rax, (%rsp)\n"                                                                                  \
          "  mov %rbx, 8(%rax); mov %rcx, 16(%rax); mov %rdx, 24(%rax); mov %rsi, 32(%rax); mov %rdi, 40(%rax)\n"  \
          "  mov %rbp, 48(%rax); mov %r8, 56(%rax); mov %r9, 64(%rax); mov %r10, 72(%rax); mov %r11, 80(%rax)\n"   \
          "  mov %r12, 88(%rax); mov %r13, 96(%rax); mov %r14, 104(%rax); mov %r15, 112(%rax)\n"                   \
          "  pop (%rax)\n"                                                                                         \
          "  pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"                                         \
          "  ret\n")
REGISTERS_ACROSS("registers_across_syscall", "syscall");
REGISTERS_ACROSS("registers_across_int80", "int $0x80");

static void check_registers(void (*across)(const uint64_t *, uint64_t *), uint64_t number, bool syscall_instruction)
{
  uint64_t before[15], after[15];
  for (uint64_t i = 0; i < 15; i++) before[i] = 0x1111111111111111ull * i + 0x0123456789ull;
  before[0] = number;
  across(before, after);
  for (int i = 1; i < 15; i++)
    if (!syscall_instruction || (i != 2 && i != 10)) /* rcx and r11 */
      CHECK_EQ(after[i], before[i]);
}

static void test_registers(void)
{
  static const uint64_t numbers[] = {SYS_getpid, SYS_yield, 12345};
  for (size_t i = 0; i < 3; i++) {
    check_registers(registers_across_syscall, numbers[i], true);
    check_registers(registers_across_int80, numbers[i], false);
  }
}

/* Flags a program may set must not trouble the kernel, and must be its own again afterwards. */
static void test_flags(void)
{
  uint64_t flags;
  int64_t result;
  __asm__ volatile("std\n int $0x80\n pushf\n cld\n pop %1"
                   : "=a"(result), "=r"(flags)
                   : "a"((uint64_t)SYS_getpid)
                   : "memory");
  CHECK_EQ(result, getpid());
  CHECK(flags & 0x400);
  char buf[64] = "unchanged";
  int h = scratch_file("direction");
  __asm__ volatile("std\n syscall\n cld"
                   : "=a"(result)
                   : "a"((uint64_t)SYS_read), "D"((uint64_t)h), "S"(buf), "d"((uint64_t)9)
                   : "rcx", "r11", "memory");
  CHECK_EQ(result, 9);
  CHECK(strcmp(buf, "direction") == 0);
}

/* The 128 bytes below the stack pointer are the program's, whatever interrupts it. */
static void test_red_zone(void)
{
  uint64_t lost = 0;
  for (int i = 0; i < 100; i++)
    __asm__ volatile("movq $0x5A5A5A5A, -8(%%rsp)\n movq $0x3C3C3C3C, -128(%%rsp)\n"
                     "mov $500000, %%ecx\n 1: dec %%ecx\n jnz 1b\n"
                     "cmpq $0x5A5A5A5A, -8(%%rsp)\n je 2f\n inc %0\n 2:\n"
                     "cmpq $0x3C3C3C3C, -128(%%rsp)\n je 3f\n inc %0\n 3:\n"
                     : "+r"(lost)
                     :
                     : "rcx", "memory", "cc");
  CHECK_EQ(lost, 0);
}

static void test_clock(void)
{
  uint64_t last = now_ns();
  for (int i = 0; i < 2000; i++) {
    uint64_t now = now_ns();
    CHECK(now >= last);
    last = now;
  }
  struct timespec t;
  OK(clock_gettime(CLOCK_REALTIME, &t));
  CHECK(t.tv_sec >= 0 && t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
  FAILS(EINVAL, clock_gettime(2, &t));
  FAILS(EINVAL, clock_gettime(-1, &t));
  FAILS(EFAULT, clock_gettime(CLOCK_MONOTONIC, NULL));
}

static void test_sleep(void)
{
  uint64_t start = now_ns();
  CHECK_EQ(nanosleep(0), 0);
  for (uint64_t ns = 1; ns <= 10000000; ns *= 10) {
    start = now_ns();
    CHECK_EQ(nanosleep(ns), 0);
    CHECK(now_ns() - start >= ns);
  }
}

static uint64_t read_fs(void)
{
  uint64_t value;
  __asm__ volatile("mov %%fs:0, %0" : "=r"(value));
  return value;
}

static void test_tls(void)
{
  static uint64_t block[4] = {0x1234, 0, 0, 0}, other[4] = {0x5678, 0, 0, 0};
  OK(tls_set(block));
  CHECK_EQ(read_fs(), 0x1234);
  nanosleep(2000000);
  for (int i = 0; i < 100; i++) yield();
  CHECK_EQ(read_fs(), 0x1234);
  CHECK_EQ(finish(start_helper("exit", "0", 0, 1)).code, 0);
  CHECK_EQ(read_fs(), 0x1234);
  OK(tls_set(other));
  CHECK_EQ(read_fs(), 0x5678);
  FAILS(EINVAL, tls_set((void *)USER_TOP));
  FAILS(EINVAL, tls_set((void *)0xFFFFFFFF80000000ull));
  FAILS(EINVAL, tls_set((void *)0x8000000000000000ull));
  CHECK_EQ(read_fs(), 0x5678);
}

/* /bin/fptest says how the vector registers fare; here beside programs that want the processor. */
static void test_vector_registers(void)
{
  int spinner = start_helper("spin", "", 0, 1);
  const char *const argv[] = {"fptest", "2", NULL};
  int first = (int)OK(spawn("/bin/fptest", argv, NULL, NULL)), second = (int)OK(spawn("/bin/fptest", argv, NULL, NULL));
  CHECK_EQ(finish(first).code, 0);
  CHECK_EQ(finish(second).code, 0);
  OK(kill(spinner, 9));
  finish(spinner);
}

static void test_console(void)
{
  int h = (int)OK(open("/dev/console", O_RDWR, 0));
  int mode = (int)OK(console_ctl(h, CONSOLE_GET_MODE, 0));
  OK(console_ctl(h, CONSOLE_SET_MODE, CONSOLE_ECHO));
  CHECK_EQ(console_ctl(h, CONSOLE_GET_MODE, 0), CONSOLE_ECHO);
  OK(console_ctl(h, CONSOLE_SET_MODE, (uint64_t)mode));
  int size = (int)OK(console_ctl(h, CONSOLE_GET_SIZE, 0));
  CHECK(size >> 16 > 0 && (size & 0xFFFF) > 0);
  FAILS(EINVAL, console_ctl(h, 99, 0));
  FAILS(EINVAL, console_ctl(h, CONSOLE_SET_MODE, 0x80));
  FAILS(EACCES, console_ctl((int)OK(dup(h, RIGHT_READ)), CONSOLE_SET_MODE, 0));
  FAILS(ENOTTY, console_ctl(scratch_file(""), CONSOLE_GET_MODE, 0));
  FAILS(EBADF, console_ctl(-1, CONSOLE_GET_MODE, 0));
  int ends[2];
  OK(pipe(ends));
  FAILS(ENOTTY, console_ctl(ends[0], CONSOLE_GET_MODE, 0));
}

static void test_memory_info(void)
{
  struct memory_info m;
  OK(memory_info(&m));
  CHECK_EQ(m.page_size, USER_PAGE_SIZE);
  CHECK(m.free_pages > 0 && m.free_pages < m.total_pages);
  CHECK(m.kernel_pages > 0 && m.user_pages > 0 && m.heap_bytes > 0);
  FAILS(EFAULT, memory_info(NULL));
}

static uint64_t blocks_pages(const struct memory_zone *z)
{
  uint64_t pages = 0;
  for (int k = 0; k < MEMORY_ORDERS; k++) pages += z->free_blocks[k] << k;
  return pages;
}

static void test_memory_stats(void)
{
  struct memory_stats m;
  struct memory_info info;
  uint64_t owned[MEMORY_ZONES] = {0};
  CHECK_EQ(memory_stats(NULL, 0), sizeof m);
  CHECK_EQ(memory_stats(&m, sizeof m), sizeof m);
  OK(memory_info(&info));
  CHECK_EQ(m.page_size, USER_PAGE_SIZE);
  CHECK(strcmp(m.allocator, "buddy") == 0 || strcmp(m.allocator, "bitmap") == 0 || strcmp(m.allocator, "array") == 0);
  CHECK_EQ(m.zone[0].total_pages + m.zone[1].total_pages, info.total_pages);
  CHECK_EQ(m.zone[0].end, m.zone[1].base);
  for (int i = 0; i < MEMORY_OWNERS; i++)
    if (m.owner[i].name[0] != '\0') owned[m.owner[i].zone] += m.owner[i].pages;
  for (int i = 0; i < MEMORY_ZONES; i++) {
    const struct memory_zone *z = &m.zone[i];
    CHECK(z->base < z->end && z->total_pages <= (z->end - z->base) / m.page_size);
    CHECK_EQ(blocks_pages(z) + z->cached_pages, z->free_pages);
    CHECK_EQ(owned[i] + z->free_pages, z->total_pages);
  }
  CHECK(m.heap_bytes <= m.heap_pages * m.page_size && m.heap_objects > 0 && m.stack_pages > 0);
  char some[sizeof m.allocator + 1] = {0};
  CHECK_EQ(memory_stats((struct memory_stats *)some, sizeof m.allocator), sizeof m); /* no byte more */
  CHECK(strcmp(some, m.allocator) == 0);
  CHECK_EQ(memory_stats((struct memory_stats *)(void *)end_of_mapping(8), 8), sizeof m);
  FAILS(EFAULT, memory_stats((struct memory_stats *)(void *)end_of_mapping(8), 9));
  FAILS(EFAULT, memory_stats(NULL, 1));
}

static void test_log(void)
{
  char buf[256];
  uint64_t offset = 0;
  ssize_t n;
  bool banner = false;
  while ((n = OK(log_read(offset, buf, sizeof buf - 1))) > 0) {
    buf[n] = '\0';
    banner |= strstr(buf, "Veridian") != NULL;
    offset += (uint64_t)n;
    CHECK(offset < 1 << 24);
  }
  CHECK(banner);
  CHECK_EQ(log_read(offset + 1000000, buf, sizeof buf), 0);
  CHECK_EQ(log_read(UINT64_MAX, buf, sizeof buf), 0);
  FAILS(EFAULT, log_read(0, NULL, 10));
  FAILS(EINVAL, log_read(0, buf, (size_t)1 << 63));
}

/* 2^-64 a word is what chance would need to fail this. */
static void test_random(void)
{
  static uint64_t words[1024];
  char bytes[8] = {0}, *page = read_only_page();
  CHECK_EQ(random_get(words, sizeof words), sizeof words);
  for (int i = 0; i < 1024; i++)
    for (int j = 0; j < i; j++) CHECK(words[i] != words[j]);
  CHECK_EQ(random_get(bytes, 3), 3);
  CHECK(bytes[3] == 0 && bytes[7] == 0);
  CHECK_EQ(random_get(NULL, 0), 0);
  char *last = end_of_mapping(5);
  CHECK_EQ(random_get(last, 5), 5);
  FAILS(EFAULT, random_get(last, 6));
  FAILS(EFAULT, random_get(page, 1));
  FAILS(EINVAL, random_get(words, RANDOM_MAX + 1));
  for (int i = 0; i < HOSTILE_COUNT; i++) FAILS(EFAULT, random_get((void *)hostile_addresses[i], 8));
}

static void test_power(void)
{
  FAILS(EPERM, power(POWER_OFF, 0));
  FAILS(EPERM, power(POWER_RESET, 0));
  FAILS(EINVAL, power(99, 0));
  FAILS(EINVAL, power(POWER_OFF, 256));
}

const struct test system_tests[] = {
  {"sys_doors", test_doors, 0},
  {"sys_unknown_calls", test_unknown_calls, 0},
  {"sys_registers", test_registers, 0},
  {"sys_flags", test_flags, 0},
  {"sys_red_zone", test_red_zone, 0},
  {"sys_clock", test_clock, 0},
  {"sys_sleep", test_sleep, 0},
  {"sys_tls", test_tls, 0},
  {"sys_vector_registers", test_vector_registers, 0},
  {"sys_console", test_console, 0},
  {"sys_memory_info", test_memory_info, 0},
  {"sys_memory_stats", test_memory_stats, 0},
  {"sys_log", test_log, 0},
  {"sys_random", test_random, 0},
  {"sys_power", test_power, 0},
  {0},
};
