/*
 * bench: what calls, faults, switches and programs cost, measured from a program. Prints lines "bench NAME CYCLES NANOSECONDS",
 * each the median of several rounds, by the time-stamp counter (under QEMU's -icount shift=0 it counts instructions) and by
 * the clock. `make bench` compares the lines of both machines with floors measured on the host; started in the shell's place
 * (argv[0] is "sh") it also tells when the machine reached the point where a prompt would stand.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <veridian.h>

#define ROUNDS 15
#define SELF "/bin/bench"

static uint64_t clock_ns(void)
{
  struct timespec t;
  if (clock_gettime(CLOCK_MONOTONIC, &t) < 0) err(1, "clock");
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static void print_hundredths(uint64_t value)
{
  printf(" %lu.%02lu", (unsigned long)(value / 100), (unsigned long)(value % 100));
}

/* Runs `work` (count operations) once for warmth, then ROUNDS times, and prints the median cost of one operation. Each round
 * is made ready by `prepare`, unmeasured, when there is one. */
static void measure(const char *name, void (*prepare)(unsigned), void (*work)(unsigned), unsigned count)
{
  uint64_t cycles[ROUNDS + 1], ns[ROUNDS + 1];
  for (unsigned i = 0; i <= ROUNDS; i++) {
    if (prepare != NULL) prepare(count);
    ns[i] = clock_ns();
    cycles[i] = __builtin_ia32_rdtsc();
    work(count);
    cycles[i] = __builtin_ia32_rdtsc() - cycles[i];
    ns[i] = clock_ns() - ns[i];
  }
  qsort(cycles + 1, ROUNDS, sizeof *cycles, compare);
  qsort(ns + 1, ROUNDS, sizeof *ns, compare);
  printf("bench %s", name);
  print_hundredths(cycles[1 + ROUNDS / 2] * 100 / count);
  print_hundredths(ns[1 + ROUNDS / 2] * 100 / count);
  putchar('\n');
}

/* ---- calls ---- */

static void null_calls(unsigned count)
{
  while (count-- > 0) getpid();
}

/* ---- page faults ---- */

static char *fresh;

static void map_fresh(unsigned pages)
{
  static size_t mapped;
  if (mapped > 0 && munmap(fresh, mapped) < 0) err(1, "munmap");
  mapped = (size_t)pages * USER_PAGE_SIZE;
  fresh = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (fresh == MAP_FAILED) err(1, "mmap");
}

static void touch_fresh(unsigned pages)
{
  for (unsigned i = 0; i < pages; i++) *(volatile char *)(fresh + (size_t)i * USER_PAGE_SIZE) = 1;
}

/* ---- copies ---- */

static int original = -1, copy = -1;

/* `pages` pages of memory in use, mapped at `fresh`, and no clone of them. */
static void drop_clone(unsigned pages)
{
  size_t size = (size_t)pages * USER_PAGE_SIZE;
  if (copy >= 0) close(copy);
  copy = -1;
  if (original < 0) {
    if ((original = vmo_create(size)) < 0) err(1, "vmo_create");
    fresh = vmo_map(original, 0, NULL, size, PROT_READ | PROT_WRITE, 0);
    if (fresh == MAP_FAILED) err(1, "vmo_map");
  }
  touch_fresh(pages);
}

static void clone_pages(unsigned pages)
{
  copy = vmo_clone(original, 0, (uint64_t)pages * USER_PAGE_SIZE);
  if (copy < 0) err(1, "vmo_clone");
}

static void renew_clone(unsigned pages)
{
  drop_clone(pages);
  clone_pages(pages);
}

/* ---- programs ---- */

static int start(const char *path, const char *option, const struct spawn_options *options)
{
  const char *args[] = {path, option, NULL};
  int child = spawn(path, args, NULL, options);
  if (child < 0) err(1, "%s", path);
  return child;
}

static void spawn_and_wait(unsigned count)
{
  struct wait_status status;
  while (count-- > 0) {
    int child = start("/bin/true", NULL, NULL);
    if (wait(child, &status, 0) < 0) err(1, "wait");
    close(child);
  }
}

static void end(int child)
{
  struct wait_status status;
  if (kill(child, 0) < 0 || wait(child, &status, 0) < 0) err(1, "end");
  close(child);
}

/* Every yield of one process is a switch to the other and one back. */
static void yields(unsigned switches)
{
  for (; switches > 0; switches -= 2) yield();
}

static void bench_process_switch(void)
{
  int child = start(SELF, "--yield", NULL);
  yields(10);
  measure("process_switch", NULL, yields, 200);
  end(child);
}

static int to_child[2], from_child[2];

static void round_trips(unsigned count)
{
  char byte = 'x';
  while (count-- > 0) {
    if (write(to_child[1], &byte, 1) != 1 || read(from_child[0], &byte, 1) != 1) err(1, "pipe");
  }
}

static void bench_pipe(void)
{
  if (pipe(to_child) < 0 || pipe(from_child) < 0) err(1, "pipe");
  struct spawn_options options = {.nhandles = 3, .handles = {to_child[0], from_child[1], 2}};
  int child = start(SELF, "--echo", &options);
  round_trips(5);
  measure("pipe_round_trip", NULL, round_trips, 100);
  end(child);
}

static int echo(void)
{
  char byte;
  while (read(0, &byte, 1) == 1 && write(1, &byte, 1) == 1) continue;
  return 0;
}

int main(int argc, char **argv)
{
  uint64_t cycles = __builtin_ia32_rdtsc();
  uint64_t ns = clock_ns();

  if (argc > 1 && strcmp(argv[1], "--yield") == 0) {
    for (;;) yield();
  }
  if (argc > 1 && strcmp(argv[1], "--echo") == 0) return echo();
  if (argc > 1) {
    fputs("usage: bench\n", stderr);
    return 2;
  }
  if (strcmp(argv[0], "sh") == 0) printf("bench boot %lu %lu\n", (unsigned long)cycles, (unsigned long)ns);
  measure("null_call", NULL, null_calls, 1000);
  measure("page_fault", map_fresh, touch_fresh, 64);
  measure("clone_page", drop_clone, clone_pages, 256);
  measure("clone_write", renew_clone, touch_fresh, 256);
  measure("spawn_wait", NULL, spawn_and_wait, 4);
  bench_process_switch();
  bench_pipe();
  return 0;
}
