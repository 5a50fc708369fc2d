/*
 * How a program ends, and what is left of it.
 *
 * The driver never sleeps while the program lives, so it sees when the program and all it started sleep: nobody will wake them,
 * and they are killed. That depends on their states alone, never on a time.
 */
#include "differ.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 64
#define PATIENCE 200 /* times to look whether what ended is cleared away, of which the later ones sleep */
#define MILLISECOND 1000000u

static struct process_info list[LIST_MAX];

/* Fills the list; answers how many there are. */
static ssize_t list_processes(void)
{
  ssize_t n = process_list(list, LIST_MAX);
  if (n < 0 || n > LIST_MAX) err(3, "process_list");
  return n;
}

/* Without the kernel stacks kept for the next threads: the simulator's are larger. */
static struct account take_account(void)
{
  struct memory_stats stats = {0};
  struct account a = {.processes = list_processes()};
  memory_stats(&stats, sizeof stats);
  a.heap_objects = (int64_t)stats.heap_objects;
  a.heap_bytes = (int64_t)stats.heap_bytes;
  for (unsigned i = 0; i < MEMORY_OWNERS; i++)
    if (strcmp(stats.owner[i].name, "stacks") != 0) a.pages[i] = (int64_t)stats.owner[i].pages;
  return a;
}

/* ---- the start ---- */

/* Its input is a pipe with something in it that nobody else writes to. */
static int make_input(void)
{
  static const char text[] = "what is there to read, and no more";
  int ends[2];
  if (pipe(ends) < 0 || write(ends[1], text, sizeof text) < 0 || close(ends[1]) < 0) err(3, "pipe");
  return ends[0];
}

static int start(uint64_t seed, unsigned number, int log_handle)
{
  char seed_text[24], number_text[24];
  const char *const argv[] = {"differ", "--program", seed_text, number_text, NULL};
  int input = make_input(), console = dup(1, RIGHT_WRITE | RIGHT_GRANT), null = open("/dev/null", O_RDWR, 0);
  struct spawn_options options = {.nhandles = 4, .handles = {input, console, null, log_handle}};
  snprintf(seed_text, sizeof seed_text, "%lu", (unsigned long)seed);
  snprintf(number_text, sizeof number_text, "%u", number);
  int child = spawn(SELF, argv, NULL, &options);
  if (child < 0) err(3, "%s", SELF);
  close(input);
  close(console);
  close(null);
  return child;
}

/* ---- the wait ---- */

/* Whether it is at its nth step, and that is a sleep that ends. */
static bool sleeps_a_while(const struct log *log, unsigned n)
{
  const struct step *last = n > 0 && n <= STEPS_MAX ? &log->steps[n - 1] : NULL;
  return last != NULL && last->what == SYS_nanosleep && last->args[0] < SLEEP_SHORT_NS;
}

static bool all_sleep(int from_pid, const struct log *log)
{
  unsigned at = __atomic_load_n(&log->count, __ATOMIC_ACQUIRE);
  ssize_t n = list_processes();
  for (ssize_t i = 0; i < n; i++)
    if (list[i].pid >= from_pid && process_is_running(&list[i])) return false;
  return at == __atomic_load_n(&log->count, __ATOMIC_ACQUIRE) && !sleeps_a_while(log, at);
}

static bool wait_for_program(int child, int child_pid, const struct log *log, struct wait_status *status)
{
  bool stuck = false;
  for (;;) {
    bool asleep = all_sleep(child_pid, log);
    int r = wait(child, status, WAIT_NOHANG);
    if (r > 0) return stuck;
    if (r < 0) err(3, "wait");
    if (asleep) {
      stuck = true;
      kill(child, 0);
    }
    yield();
  }
}

/* Those it started are init's now. */
static void end_descendants(int child_pid)
{
  for (bool some = true; some;) {
    ssize_t n = list_processes();
    some = false;
    for (ssize_t i = 0; i < n; i++) {
      if (list[i].pid <= child_pid) continue;
      some = true;
      int process = list[i].state == PROCESS_BLOCKED ? process_open(list[i].pid, RIGHT_DELETE) : -1;
      if (process < 0) continue;
      kill(process, 0);
      close(process);
    }
    yield();
  }
}

/* ---- what is left ---- */

static void remove_tree(const char *path);

static void remove_entries(const char *path, int folder)
{
  static char entries[2048]; /* a folder is read anew after each deletion, so one buffer will do */
  for (;;) {
    char inner[PATH_MAX];
    bool found = false;
    seek(folder, 0, SEEK_SET);
    ssize_t n = readdir(folder, (struct dirent *)entries, sizeof entries);
    for (ssize_t at = 0; at < n && !found; at += ((struct dirent *)(entries + at))->d_reclen) {
      const char *name = ((struct dirent *)(entries + at))->d_name;
      if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
      snprintf(inner, sizeof inner, "%s/%s", path, name);
      found = true;
    }
    if (!found) return;
    remove_tree(inner);
  }
}

static void remove_tree(const char *path)
{
  int folder = open(path, O_RDONLY | O_DIRECTORY, 0);
  if (folder >= 0) {
    remove_entries(path, folder);
    close(folder);
  }
  if (unlink(path) < 0 && errno != ENOENT && errno != EBUSY) warn("%s", path);
}

static void remove_files(void)
{
  static const char *const in_root[] = {"/a", "/b", "/d"};
  int tmp = open("/tmp", O_RDONLY | O_DIRECTORY, 0);
  if (tmp < 0) err(3, "/tmp");
  remove_entries("/tmp", tmp);
  close(tmp);
  for (size_t i = 0; i < sizeof in_root / sizeof *in_root; i++) remove_tree(in_root[i]);
}

static bool left_nothing(const struct account *left)
{
  bool nothing = left->processes == 0 && left->heap_objects == 0 && left->heap_bytes == 0;
  for (unsigned i = 0; i < MEMORY_OWNERS; i++) nothing = nothing && left->pages[i] == 0;
  return nothing;
}

static struct account difference(const struct account *before, const struct account *after)
{
  struct account d = {.processes = after->processes - before->processes,
                      .heap_objects = after->heap_objects - before->heap_objects,
                      .heap_bytes = after->heap_bytes - before->heap_bytes};
  for (unsigned i = 0; i < MEMORY_OWNERS; i++) d.pages[i] = after->pages[i] - before->pages[i];
  return d;
}

/* What ended may be cleared away a little later. */
static struct account what_is_left(const struct account *before)
{
  struct account left = {0};
  for (unsigned i = 0; i < PATIENCE; i++) {
    struct account now = take_account();
    left = difference(before, &now);
    if (left_nothing(&left)) break;
    if (i < PATIENCE / 2)
      yield();
    else
      nanosleep(MILLISECOND);
  }
  return left;
}

struct ending watch_program(uint64_t seed, unsigned number, int log_handle, const struct log *log)
{
  struct ending e = {0};
  struct handle_info info;
  struct account before = take_account();
  int child = start(seed, number, log_handle);
  if (handle_info(child, &info) < 0) err(3, "handle_info");
  e.stuck = wait_for_program(child, (int)info.id, log, &e.status);
  close(child);
  end_descendants((int)info.id);
  remove_files();
  e.left = what_is_left(&before);
  return e;
}
