/*
 * make bench: runs both machines with a RAM disk whose shell is /bin/bench, and with the in-kernel measurements, and prints
 * what they report: the simulator's times beside the host's floors measured in this same run, the image's exact instruction
 * counts (QEMU -icount shift=0) beside their aims. Everything is pinned to one processor. Nothing here judges: ratios are for
 * people.
 *
 * usage: bench [--json] SIMULATOR INITRD BENCH-INITRD [QEMU-RUN KERNEL]
 */
#include "floor.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define MAX_RESULTS 32
struct results {
  unsigned count;
  struct result {
    char name[32];
    double cycles, ns;
  } result[MAX_RESULTS];
};

static _Noreturn void fail(const char *what, const char *which)
{
  fprintf(stderr, "bench: %s: %s\n", which, what);
  exit(1);
}

/* The smallest processor this process may run on, from now on the only one. */
static void pin(void)
{
  cpu_set_t all, one;

  if (sched_getaffinity(0, sizeof all, &all) < 0) return;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &all)) continue;
    CPU_SET(cpu, &one);
    break;
  }
  sched_setaffinity(0, sizeof one, &one);
}

/* Starts a program with the given input and its output in a pipe; answers the pipe's end to read. */
static int start(char *const *argv, int input, pid_t *child)
{
  int out[2];
  posix_spawn_file_actions_t actions;

  if (pipe2(out, O_CLOEXEC) < 0) fail(strerror(errno), "pipe");
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  int err = posix_spawn(child, argv[0], &actions, NULL, argv, environ);
  if (err) fail(strerror(err), argv[0]);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  return out[0];
}

/* Collects the lines "bench NAME CYCLES NANOSECONDS" a machine prints until it ends. */
static void collect(char *const *argv, struct results *results)
{
  pid_t child;
  int status, input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  FILE *out = fdopen(start(argv, input, &child), "r");
  char line[512];

  if (!out) fail(strerror(errno), "fdopen");
  while (fgets(line, sizeof line, out)) {
    struct result *r = &results->result[results->count];
    /* In-kernel tests print on the line of their name. */
    const char *report = strstr(line, "bench ");
    if (report && results->count < MAX_RESULTS &&
        sscanf(report, "bench %31s %lf %lf", r->name, &r->cycles, &r->ns) == 3)
      results->count++;
  }
  fclose(out);
  close(input);
  if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    fail("did not end well", argv[0]);
}

static const struct result *find(const struct results *results, const char *name)
{
  for (unsigned i = 0; i < results->count; i++) {
    if (strcmp(results->result[i].name, name) == 0) return &results->result[i];
  }
  return NULL;
}

/* From the start of the simulator to the prompt, its input left open. */
static double start_to_prompt(const char *simulator, const char *initrd)
{
  enum { RUNS = 11 };
  double samples[RUNS];
  char option[4096];

  snprintf(option, sizeof option, "--initrd=%s", initrd);
  char *argv[] = {(char *)simulator, (char *)"--clock=real", option, NULL};
  for (int i = 0; i < RUNS; i++) {
    int in[2], status;
    pid_t child;
    char last = '\0', c;
    if (pipe2(in, O_CLOEXEC) < 0) fail(strerror(errno), "pipe");
    uint64_t begin = host_clock_ns();
    int out = start(argv, in[0], &child);
    while (read(out, &c, 1) == 1 && !(last == '$' && c == ' ')) last = c;
    samples[i] = (double)(host_clock_ns() - begin);
    close(in[0]);
    close(in[1]);
    while (read(out, &c, 1) == 1) continue;
    close(out);
    if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
      fail("did not end well", simulator);
  }
  return median(samples, RUNS);
}

/* The page allocators: their names, and a run of the in-kernel measurement of pages with each. */
static const char *const allocators[] = {"buddy", "bitmap", "array"};
#define ALLOCATORS (sizeof allocators / sizeof *allocators)

static char *pages_option(const char *before, const char *allocator)
{
  static char option[64];
  snprintf(option, sizeof option, "%sktest=bench_pages pmm=%s", before, allocator);
  return option;
}

static const char *allocator_name(const char *what, const char *allocator)
{
  static char name[48];
  snprintf(name, sizeof name, "%s%s", what, allocator);
  return name;
}

/* ---- the report ---- */

static bool json;
static bool first_row = true;

static void section(const char *title, const char *unit, const char *compared, const char *last)
{
  if (!json) printf("%s%-34s %14s  %14s %s\n", first_row ? "" : "\n", title, unit, compared, last);
}

static void quote_row(const char *machine, const char *what, const char *unit, double value)
{
  printf("%s\n  {\"machine\": \"%s\", \"what\": \"%s\", \"%s\": %.2f", first_row ? "" : ",", machine, what, unit,
         value);
}

/* value or floor negative: not measurable here */
static void row_time(const char *what, double value, const char *floor_name, double floor)
{
  if (json) {
    quote_row("simulator", what, "ns", value);
    printf(", \"floor\": \"%s\", \"floor_ns\": %.2f}", floor_name, floor);
  } else if (floor > 0) {
    printf("  %-32s %14.1f  %14.1f %s (%.2f x)\n", what, value, floor, floor_name, value / floor);
  } else {
    printf("  %-32s %14.1f  %14s %s\n", what, value, "-", floor_name);
  }
  first_row = false;
}

static void row_instructions(const char *what, double value, double aim)
{
  if (json) {
    quote_row("image", what, "instructions", value);
    printf(", \"aim\": %.0f}", aim);
  } else if (aim > 0) {
    printf("  %-32s %14.1f  %14.0f\n", what, value, aim);
  } else {
    printf("  %-32s %14.1f\n", what, value);
  }
  first_row = false;
}

static const struct result *need(const struct results *results, const char *name, const char *machine)
{
  const struct result *r = find(results, name);
  if (!r) {
    fprintf(stderr, "bench: %s reported no %s\n", machine, name);
    exit(1);
  }
  return r;
}

static void report_simulator(const char *simulator, const char *initrd, const char *bench_initrd)
{
  static struct results r;
  char option[4096];
  char *user[] = {(char *)simulator, (char *)"--clock=real", option, NULL};
  char *kernel[] = {(char *)simulator, (char *)"--clock=real", option, (char *)"--append=ktest=bench", NULL};
  static const struct {
    const char *name, *what, *floor_name;
    double (*floor)(void);
  } rows[] = {
    {"null_call", "null call", "bare SIGSYS round trip", floor_sigsys},
    {"thread_switch", "thread switch", "bare swapcontext", floor_swapcontext},
    {"irq_disable_restore", "interrupt disable + restore", "two stores", floor_two_stores},
    {"page_fault", "page fault and map", "SIGSEGV + mmap of one page", floor_fault},
    {"clone_page", "clone, a page of 256", "", NULL},
    {"clone_write", "first write to a cloned page", "SIGSEGV + mmap of one page", floor_fault},
    {"spawn_wait", "spawn and wait", "host posix_spawn + wait", floor_spawn},
    {"process_switch", "process switch (yield)", "bare swapcontext", floor_swapcontext},
    {"pipe_round_trip", "pipe round trip, two switches", "bare SIGSYS round trip", floor_sigsys},
    {"kmalloc_64", "kmalloc and kfree, 64 B", "glibc malloc and free", floor_malloc_64},
    {"kmalloc_1024", "kmalloc and kfree, 1 KiB", "glibc malloc and free", floor_malloc_1024},
    {"kmalloc_mixed", "kmalloc and kfree, 4096 live", "glibc malloc and free", floor_malloc_mixed},
    {"kmalloc_mixed", "kmalloc and kfree, 4096 live", "mimalloc", floor_mimalloc_mixed},
    {"range_map", "2 MiB mapped by small pages", "", NULL},
    {"range_protect", "2 MiB protected", "", NULL},
    {"range_unmap", "2 MiB unmapped", "", NULL},
  };

  snprintf(option, sizeof option, "--initrd=%s", bench_initrd);
  collect(user, &r);
  collect(kernel, &r);
  section("simulator", "ns", "floor, ns", "");
  for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
    row_time(rows[i].what, need(&r, rows[i].name, "the simulator")->ns, rows[i].floor_name,
             rows[i].floor ? rows[i].floor() : -1);
  for (unsigned i = 0; i < ALLOCATORS; i++) {
    static struct results pages;
    char *run[] = {(char *)simulator, (char *)"--clock=real", option, pages_option("--append=", allocators[i]), NULL};
    pages.count = 0;
    collect(run, &pages);
    row_time(allocator_name("page taken and freed, ", allocators[i]),
             need(&pages, allocator_name("page_", allocators[i]), "the simulator")->ns, "", -1);
    row_time(allocator_name("4 pages taken and freed, ", allocators[i]),
             need(&pages, allocator_name("block_", allocators[i]), "the simulator")->ns, "", -1);
  }
  row_time("start to prompt", start_to_prompt(simulator, initrd), "host posix_spawn + wait", floor_spawn());
}

static void report_image(const char *qemu_run, const char *kernel_image, const char *bench_initrd)
{
  static struct results r;
  char *user[] = {(char *)qemu_run, (char *)kernel_image, (char *)bench_initrd, NULL};
  char *kernel[] = {(char *)qemu_run,     (char *)"-a",         (char *)"ktest=bench",
                    (char *)kernel_image, (char *)bench_initrd, NULL};
  static const struct {
    const char *name, *what;
    double aim;
  } rows[] = {
    {"null_call", "null call", 120},
    {"thread_switch", "thread switch", 200},
    {"irq_disable_restore", "interrupt disable + restore", 0},
    {"page_fault", "page fault and map", 1200},
    {"clone_page", "clone, a page of 256", 0},
    {"clone_write", "first write to a cloned page", 0},
    {"spawn_wait", "spawn and wait", 60000},
    {"process_switch", "process switch (yield)", 0},
    {"pipe_round_trip", "pipe round trip, two switches", 2000},
    {"kmalloc_64", "kmalloc and kfree, 64 B", 0},
    {"kmalloc_1024", "kmalloc and kfree, 1 KiB", 0},
    {"kmalloc_mixed", "kmalloc and kfree, 4096 live", 0},
    {"range_map", "2 MiB mapped by small pages", 0},
    {"range_protect", "2 MiB protected", 0},
    {"range_unmap", "2 MiB unmapped", 0},
    {"screen_character", "framebuffer, character echoed", 0},
    {"screen_scroll", "framebuffer, 80 columns scrolled", 0},
    {"boot", "boot to prompt (with firmware)", 30e6},
  };

  setenv("QEMU_FLAGS", "-icount shift=0,sleep=off", 1);
  collect(user, &r);
  collect(kernel, &r);
  section("image", "instructions", "aim, under", "");
  for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
    row_instructions(rows[i].what, need(&r, rows[i].name, "the image")->cycles, rows[i].aim);
  for (unsigned i = 0; i < ALLOCATORS; i++) {
    static struct results pages;
    char *run[] = {(char *)qemu_run,     (char *)"-a",         pages_option("", allocators[i]),
                   (char *)kernel_image, (char *)bench_initrd, NULL};
    pages.count = 0;
    collect(run, &pages);
    row_instructions(allocator_name("page taken and freed, ", allocators[i]),
                     need(&pages, allocator_name("page_", allocators[i]), "the image")->cycles, 0);
    row_instructions(allocator_name("4 pages taken and freed, ", allocators[i]),
                     need(&pages, allocator_name("block_", allocators[i]), "the image")->cycles, 0);
  }
}

int main(int argc, char **argv)
{
  if (argc > 1 && strcmp(argv[1], "--json") == 0) {
    json = true;
    argv++;
    argc--;
  }
  if (argc != 4 && argc != 6) {
    fprintf(stderr, "usage: bench [--json] SIMULATOR INITRD BENCH-INITRD [QEMU-RUN KERNEL]\n");
    return 2;
  }
  pin();
  if (json) printf("[");
  report_simulator(argv[1], argv[2], argv[3]);
  if (argc == 6) report_image(argv[4], argv[5], argv[3]);
  if (json) printf("\n]\n");
  return 0;
}
