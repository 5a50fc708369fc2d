/* What the tests share, and what their children do (`usertests --help-with NAME ARGUMENT`). */
#include "usertests.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fail(const char *file, int line, const char *format, ...)
{
  char text[256];
  const char *slash = strrchr(file, '/');
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  dprintf(2, "%s:%d: %s\n", slash != NULL ? slash + 1 : file, line, text);
  exit(1);
}

uint64_t hostile_addresses[HOSTILE_COUNT] = {
  1, /* null and its neighbours (null itself has a meaning for some calls) */
  0xFFF,
  USER_TOP, /* the first byte past the window */
  USER_TOP + 0x100000,
  0x00007FFFFFFFF000ull, /* the last page of the lower half */
  0x0000800000000000ull, /* not canonical */
  0xFFFFFFFF80100000ull, /* the kernel's text */
  0xFFFFFFFFFFFFFFF8ull, /* an end that wraps around */
};

static char *map_pages(size_t pages, int prot)
{
  return (char *)OK(mmap(NULL, pages * USER_PAGE_SIZE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

char *end_of_mapping(size_t len)
{
  char *p = map_pages(2, PROT_READ | PROT_WRITE);
  OK(munmap(p + USER_PAGE_SIZE, USER_PAGE_SIZE));
  return p + USER_PAGE_SIZE - len;
}

char *read_only_page(void)
{
  return map_pages(1, PROT_READ);
}

int start_helper(const char *name, const char *argument, int in, int out)
{
  const char *const argv[] = {"usertests", "--help-with", name, argument, NULL};
  struct spawn_options options = {.nhandles = 3, .handles = {in, out, 2}};
  return (int)OK(spawn(SELF, argv, NULL, &options));
}

struct wait_status finish(int process)
{
  struct wait_status status;
  OK(wait(process, &status, 0));
  OK(close(process));
  return status;
}

int pid_of(int process)
{
  struct handle_info info;
  OK(handle_info(process, &info));
  return (int)info.id;
}

int scratch_file(const char *content)
{
  int h = (int)OK(open(SCRATCH, O_RDWR | O_CREAT | O_TRUNC, 0644));
  CHECK_EQ(write(h, content, strlen(content)), strlen(content));
  CHECK_EQ(seek(h, 0, SEEK_SET), 0);
  return h;
}

bool process_exists(int pid)
{
  ssize_t count = OK(process_list(NULL, 0)) + 8;
  struct process_info *list = calloc((size_t)count, sizeof *list);
  CHECK(list != NULL);
  ssize_t n = OK(process_list(list, (size_t)count));
  bool found = false;
  for (ssize_t i = 0; i < n && i < count; i++) found |= list[i].pid == pid;
  free(list);
  return found;
}

uint64_t now_ns(void)
{
  struct timespec t;
  OK(clock_gettime(CLOCK_MONOTONIC, &t));
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- the children ---- */

static int help_exit(const char *argument)
{
  _exit(atoi(argument));
}

static int help_spin(const char *argument)
{
  for (;;) __asm__ volatile("" : : "r"(argument));
  return 0;
}

static int help_sleep(const char *argument)
{
  nanosleep((uint64_t)atoi(argument) * 1000000);
  return 0;
}

/* Copies its input to its output. */
static int help_copy(const char *argument)
{
  (void)argument;
  char buf[512];
  ssize_t n;
  while ((n = read(0, buf, sizeof buf)) > 0)
    for (ssize_t done = 0, m; done < n; done += m)
      if ((m = write(1, buf + done, (size_t)(n - done))) < 0) return 1;
  return n < 0;
}

/* Writes as many bytes as it is told. */
static int help_fill(const char *argument)
{
  char buf[1000];
  for (long left = atoi(argument); left > 0;) {
    memset(buf, 'f', sizeof buf);
    ssize_t n = write(1, buf, left < (long)sizeof buf ? (size_t)left : sizeof buf);
    if (n < 0) return 1;
    left -= n;
  }
  return 0;
}

/* Leaves a child of its own behind, which reads its input to the end, and tells its process id. */
static int help_orphan(const char *argument)
{
  int child = start_helper("copy", argument, 0, -1);
  int pid = pid_of(child);
  return write(1, &pid, sizeof pid) != sizeof pid;
}

/* Answers 0 when its handle 0 is not there. */
static int help_no_input(const char *argument)
{
  (void)argument;
  char c;
  return !(read(0, &c, 1) == -1 && errno == EBADF);
}

static int help_touch(const char *argument)
{
  return *(volatile char *)strtoul(argument, NULL, 0);
}

/* Takes memory until there is no more. */
static int help_eat(const char *argument)
{
  (void)argument;
  for (;;) {
    volatile char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return 3;
    for (size_t i = 0; i < 1 << 20; i += USER_PAGE_SIZE) p[i] = 1;
  }
}

/* Handle 0 is memory of two pages: a message in the first, the answer goes to the second. */
static int help_share(const char *argument)
{
  (void)argument;
  char *p = vmo_map(0, 0, NULL, 2 * USER_PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
  if (p == MAP_FAILED || strcmp(p, "from the parent") != 0) return 1;
  strcpy(p + USER_PAGE_SIZE, "from the child");
  return 0;
}

/* Maps handle 0 to be executed; answers the error. */
static int help_execute(const char *argument)
{
  (void)argument;
  return vmo_map(0, 0, NULL, USER_PAGE_SIZE, PROT_READ | PROT_EXEC, 0) == MAP_FAILED ? errno : 0;
}

static int help_map(const char *argument)
{
  size_t len = (size_t)atoi(argument) * USER_PAGE_SIZE;
  volatile char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return 3;
  for (size_t i = 0; i < len; i += USER_PAGE_SIZE) p[i] = 1;
  return 0;
}

static int help_kill_self(const char *argument)
{
  return kill(process_open(getpid(), RIGHT_DELETE), atoi(argument)) == 0 ? 98 : 97;
}

static const struct {
  const char *name;
  int (*function)(const char *argument);
} helpers[] = {
  {"exit", help_exit},       {"spin", help_spin},     {"sleep", help_sleep},         {"copy", help_copy},
  {"fill", help_fill},       {"orphan", help_orphan}, {"no-input", help_no_input},   {"touch", help_touch},
  {"eat", help_eat},         {"map", help_map},       {"kill-self", help_kill_self}, {"share", help_share},
  {"execute", help_execute},
};

int run_helper(int argc, char **argv)
{
  for (size_t i = 0; argc > 0 && i < sizeof helpers / sizeof *helpers; i++)
    if (strcmp(argv[0], helpers[i].name) == 0) return helpers[i].function(argc > 1 ? argv[1] : "");
  return 99;
}
