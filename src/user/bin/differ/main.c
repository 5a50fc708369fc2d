/* differ [seed [programs [shown]]]: the driver (differ.h). In the shell's place it takes its arguments from /etc/differ. */
#include "differ.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTINGS "/etc/differ"
#define WARM_UP 3 /* programs, before anything is counted: caches fill */

struct settings {
  unsigned long seed, programs, shown; /* shown: 0 for none */
};

static struct log *make_log(int *handle)
{
  *handle = vmo_create(LOG_SIZE);
  struct log *log = vmo_map(*handle, 0, (void *)LOG_AT, LOG_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED);
  if (*handle < 0 || log == MAP_FAILED) err(3, "the log");
  memset(log, 0, sizeof *log);
  return log;
}

static struct ending run(const struct settings *s, unsigned number, int log_handle, struct log *log)
{
  memset(log, 0, sizeof *log);
  return watch_program(s->seed, number, log_handle, log);
}

static int drive(const struct settings *s)
{
  int log_handle;
  struct log *log = make_log(&log_handle);
  if (generate_missing()) errx(3, "call %u has no plan in the generator", generate_missing() - 1);
  if (chdir("/tmp") < 0) err(3, "/tmp");
  for (unsigned i = 0; i < WARM_UP; i++) run(s, 1, log_handle, log);
  printf("differ: seed %lu, %lu programs\n", s->seed, s->programs);
  fflush(stdout);
  for (unsigned number = 1; number <= s->programs; number++) {
    struct ending e = run(s, number, log_handle, log);
    report_line(number, log, &e);
    report_count(log);
    if (number == s->shown) report_steps(log);
    fflush(stdout);
  }
  report_counted();
  printf("differ: done\n");
  return 0;
}

static void set(struct settings *s, unsigned place, const char *text)
{
  unsigned long value = strtoul(text, NULL, 0);
  if (place == 0) s->seed = value;
  if (place == 1) s->programs = value;
  if (place == 2) s->shown = value;
}

static bool read_settings(struct settings *s)
{
  static char text[128];
  int file = open(SETTINGS, O_RDONLY, 0);
  ssize_t n = file >= 0 ? read(file, text, sizeof text - 1) : -1;
  close(file);
  char *rest = text;
  for (unsigned place = 0; n >= 0; place++) {
    char *word = strtok_r(rest, " \n", &rest);
    if (word == NULL) break;
    set(s, place, word);
  }
  return n >= 0;
}

int main(int argc, char **argv)
{
  struct settings s = {.seed = 1, .programs = 100};
  if (argc == 4 && strcmp(argv[1], "--program") == 0)
    program_run(strtoul(argv[2], NULL, 0), (unsigned)strtoul(argv[3], NULL, 0));
  if (argc == 3 && strcmp(argv[1], "--helper") == 0) return program_help(argv[2]);
  bool is_shell = argc == 1 && strcmp(argv[0], "sh") == 0;
  if ((argc == 1 && !is_shell) || argc > 4 || (argc > 1 && argv[1][0] == '-')) {
    fputs("usage: differ seed [programs [shown]]\n", stderr);
    return 2;
  }
  if (is_shell && !read_settings(&s)) err(3, SETTINGS);
  for (int i = 1; i < argc; i++) set(&s, (unsigned)i - 1, argv[i]);
  return drive(&s);
}
