/*
 * The microcode's entrance: signals are the processor delivering exceptions, calls and interrupts.
 *
 * Every handler runs on the one alternate stack with all signals blocked and always ends by returning from the signal;
 * where execution goes on afterwards is decided by changing the saved registers. What runs before the C library's FS base
 * is back must not use thread-local storage: no stack protector, no sanitizer.
 */
#define _GNU_SOURCE
#include "host.h"

#include <asm/prctl.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef SYS_USER_DISPATCH
#define SYS_USER_DISPATCH 2
#endif
#define SYS_SECCOMP_CODE 1 /* si_code of a seccomp trap */
#define HWCAP2_FSGSBASE_BIT (1ul << 1)
#define RFLAGS_AC_BIT 0x40000
#define ALTERNATE_STACK (256u << 10)

/* MemorySanitizer would follow values even where it must not report them. */
#ifdef HOST_MSAN
#include <sanitizer/msan_interface.h>
#define UNFOLLOWED disable_sanitizer_instrumentation
#else
#define UNFOLLOWED
#endif

/* What runs before the FS base is right, and what is inlined there. */
#define UNCHECKED no_stack_protector, no_sanitize("address", "undefined", "thread"), UNFOLLOWED
#define BARE __attribute__((UNCHECKED, noinline))
#define BARE_INLINE inline __attribute__((UNCHECKED, always_inline))

extern const char machine_return_begin[], machine_return_end[]; /* entry.S */

/* struct host_regs is the kernel's struct sigcontext up to cr2. */
_Static_assert(offsetof(struct host_regs, rip) == REG_RIP * 8, "sigcontext");
_Static_assert(offsetof(struct host_regs, cs) == REG_CSGSFS * 8, "sigcontext");
_Static_assert(offsetof(struct host_regs, trapno) == REG_TRAPNO * 8, "sigcontext");
_Static_assert(offsetof(struct host_regs, cr2) == REG_CR2 * 8, "sigcontext");
/* entry.S knows these by number. */
_Static_assert(offsetof(struct host_crossing, unmasked) == 8 && offsetof(struct host_crossing, in_user) == 16 &&
                 offsetof(struct host_crossing, thread) == 24 && offsetof(struct host_crossing, vector_mask) == 32 &&
                 offsetof(struct host_crossing, fsgsbase) == 48 && offsetof(struct host_crossing, host_cs) == 56 &&
                 offsetof(struct host_crossing, host_ss) == 64 && offsetof(struct host_crossing, target) == 72,
               "entry.S");
_Static_assert(offsetof(struct host_thread, frame) == 8 && offsetof(struct host_thread, vector) == 16, "entry.S");

struct host_crossing host_crossing;
static char *alternate_stack;

/* ---- FS base ---- */

static BARE_INLINE long bare_syscall(long number, long a, long b)
{
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b) : "rcx", "r11", "memory");
  return result;
}

static BARE_INLINE uint64_t fs_base_read(void)
{
  uint64_t base = 0;
  if (host_crossing.fsgsbase)
    __asm__ volatile("rdfsbase %0" : "=r"(base));
  else
    bare_syscall(SYS_arch_prctl, ARCH_GET_FS, (long)&base);
  return base;
}

static BARE_INLINE void fs_base_write(uint64_t base)
{
  if (host_crossing.fsgsbase)
    __asm__ volatile("wrfsbase %0" : : "r"(base));
  else
    bare_syscall(SYS_arch_prctl, ARCH_SET_FS, (long)base);
}

/* ---- vector state ---- */

#define LEGACY_SIZE 512u /* the FXSAVE part */
#define HEADER_SIZE 64u  /* the XSAVE header: XSTATE_BV, XCOMP_BV, zeros */
#define SSE_END (LEGACY_SIZE + HEADER_SIZE)
#define AVX_END 832u /* legacy, header and the upper halves of the YMM registers, which are always first */
#define MXCSR_OFFSET 24u
#define MXCSR_RESET 0x1F80u
#define FCW_RESET 0x037Fu
#define SW_BYTES_OFFSET 464u /* Linux: struct _fpx_sw_bytes */
#define FP_XSTATE_MAGIC 0x46505853u
#define XFEATURE_AVX 4u
#define XFEATURES_BASIC 7u /* x87, SSE, AVX */
#define XFEATURE_PKRU (1u << 9)

struct sw_bytes {
  uint32_t magic1, extended_size;
  uint64_t xfeatures;
  uint32_t xstate_size;
};

static size_t vector_size = LEGACY_SIZE;

size_t host_vector_size(void)
{
  return vector_size;
}

void host_vector_init(void *area)
{
  memset(area, 0, vector_size);
  memcpy(area, &(uint16_t){FCW_RESET}, 2);
  memcpy((char *)area + MXCSR_OFFSET, &(uint32_t){MXCSR_RESET}, 4);
}

void host_vector_save(struct host_signal *s, void *area)
{
  char *frame = s->vector;
  if (!host_crossing.vector_mask) {
    memcpy(area, frame, LEGACY_SIZE);
    return;
  }
  uint64_t *in_use = (uint64_t *)(frame + LEGACY_SIZE);
  size_t used = *in_use & ~(uint64_t)XFEATURES_BASIC ? vector_size : *in_use & XFEATURE_AVX ? AVX_END : SSE_END;
  memcpy(area, frame, used);
  /* Nothing in use: returning from the signal resets the registers, and no value of the user's reaches the kernel. */
  *in_use = 0;
  memcpy(frame + MXCSR_OFFSET, &(uint32_t){MXCSR_RESET}, 4);
}

/* The kernel is asked, by a signal, what it saves: xfeatures a process must first request (AMX) are not in the frame. */
HOST_ENTRY static void measure_vector(int signo, siginfo_t *info, void *context)
{
  (void)signo, (void)info;
  const ucontext_t *uc = context;
  const struct sw_bytes *sw = (const struct sw_bytes *)((const char *)uc->uc_mcontext.fpregs + SW_BYTES_OFFSET);
  if (sw->magic1 != FP_XSTATE_MAGIC || sw->xstate_size < LEGACY_SIZE + HEADER_SIZE) return;
  host_crossing.vector_mask = sw->xfeatures & ~(uint64_t)XFEATURE_PKRU;
  vector_size = sw->xstate_size < AVX_END ? AVX_END : sw->xstate_size;
}

/* ---- MemorySanitizer ---- */

#ifdef HOST_MSAN
/* What it knows of arguments and results on their way, which a signal may interrupt. */
#define ON_THE_WAY extern __thread __attribute__((tls_model("initial-exec"))) uint64_t
ON_THE_WAY __msan_param_tls[100], __msan_retval_tls[100], __msan_va_arg_tls[100];

static uint64_t kept[3][100]; /* signals do not nest */

/* What Linux and the handler wrote on the alternate stack, from `frame` on, is initialised. */
static BARE_INLINE void shadow_begin(const void *frame)
{
  memcpy(kept[0], __msan_param_tls, sizeof kept[0]);
  memcpy(kept[1], __msan_retval_tls, sizeof kept[1]);
  memcpy(kept[2], __msan_va_arg_tls, sizeof kept[2]);
  __msan_unpoison(frame, (size_t)(alternate_stack + ALTERNATE_STACK - (const char *)frame));
}

static BARE_INLINE void shadow_end(void)
{
  memcpy(__msan_param_tls, kept[0], sizeof kept[0]);
  memcpy(__msan_retval_tls, kept[1], sizeof kept[1]);
  memcpy(__msan_va_arg_tls, kept[2], sizeof kept[2]);
}
#else
#define shadow_begin(frame) ((void)(frame))
#define shadow_end() ((void)0)
#endif

/* ---- handlers ---- */

HOST_ENTRY static void die_of(int signo)
{
  host_output_flush();
  machine_killed();
  host_terminal_restore();
  signal(signo, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signo);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  raise(signo);
  _exit(HOST_EXIT_PANIC);
}

HOST_ENTRY static bool classify(int signo, const siginfo_t *info, struct host_signal *s)
{
  switch (signo) {
  case SIGALRM: s->kind = HOST_ALARM; return true;
  case SIGVTALRM: s->kind = HOST_TICK; return true;
  case SIGSYS: s->kind = HOST_CALL; return info->si_code == SYS_USER_DISPATCH || info->si_code == SYS_SECCOMP_CODE;
  default: s->kind = HOST_EXCEPTION; return info->si_code > 0; /* else somebody's kill() */
  }
}

BARE static void on_signal(int signo, siginfo_t *info, void *context)
{
  ucontext_t *uc = context;
  /* A program may have set AC, under which the C library's unaligned accesses fault; Linux leaves it set. */
  if (uc->uc_mcontext.gregs[REG_EFL] & RFLAGS_AC_BIT)
    __asm__ volatile("pushfq; andl $~0x40000, (%%rsp); popfq" : : : "cc", "memory");
  uintptr_t rip = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
  struct host_signal s = {
    .regs = (struct host_regs *)uc->uc_mcontext.gregs,
    .from_return = rip - (uintptr_t)machine_return_begin < (uintptr_t)(machine_return_end - machine_return_begin),
    .vector = uc->uc_mcontext.fpregs,
  };
  s.from_user = host_crossing.in_user && !s.from_return;
  if (s.from_user) host_crossing.thread->user_fs = fs_base_read();
  if (s.from_user || s.from_return) fs_base_write(host_crossing.host_fs);
  host_crossing.in_user = 0;
  shadow_begin(&s);
  int saved_errno = errno;
  if (!classify(signo, info, &s)) die_of(signo);
  if (s.from_return) s.regs->rip = (uint64_t)machine_return_begin;
  machine_signal(&s);
  errno = saved_errno;
  shadow_end();
  if (s.stay_in_user) {
    fs_base_write(host_crossing.thread->user_fs);
    host_crossing.in_user = 1;
  }
}

/* Somebody ends the simulator from outside: the terminal first. */
BARE static void on_termination(int signo)
{
  fs_base_write(host_crossing.host_fs);
  die_of(signo);
}

/* ---- set-up ---- */

/* A sanitizer's own would run code of its own before a handler, which needs the C library's FS base; ThreadSanitizer's would
 * have handlers wait for a better moment, too. */
static int set_action(int signo, const struct sigaction *action, struct sigaction *old)
{
#if defined(VERIDIAN_TSAN) || defined(HOST_MSAN)
  int (*libc_sigaction)(int, const struct sigaction *, struct sigaction *) = host_libc("sigaction");
  if (libc_sigaction) return libc_sigaction(signo, action, old);
#endif
  return sigaction(signo, action, old);
}

static void handle(int signo, void (*handler)(int, siginfo_t *, void *))
{
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
  sigfillset(&action.sa_mask);
  if (set_action(signo, &action, NULL) < 0)
    host_fatal(HOST_EXIT_USAGE, "cannot handle signal %d: %s", signo, strerror(errno));
}

static void handle_all(void)
{
  static const int machine[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGALRM, SIGVTALRM};
  static const int termination[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGABRT};
  for (size_t i = 0; i < sizeof machine / sizeof machine[0]; i++) handle(machine[i], on_signal);
  for (size_t i = 0; i < sizeof termination / sizeof termination[0]; i++) {
    struct sigaction action = {.sa_handler = on_termination, .sa_flags = SA_ONSTACK}, old = {.sa_handler = SIG_DFL};
    sigfillset(&action.sa_mask);
    set_action(termination[i], NULL, &old);
    if (old.sa_handler != SIG_IGN) set_action(termination[i], &action, NULL); /* nohup stays nohup */
  }
}

void host_signal_init(uintptr_t user_base, uintptr_t user_top, const char *trap)
{
  alternate_stack = mmap(NULL, ALTERNATE_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stack_t stack = {.ss_size = ALTERNATE_STACK, .ss_sp = alternate_stack};
  if (alternate_stack == MAP_FAILED || sigaltstack(&stack, NULL) < 0)
    host_fatal(HOST_EXIT_USAGE, "cannot set up a signal stack: %s", strerror(errno));
  __asm__ volatile("mov %%cs, %0; mov %%ss, %1" : "=r"(host_crossing.host_cs), "=r"(host_crossing.host_ss));
  host_crossing.fsgsbase = getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT ? 1 : 0;
  host_crossing.host_fs = fs_base_read();
  handle(SIGALRM, measure_vector);
  raise(SIGALRM);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL); /* a parent may have blocked what the machine runs on */
  handle_all();
  host_trap_calls(user_base, user_top, trap);
}
