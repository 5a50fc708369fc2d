/* Every call that takes an address, with every address it must refuse. */
#include "usertests.h"
#include <stdio.h>
#include <string.h>

/* Where a call takes its pointer. Size 0: the call decides how much it touches. */
struct pointer {
  unsigned call;
  unsigned argument; /* 0-5 */
  uint64_t arguments[6];
  bool output;
};

static int file, reader, directory, child;

/* Everything else about these calls is right. */
static const struct pointer *pointers(size_t *count)
{
  static struct pointer list[24];
  size_t n = 0;
  uint64_t path = (uint64_t)SCRATCH, truth = (uint64_t) "/bin/true";
  list[n++] = (struct pointer){SYS_write, 1, {(uint64_t)file, 0, 16}, false};
  list[n++] = (struct pointer){SYS_read, 1, {(uint64_t)reader, 0, 16}, true};
  list[n++] = (struct pointer){SYS_open, 0, {0, O_RDONLY, 0}, false};
  list[n++] = (struct pointer){SYS_spawn, 0, {0, 0, 0, 0}, false};
  list[n++] = (struct pointer){SYS_spawn, 1, {truth, 0, 0, 0}, false};
  list[n++] = (struct pointer){SYS_spawn, 2, {truth, 0, 0, 0}, false};
  list[n++] = (struct pointer){SYS_spawn, 3, {truth, 0, 0, 0}, false};
  list[n++] = (struct pointer){SYS_wait, 1, {(uint64_t)child, 0, 0}, true};
  list[n++] = (struct pointer){SYS_clock_gettime, 1, {CLOCK_MONOTONIC, 0}, true};
  list[n++] = (struct pointer){SYS_stat, 0, {0, 0}, false};
  list[n++] = (struct pointer){SYS_stat, 1, {path, 0}, true};
  list[n++] = (struct pointer){SYS_fstat, 1, {(uint64_t)reader, 0}, true};
  list[n++] = (struct pointer){SYS_readdir, 1, {(uint64_t)directory, 0, 512}, true};
  list[n++] = (struct pointer){SYS_mkdir, 0, {0, 0755}, false};
  list[n++] = (struct pointer){SYS_unlink, 0, {0}, false};
  list[n++] = (struct pointer){SYS_chdir, 0, {0}, false};
  list[n++] = (struct pointer){SYS_getcwd, 0, {0, 512}, true};
  list[n++] = (struct pointer){SYS_pipe, 0, {0}, true};
  list[n++] = (struct pointer){SYS_process_list, 0, {0, 2}, true};
  list[n++] = (struct pointer){SYS_memory_info, 0, {0}, true};
  list[n++] = (struct pointer){SYS_memory_stats, 0, {0, sizeof(struct memory_stats)}, true};
  list[n++] = (struct pointer){SYS_log_read, 1, {0, 0, 64}, true};
  list[n++] = (struct pointer){SYS_handle_info, 1, {(uint64_t)reader, 0}, true};
  *count = n;
  return list;
}

static void check_refuses(const struct pointer *p, uint64_t address)
{
  uint64_t a[6];
  memcpy(a, p->arguments, sizeof a);
  a[p->argument] = address;
  int64_t r = syscall6(p->call, a[0], a[1], a[2], a[3], a[4], a[5]);
  if (r != -EFAULT)
    fail(__FILE__, __LINE__, "call %u, argument %u, address 0x%lx: answers %ld", p->call, p->argument, address, r);
}

static void prepare(void)
{
  OK(close(scratch_file("some text in a file, more than sixteen bytes")));
  file = (int)OK(open(SCRATCH, O_WRONLY, 0));
  reader = (int)OK(open(SCRATCH, O_RDONLY, 0));
  directory = (int)OK(open("/", O_RDONLY, 0));
  child = start_helper("exit", "0", 0, 1);
  nanosleep(20000000); /* it has ended: wait has something to answer */
}

static void test_addresses(void)
{
  size_t count;
  prepare();
  const struct pointer *list = pointers(&count);
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < HOSTILE_COUNT; k++) check_refuses(&list[i], hostile_addresses[k]);
  CHECK_EQ(finish(child).code, 0); /* nothing happened in all of them */
  CHECK_EQ(seek(reader, 0, SEEK_CUR), 0);
}

/* The first bytes are the program's, the rest is not: unmapped, or past the window's end. */
static void test_straddling(void)
{
  size_t count;
  prepare();
  const struct pointer *list = pointers(&count);
  char *edge = end_of_mapping(4);
  for (size_t i = 0; i < count; i++) {
    if (list[i].call == SYS_write || list[i].call == SYS_read || list[i].call == SYS_log_read)
      continue;                               /* these may move the four bytes first */
    if (list[i].call == SYS_getcwd) continue; /* "/" and its null fit */
    if (list[i].call == SYS_spawn && (list[i].argument == 1 || list[i].argument == 2))
      continue;              /* "/aaa" is read as a pointer, see spawn_errors */
    memcpy(edge, "/aaa", 4); /* a path without an end; what is written there before it fails is no matter */
    check_refuses(&list[i], (uint64_t)edge);
  }
  finish(child);
}

static void test_read_only(void)
{
  size_t count;
  prepare();
  const struct pointer *list = pointers(&count);
  char *page = read_only_page();
  for (size_t i = 0; i < count; i++)
    if (list[i].output) check_refuses(&list[i], (uint64_t)page);
  for (size_t i = 0; i < USER_PAGE_SIZE; i++) CHECK(page[i] == 0);
  check_refuses(&list[1], (uint64_t)test_read_only); /* the program's own text */
  finish(child);
}

static void test_no_access(void)
{
  size_t count;
  prepare();
  const struct pointer *list = pointers(&count);
  void *page = (void *)OK(mmap(NULL, USER_PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  for (size_t i = 0; i < count; i++) check_refuses(&list[i], (uint64_t)page);
  finish(child);
}

/* Lengths that wrap around, reach into the kernel's half, or are negative. */
static void test_lengths(void)
{
  static const size_t lengths[] = {SIZE_MAX,        SIZE_MAX - 1, (size_t)1 << 63, ((size_t)1 << 63) - 1,
                                   (size_t)1 << 47, USER_TOP};
  static char buf[16];
  prepare();
  int h = (int)OK(open("/dev/null", O_WRONLY, 0));
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    int64_t r = syscall6(SYS_write, (uint64_t)file, (uint64_t)buf, lengths[i], 0, 0, 0);
    CHECK(r == -EFAULT || r == -EINVAL || r == -EFBIG || (r > 0 && r <= 1 << 20));
    r = syscall6(SYS_log_read, 1u << 30, (uint64_t)buf, lengths[i], 0, 0, 0);
    CHECK(r == -EFAULT || r == -EINVAL || r == 0);
    r = syscall6(SYS_process_list, USER_TOP - 4096, lengths[i], 0, 0, 0, 0);
    CHECK(r < 0 || r < 1000);
    r = syscall6(SYS_write, (uint64_t)h, 0xFFFFFFFF80000000ull, lengths[i], 0, 0, 0);
    CHECK(r == -EFAULT || r == -EINVAL || r == (int64_t)lengths[i] || r > 0);
  }
  finish(child);
}

/* Random numbers and arguments: any answer will do, as long as there is one. */
static void test_random(void)
{
  uint64_t state = 7;
  static char page[4096];
  uint64_t values[] = {0,
                       1,
                       2,
                       3,
                       5,
                       4096,
                       (uint64_t)page,
                       (uint64_t)SCRATCH,
                       USER_TOP,
                       UINT64_MAX,
                       0xFFFFFFFF80000000ull,
                       (uint64_t)1 << 63,
                       0x20000000,
                       0x1000};
  for (int round = 0; round < 3000; round++) {
    uint64_t a[7];
    for (int i = 0; i < 7; i++) {
      state = state * 6364136223846793005ull + 1442695040888963407ull;
      a[i] = values[(state >> 33) % (sizeof values / sizeof *values)];
    }
    uint64_t number = (state >> 17) % (SYSCALL_COUNT + 2);
    switch (number) {
    case SYS_exit:
    case SYS_wait:  /* may wait for good */
    case SYS_read:  /* the console's input is not ours */
    case SYS_write: /* nor is its output */
    case SYS_console_ctl:
    case SYS_nanosleep:
    case SYS_kill:
    case SYS_munmap: /* may take away what we stand on */
    case SYS_mprotect:
    case SYS_close:
    case SYS_unlink:
    case SYS_spawn:
    case SYS_process_open: continue;
    default: break;
    }
    syscall6(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  }
  CHECK(getpid() > 1);
}

const struct test hostile_tests[] = {
  {"hostile_addresses", test_addresses, 0},
  {"hostile_straddling", test_straddling, 0},
  {"hostile_read_only", test_read_only, 0},
  {"hostile_no_access", test_no_access, 0},
  {"hostile_lengths", test_lengths, 0},
  {"hostile_random", test_random, 0},
  {0},
};
