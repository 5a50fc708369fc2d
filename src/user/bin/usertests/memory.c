/* mmap, munmap, mprotect, and what the memory behind them does. */
#include "usertests.h"
#include <stdlib.h>
#include <string.h>

#define PAGE USER_PAGE_SIZE
#define RW (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)
#define CYCLE_ROUNDS 4

static char *map(size_t len, int prot)
{
  return (char *)OK(mmap(NULL, len, prot, ANONYMOUS, -1, 0));
}

static void test_mmap(void)
{
  char *p = map(10 * PAGE + 1, RW);
  CHECK_EQ((uintptr_t)p % PAGE, 0);
  CHECK((uintptr_t)p >= USER_BASE && (uintptr_t)p + 11 * PAGE <= USER_TOP);
  for (size_t i = 0; i < 11 * PAGE; i++) CHECK(p[i] == 0);
  memset(p, 7, 11 * PAGE);
  char *q = map(PAGE, RW);
  CHECK(q + PAGE <= p || q >= p + 11 * PAGE);
  OK(munmap(p, 10 * PAGE + 1));
  p = map(PAGE, RW);
  CHECK(p[0] == 0); /* fresh, whatever was there */
}

static void test_mmap_fixed(void)
{
  char *p = map(3 * PAGE, RW);
  p[0] = 1;
  FAILS(EEXIST, mmap(p, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
  FAILS(EEXIST, mmap(p - PAGE, 2 * PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
  CHECK(p[0] == 1);
  OK(munmap(p + PAGE, PAGE));
  CHECK(mmap(p + PAGE, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0) == p + PAGE);
  char *hint = p + 64 * PAGE;
  CHECK(mmap(hint, PAGE, RW, ANONYMOUS, -1, 0) == hint);
  CHECK(mmap(hint, PAGE, RW, ANONYMOUS, -1, 0) != hint); /* taken: only a hint */
}

static void test_mmap_errors(void)
{
  int h = scratch_file("file");
  char *top = (char *)USER_TOP;
  FAILS(EINVAL, mmap(NULL, 0, RW, ANONYMOUS, -1, 0));
  FAILS(EINVAL, mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0));
  FAILS(EINVAL, mmap(NULL, PAGE, RW, ANONYMOUS | 0x1000, -1, 0));
  FAILS(EINVAL, mmap(NULL, PAGE, 0x10, ANONYMOUS, -1, 0));
  FAILS(EINVAL, mmap(NULL, PAGE, RW, ANONYMOUS, h, 0));
  FAILS(EINVAL, mmap(NULL, PAGE, RW, ANONYMOUS, -1, PAGE));
  FAILS(EINVAL, mmap((void *)0x30000001, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
  FAILS(EINVAL, mmap(NULL, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
  FAILS(EINVAL, mmap(top, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
  FAILS(EINVAL, mmap(top - PAGE, 2 * PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
  FAILS(EINVAL, mmap((void *)-(intptr_t)PAGE, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
  FAILS(EACCES, mmap(NULL, PAGE, RW | PROT_EXEC, ANONYMOUS, -1, 0));
  FAILS(EINVAL, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, h, 1));
  FAILS(EBADF, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0));
  FAILS(ENODEV, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, (int)OK(open("/tmp", O_RDONLY, 0)), 0));
  FAILS(EACCES, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, (int)OK(open(SCRATCH, O_WRONLY, 0)), 0));
  FAILS(EACCES, mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, h, 0)); /* the file has no execute bit */
}

static void test_mmap_sizes(void)
{
  static const size_t sizes[] = {USER_TOP, (size_t)1 << 40, SIZE_MAX - PAGE, SIZE_MAX, SIZE_MAX / 2};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    errno = 0;
    CHECK(mmap(NULL, sizes[i], RW, ANONYMOUS, -1, 0) == MAP_FAILED);
    CHECK(errno == ENOMEM || errno == EINVAL);
  }
  char *p = map(256 << 20, RW); /* more than the machine has: pages come when touched */
  p[0] = p[(256 << 20) - 1] = 1;
}

static void test_mmap_file(void)
{
  int h = scratch_file("file content");
  char *p = (char *)OK(mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, h, 0));
  CHECK(memcmp(p, "file content", 12) == 0);
  CHECK(p[12] == 0 && p[2 * PAGE - 1] == 0);
  p[0] = 'F';
  char c;
  CHECK_EQ(read(h, &c, 1), 1);
  CHECK(c == 'f'); /* private */
  OK(seek(h, 1, SEEK_SET));
  CHECK_EQ(write(h, "I", 1), 1);
  CHECK(p[1] == 'i'); /* a snapshot */
  OK(close(h));
  CHECK(p[4] == ' ');
}

/* Code out of a program's own file, mapped again, runs. */
static void test_mmap_exec(void)
{
  int h = (int)OK(open("/bin/true", O_RDONLY, 0));
  char *p = (char *)OK(mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, h, 0));
  CHECK(memcmp(p, "\177ELF", 4) == 0);
  FAILS(EACCES, mmap(NULL, PAGE, RW | PROT_EXEC, MAP_PRIVATE, h, 0));
}

static void test_munmap(void)
{
  char *p = map(5 * PAGE, RW);
  memset(p, 1, 5 * PAGE);
  OK(munmap(p + PAGE, PAGE));
  OK(munmap(p + PAGE, 3 * PAGE)); /* holes are fine */
  CHECK(p[0] == 1 && p[4 * PAGE] == 1);
  FAILS(EINVAL, munmap(p + 1, PAGE));
  FAILS(EINVAL, munmap(p, 0));
  FAILS(EINVAL, munmap((char *)USER_TOP, PAGE));
  FAILS(EINVAL, munmap((char *)0xFFFFFFFF80000000ull, PAGE));
  FAILS(EINVAL, munmap(p, SIZE_MAX - PAGE + 1));
  CHECK(p[0] == 1);
}

static void test_mprotect(void)
{
  char *p = map(3 * PAGE, RW);
  p[0] = p[PAGE] = p[2 * PAGE] = 1;
  OK(mprotect(p + PAGE, PAGE, PROT_READ));
  CHECK(p[PAGE] == 1);
  p[0] = p[2 * PAGE] = 2;
  OK(mprotect(p, 3 * PAGE, PROT_NONE));
  OK(mprotect(p, 3 * PAGE, RW));
  CHECK(p[0] == 2 && p[PAGE] == 1 && p[2 * PAGE] == 2);
  p[PAGE] = 3;
  FAILS(EINVAL, mprotect(p + 1, PAGE, PROT_READ));
  FAILS(EINVAL, mprotect(p, 0, PROT_READ));
  FAILS(EINVAL, mprotect(p, PAGE, 0x20));
  FAILS(EINVAL, mprotect((char *)USER_TOP, PAGE, PROT_READ));
  FAILS(EACCES, mprotect(p, PAGE, RW | PROT_EXEC));
  OK(munmap(p + PAGE, PAGE));
  FAILS(ENOMEM, mprotect(p, 3 * PAGE, PROT_READ));
  p[0] = 4; /* nothing was changed */
}

/* Data becomes code and back, never both at once. */
static void test_mprotect_code(void)
{
  unsigned char *p = (unsigned char *)map(PAGE, RW);
  static const unsigned char answer[] = {0xB8, 42, 0, 0, 0, 0xC3}; /* mov $42, %eax; ret */
  memcpy(p, answer, sizeof answer);
  OK(mprotect(p, PAGE, PROT_READ | PROT_EXEC));
  CHECK_EQ(((int (*)(void))(uintptr_t)p)(), 42);
  OK(mprotect(p, PAGE, RW));
  p[1] = 43;
  OK(mprotect(p, PAGE, PROT_READ | PROT_EXEC));
  CHECK_EQ(((int (*)(void))(uintptr_t)p)(), 43);
}

static void touch_unmapped(void)
{
  char *p = map(PAGE, RW);
  p[0] = 1;
  OK(munmap(p, PAGE));
  p[0] = 2;
}

static void write_protected(void)
{
  char *p = map(PAGE, RW);
  p[0] = 1;
  OK(mprotect(p, PAGE, PROT_READ));
  p[0] = 2;
}

static void read_none(void)
{
  volatile char *p = map(PAGE, PROT_NONE);
  (void)p[0];
}

static void execute_heap(void)
{
  unsigned char *p = malloc(16);
  p[0] = 0xC3;
  ((void (*)(void))(uintptr_t)p)();
}

static int use_stack(int depth)
{
  volatile char frame[4000];
  frame[0] = (char)depth;
  return depth == 0 ? 0 : use_stack(depth - 1) + frame[0];
}

static void test_stack(void)
{
  use_stack((int)(USER_STACK_SIZE / 4096) - 16);
}

static void test_malloc(void)
{
  void *blocks[64];
  for (size_t i = 0; i < 64; i++) {
    blocks[i] = malloc(i * 300 + 1);
    CHECK(blocks[i] != NULL);
    memset(blocks[i], (int)i, i * 300 + 1);
  }
  for (size_t i = 0; i < 64; i++) {
    CHECK(((char *)blocks[i])[i * 300] == (char)i);
    free(blocks[i]);
  }
}

/* A program that wants everything ends; the others and the system stay. */
static void test_exhaustion(void)
{
  struct wait_status status = finish(start_helper("eat", "", 0, 1));
  CHECK(status.reason != EXIT_NORMAL || status.code == 3);
  char *p = map(64 * PAGE, RW);
  memset(p, 1, 64 * PAGE);
}

/* Takes page after page until no program's page is free. Then whatever needs one fails, the kernel has what it had but for the
 * tables of these pages, and the next page touched ends the program. */
static void touch_the_last_page(void)
{
  struct memory_stats before, now;
  OK(memory_stats(&before, sizeof before));
  uint64_t left = before.zone[1].free_pages, taken = 0;
  volatile char *p = map((left + 64) * PAGE, RW);
  while (left > 0) {
    p[taken++ * PAGE] = 1;
    OK(memory_stats(&now, sizeof now));
    left = now.zone[1].free_pages;
  }
  CHECK(taken > 100);
  uint64_t keeping = taken / 64 + 16; /* page tables, and the nodes that know the pages: a few bytes each */
  CHECK(now.zone[0].free_pages + keeping >= before.zone[0].free_pages);
  FAILS(ENOMEM, spawn("/bin/true", NULL, NULL, NULL));
  CHECK(process_exists(getpid()));
  p[taken * PAGE] = 1;
}

static uint64_t free_pages(void)
{
  struct memory_info m;
  OK(memory_info(&m));
  return m.free_pages;
}

/* A leak costs every round. What the kernel keeps for later (stacks, slabs) costs the first, and another only when more programs
 * are on their way at once than ever before, which the host's load decides where the clock is real. */
int64_t run_cycles(unsigned count)
{
  int64_t lost = 1;
  for (int round = 0; round < CYCLE_ROUNDS && lost > 0; round++) {
    uint64_t before = free_pages();
    for (unsigned i = 0; i < count; i++) CHECK_EQ(finish(start_helper("map", "20", 0, 1)).code, 0);
    lost = (int64_t)(before - free_pages());
  }
  return lost;
}

/* `usertests --cycles N` does it more often. */
static void test_cycles(void)
{
  CHECK_EQ(run_cycles(50), 0);
}

const struct test memory_tests[] = {
  {"mem_mmap", test_mmap, 0},
  {"mem_mmap_fixed", test_mmap_fixed, 0},
  {"mem_mmap_errors", test_mmap_errors, 0},
  {"mem_mmap_sizes", test_mmap_sizes, 0},
  {"mem_mmap_file", test_mmap_file, 0},
  {"mem_mmap_exec", test_mmap_exec, 0},
  {"mem_munmap", test_munmap, 0},
  {"mem_mprotect", test_mprotect, 0},
  {"mem_mprotect_code", test_mprotect_code, 0},
  {"mem_stack", test_stack, 0},
  {"mem_malloc", test_malloc, 0},
  {"mem_touch_unmapped", touch_unmapped, FAULT_MEMORY},
  {"mem_write_protected", write_protected, FAULT_MEMORY},
  {"mem_read_none", read_none, FAULT_MEMORY},
  {"mem_execute_heap", execute_heap, FAULT_MEMORY},
  {"mem_exhaustion", test_exhaustion, 0},
  {"mem_touch_the_last_page", touch_the_last_page, FAULT_MEMORY},
  {"mem_cycles", test_cycles, 0},
  {0},
};
