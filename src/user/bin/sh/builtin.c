/* What the shell must do itself, because it is about the shell. */
#include "sh.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int builtin_cd(char **argv, int out, int errors)
{
  (void)out;
  const char *dir = argv[1] != NULL ? argv[1] : var_get("HOME", 4);
  if (dir == NULL) dir = "/";
  if (chdir(dir) < 0) {
    dprintf(errors, "sh: cd: %s: %s\n", dir, strerror(errno));
    return 1;
  }
  return 0;
}

static int builtin_exit(char **argv, int out, int errors)
{
  (void)out;
  int status = last_status;
  if (argv[1] != NULL) {
    char *end;
    status = (int)strtol(argv[1], &end, 10);
    if (*end != '\0' || end == argv[1]) {
      dprintf(errors, "sh: exit: %s: not a number\n", argv[1]);
      status = 2;
    }
  }
  exit(status & 0xFF);
}

static int builtin_pwd(char **argv, int out, int errors)
{
  (void)argv;
  char path[PATH_MAX];
  if (getcwd(path, sizeof path) < 0) {
    dprintf(errors, "sh: pwd: %s\n", strerror(errno));
    return 1;
  }
  dprintf(out, "%s\n", path);
  return 0;
}

static int builtin_export(char **argv, int out, int errors)
{
  if (argv[1] == NULL) var_print_exported(out);
  int status = 0;
  for (int i = 1; argv[i] != NULL; i++) {
    size_t len = var_name_length(argv[i]);
    if (len == 0 || (argv[i][len] != '=' && argv[i][len] != '\0')) {
      dprintf(errors, "sh: export: %s: not a name\n", argv[i]);
      status = 1;
      continue;
    }
    if (argv[i][len] == '=') {
      var_set(argv[i], len, argv[i] + len + 1);
      argv[i][len] = '\0';
    } else if (var_get(argv[i], len) == NULL) {
      var_set(argv[i], len, "");
    }
    var_export(argv[i]);
  }
  return status;
}

static int builtin_unset(char **argv, int out, int errors)
{
  (void)out;
  (void)errors;
  for (int i = 1; argv[i] != NULL; i++) var_unset(argv[i]);
  return 0;
}

static int builtin_jobs(char **argv, int out, int errors)
{
  (void)argv;
  (void)errors;
  job_list(out);
  return 0;
}

static int builtin_wait(char **argv, int out, int errors)
{
  (void)out;
  struct job *j;
  if (argv[1] == NULL) {
    while ((j = job_any()) != NULL) job_wait(j);
    return 0;
  }
  int status = 0;
  for (int i = 1; argv[i] != NULL; i++) {
    j = job_find(argv[i]);
    if (j == NULL) dprintf(errors, "sh: wait: %s: no such job\n", argv[i]);
    status = j == NULL ? 127 : job_wait(j);
  }
  return status;
}

static int builtin_help(char **argv, int out, int errors)
{
  (void)argv;
  (void)errors;
  static const char text[] =
    "Of the shell:\n"
    "  cd [directory]     go to a directory (without one: $HOME)\n"
    "  pwd                say where that is\n"
    "  export [name[=v]]  hand a variable on to programs; without a name: list them\n"
    "  unset name         forget a variable\n"
    "  jobs               what runs in the background\n"
    "  wait [%job|pid]    wait for it (^C ends it)\n"
    "  exit [status]      end the shell, and with it the system when it is the first\n"
    "  help               this\n"
    "Lines: a; b   a && b   a || b   a | b   a &   < in   > out   >> append   2> errors   2>&1\n"
    "       'as it is'   \"with $variables\"   \\c   $? $$ $! $0-$9 $# $@   name=value   # comment\n"
    "Keys:  left right home end delete, up and down for history, ^A ^E ^K ^U ^W ^L, ^C, ^D\n"
    "Programs are in /bin: ls /bin\n";
  return write(out, text, sizeof text - 1) < 0;
}

static const struct {
  const char *name;
  builtin_function *function;
} builtins[] = {
  {"cd", builtin_cd},         {"exit", builtin_exit},   {"help", builtin_help}, {"pwd", builtin_pwd},
  {"export", builtin_export}, {"unset", builtin_unset}, {"jobs", builtin_jobs}, {"wait", builtin_wait},
};

builtin_function *builtin_find(const char *name)
{
  for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
    if (strcmp(builtins[i].name, name) == 0) return builtins[i].function;
  return NULL;
}
