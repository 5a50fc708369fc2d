/* veridian-sim: what it says about itself, and its start. */
#define _GNU_SOURCE
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif
#ifndef PKGDATADIR
#define PKGDATADIR "/usr/local/share/veridian"
#endif
#define INITRD_NAME "initrd.cpio"

static const char usage[] =
  "Usage: veridian-sim [OPTION]...\n"
  "Boots the Veridian kernel on a simulated x86-64 machine inside this process.\n"
  "The console is standard input and output; Ctrl-A x leaves, Ctrl-A h helps.\n"
  "\n"
  "  --mem=SIZE          RAM in bytes or with suffix K, M, G (default 64M)\n"
  "  --initrd=FILE       initial RAM disk (default: initrd.cpio beside the program, else\n"
  "                      " PKGDATADIR "/" INITRD_NAME ")\n"
  "  --append=TEXT       kernel command line\n"
  "  --fault=KIND:WHEN[,DETAIL]  something fails at the WHENth occasion (N; N+: from then on; N+M: at\n"
  "                      every Mth from then on): alloc, copy, flush, clock, irq, late, send, receive,\n"
  "                      hangup; see the manual\n"
  "  --fault-plan=FILE   the faults in FILE, one a line\n"
  "  --log-level=LEVEL   what the kernel logs on the console: error, warn, info, debug, trace\n"
  "  --clock=KIND        real, or virtual: time moves with the kernel's work and runs repeat\n"
  "                      (default: real on a terminal, else virtual)\n"
  "  --seed=N            seed of the virtual clock's choices (default 0)\n"
  "  --check-tlb         compare all translations with the page tables at every return to user mode\n"
  "  --debugcon=FILE     debug console (port 0xE9), written to FILE\n"
  "  --screen=WxH        a framebuffer of so many pixels, W across and H down\n"
  "  --screendump=FILE   what is on it at the end, as a picture (PPM)\n"
  "  --switch=KIND       context switch by ucontext (default) or asm, the image's own\n"
  "  --trap=KIND         trap system calls by sud (Syscall User Dispatch) or seccomp (default: the\n"
  "                      first that the host has)\n"
  "  --record=FILE       write what comes from outside to FILE: input, time, interrupts\n"
  "  --replay=FILE       repeat the run recorded in FILE, on the machine it says\n"
  "  --preempt=N         virtual clock: end the running thread's time slice at one in N of the points\n"
  "                      where interrupts are looked for, lock edges among them\n"
  "  --preempt-at=LIST   the same at these points, by number, ascending: 12,407,9310\n"
  "  --help, --version\n"
  "\n"
  "Exit status: the system's own; 2 for a usage or host error; 70 after a panic;\n"
  "71 when a replay does not do what its record has.\n";

/* The RAM disk beside the executable (the build directory), else where an installation has it from there, wherever it was
 * moved to, else where this build was to be installed. */
static const char *default_initrd(void)
{
  static const char *const places[] = {INITRD_NAME, "../share/veridian/" INITRD_NAME};
  static char path[4096];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path - 64);
  char *slash = n > 0 ? memrchr(path, '/', (size_t)n) : NULL;
  for (size_t i = 0; slash && i < sizeof places / sizeof places[0]; i++) {
    strcpy(slash + 1, places[i]);
    if (access(path, F_OK) == 0) return path;
  }
  return access(PKGDATADIR "/" INITRD_NAME, F_OK) == 0 ? PKGDATADIR "/" INITRD_NAME : NULL;
}

HOST_NORETURN static void print_and_leave(const char *text)
{
  fputs(text, stdout);
  if (fflush(stdout) || ferror(stdout)) host_fatal(HOST_EXIT_USAGE, "cannot write to standard output");
  exit(0);
}

int main(int argc, char **argv)
{
  static struct host_options options;
  host_exit_init(argv);
  if (!host_options_parse(&options, argc, argv, host_input_is_terminal() && host_output_is_terminal()))
    host_fatal(HOST_EXIT_USAGE, "%s", options.error);
  if (options.wish == HOST_HELP) print_and_leave(usage);
  if (options.wish == HOST_VERSION) print_and_leave("veridian-sim " PACKAGE_VERSION "\n");
  if (!options.machine.initrd) options.machine.initrd = default_initrd();
  machine_start(&options.machine);
}
