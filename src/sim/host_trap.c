/* System calls of the user window become SIGSYS: by Syscall User Dispatch, which lets all others pass at no cost, or by a seccomp
 * filter, which looks at each. */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF 0
#define PR_SYS_DISPATCH_ON 1
#endif
static bool trap_by_sud(uintptr_t base, uintptr_t top)
{
  static volatile char selector = 1; /* SYSCALL_DISPATCH_FILTER_BLOCK: what is outside the allowed range traps */
  (void)base;
  return prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, top, ~0ul - top, &selector) == 0;
}

static bool trap_by_seccomp(uintptr_t base, uintptr_t top)
{
  const uint32_t ip = offsetof(struct seccomp_data, instruction_pointer);
  struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip + 4),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip),
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)base, 0, 1),
    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)top, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
  };
  struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

void host_trap_calls(uintptr_t user_base, uintptr_t user_top, const char *trap)
{
  if ((!trap || !strcmp(trap, "sud")) && trap_by_sud(user_base, user_top)) return;
  if ((!trap || !strcmp(trap, "seccomp")) && trap_by_seccomp(user_base, user_top)) {
    if (!trap) host_note("this host lacks Syscall User Dispatch: system calls are trapped by seccomp, slower");
    return;
  }
  host_fatal(HOST_EXIT_USAGE, "this host cannot trap system calls by %s: %s",
             trap ? trap : "Syscall User Dispatch (Linux 5.11) nor seccomp", strerror(errno));
}
