/*
 * init: process 1. Starts the shell on the console it was given, reaps every process whose parent is gone, and when the
 * shell ends powers the machine off with the shell's exit status.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <veridian.h>

#define SHELL "/bin/sh"

static _Noreturn void power_off(int status)
{
  fflush(stdout);
  if (power(POWER_OFF, status) < 0) warn("power off");
  exit(status); /* the kernel powers off when init ends, too */
}

static int start_shell(void)
{
  static const char *const args[] = {"sh", NULL};
  static const char *const env[] = {"PATH=/bin:/sbin", "HOME=/", NULL};
  static const struct spawn_options options = {.flags = SPAWN_NEW_JOB, .nhandles = 3, .handles = {0, 1, 2}};
  return spawn(SHELL, args, env, &options);
}

int main(void)
{
  if (getpid() != 1) errx(1, "only the kernel starts this program");
  int shell = start_shell();
  if (shell < 0) {
    warn("cannot start %s", SHELL);
    power_off(1);
  }
  struct handle_info info;
  if (handle_info(shell, &info) < 0) {
    warn("%s", SHELL);
    power_off(1);
  }
  for (;;) {
    struct wait_status status;
    if (wait(WAIT_ANY, &status, 0) < 0) {
      warn("wait");
      power_off(1);
    }
    if ((uint64_t)status.pid != info.id) continue;
    power_off(status.reason == EXIT_NORMAL ? status.code : 128 + status.code);
  }
}
