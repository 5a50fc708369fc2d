/*
 * The wall between the simulated machine (arch_*.c, kernel headers) and the host (host_*.c, Linux headers): plain types
 * only, and this header is all the two sides share. host_* functions are called by the machine; the machine_* functions
 * are what the machine gives to the host. No host function allocates, sleeps or takes a lock unless it says
 * so; those marked (S) may be called from inside a signal handler.
 */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_NORETURN __attribute__((noreturn))
#define HOST_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* The sanitizers that this is compiled for and that must be told something. */
#ifdef __SANITIZE_ADDRESS__
#define HOST_ASAN 1
#endif
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define HOST_ASAN 1
#endif
#if __has_feature(memory_sanitizer)
#define HOST_MSAN 1
#endif
#endif

/* A function that a signal or assembly enters, not a call that MemorySanitizer saw: what it is given is initialised. */
#ifdef HOST_MSAN
#define HOST_ENTRY __attribute__((no_sanitize("memory")))
#else
#define HOST_ENTRY
#endif

/* ---- leaving ---- */

#define HOST_EXIT_USAGE 2     /* bad option, unreadable file, a host that lacks something */
#define HOST_EXIT_PANIC 70    /* the kernel panicked or the machine broke */
#define HOST_EXIT_DIVERGED 71 /* a replay did not do what its record has */

/* Every way out: output flushed, terminal as it was found, then exit(status). */
HOST_NORETURN void host_exit(int status);
/* "veridian-sim: text" on stderr, then host_exit. (S) */
HOST_NORETURN void host_fatal(int status, const char *fmt, ...) HOST_PRINTF(2, 3);
/* "veridian-sim: text" on stderr; the machine goes on. (S) */
void host_note(const char *fmt, ...) HOST_PRINTF(1, 2);
/* Starts the program again with the options it was started with, but for --record. */
HOST_NORETURN void host_restart(void);
/* Remembers the arguments for host_restart. */
void host_exit_init(char **argv);

/* ---- files ---- */

/* Reads all of `path` at `where`, at most `room` bytes: its size, or -1 after a message in `error`. */
int64_t host_file_load(const char *path, void *where, uint64_t room, char *error, size_t error_size);
/* Size of a readable regular file or -1 after a message in `error`. */
int64_t host_file_size(const char *path, char *error, size_t error_size);
/* A file for a device's output (created, truncated): a descriptor, or -1 after a message in `error`. */
int host_file_create(const char *path, char *error, size_t error_size);
/* Fatal on failure, which `what` names. */
void host_file_write(int fd, const void *data, size_t size, const char *what);

/* ---- physical memory and the host mappings that are the TLB ---- */

#define HOST_READ 1u
#define HOST_WRITE 2u
#define HOST_EXEC 4u

/* Makes the memfd that is the RAM and maps all of it, near `hint` if that is free; the address. Fatal on failure. */
uintptr_t host_memory_create(uint64_t size, uintptr_t hint);
/* Reserves exactly [base, base + size) without access; false when something of the host's is there. */
bool host_window_reserve(uintptr_t base, size_t size);
/* Maps RAM [pa, pa + size) at va. Fatal when the host refuses. (S) */
void host_page_map(uintptr_t va, uint64_t pa, size_t size, unsigned prot);
/* Changes the protection of what host_page_map mapped. (S) */
void host_page_protect(uintptr_t va, size_t size, unsigned prot);
/* Takes host mappings away: (S)
 * drop leaves the range unmapped, for the user window (nothing of the host's is placed that low by itself);
 * reserve leaves it reserved without access, for the kernel window. */
void host_page_drop(uintptr_t va, size_t size);
void host_page_reserve(uintptr_t va, size_t size);

/* ---- crossings between user and kernel mode ---- */

/* The interrupted registers, exactly as Linux lays them out in a signal frame (struct sigcontext). */
struct host_regs {
  uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
  uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
  uint16_t cs, gs, fs, ss;
  uint64_t error, trapno, oldmask, cr2;
};

/* The part of a thread that entry.S reads: first member of struct arch_context. Offsets asserted in host_signal.c. */
struct host_thread {
  uint64_t user_fs; /* FS base in user mode */
  void *frame;      /* its struct trapframe */
  void *vector;     /* its vector state, XSAVE format, 64-byte aligned, host_vector_size() bytes */
};

/* What entry.S and the signal handlers share; one per processor. */
struct host_crossing {
  uint64_t pending;           /* interrupts that wait, a bit each */
  uint64_t unmasked;          /* those that may be delivered */
  uint64_t in_user;           /* user mode runs (or the return stub is on its way there) */
  struct host_thread *thread; /* the running one */
  uint64_t vector_mask;       /* for XRSTOR; 0: the processor has only FXRSTOR */
  uint64_t host_fs;           /* FS base of the C library */
  uint64_t fsgsbase;          /* WRFSBASE works */
  uint64_t host_cs, host_ss;
  uint64_t target; /* the return stub's own: where user mode goes on */
};
extern struct host_crossing host_crossing;

enum host_signal_kind {
  HOST_CALL,      /* `syscall` (or int 0x80) in the user window */
  HOST_EXCEPTION, /* a processor exception: regs->trapno, error, cr2 */
  HOST_ALARM,     /* the timer of host_alarm_set */
  HOST_TICK,      /* 10 ms of processor time went by */
};

struct host_signal {
  enum host_signal_kind kind;
  struct host_regs *regs; /* may be changed: execution goes on with them */
  bool from_user;
  bool from_return;  /* interrupted the return stub; unless regs->rip is changed it starts over */
  bool stay_in_user; /* answer: regs are still user mode's */
  void *vector;      /* for host_vector_save */
};

/* Takes the signals over, arms the alternate stack, traps system calls of [user_base, user_top). `trap`: "sud",
 * "seccomp" or null for the first that works; says so when that is not the first. Fatal when none does. */
void host_signal_init(uintptr_t user_base, uintptr_t user_top, const char *trap);
/* The host's own part of that: from now on system calls made there are SIGSYS. */
void host_trap_calls(uintptr_t user_base, uintptr_t user_top, const char *trap);

size_t host_vector_size(void);
/* A thread's vector state as the processor has it after reset. */
void host_vector_init(void *area);
/* Moves the interrupted code's vector state to `area` and gives the resumed code a clean one. (S) */
void host_vector_save(struct host_signal *s, void *area);

/* ---- entropy ---- */

/* Bytes that nobody can guess, at most 256. Fatal when the host has none. */
void host_random(void *bytes, size_t size);

/* ---- time ---- */

uint64_t host_clock_ns(void);    /* monotonic (S) */
uint64_t host_clock_epoch(void); /* since 1970 */
/* Creates the alarm and starts the processor-time tick. Fatal on failure. */
void host_time_init(void);
/* HOST_ALARM at host_clock_ns() time `when`, replacing the one set before; 0 stops it. (S) */
void host_alarm_set(uint64_t when);
/* Sleeps until `when` (UINT64_MAX: for ever) or a signal. */
void host_sleep_until(uint64_t when);

/* ---- console: stdin, stdout, stderr ---- */

/* First of all: from then on what cannot be written is an error, not a signal. */
void host_console_init(void);
/* From here on stdin is the machine's: a terminal is put into raw mode. */
void host_input_start(void);
bool host_input_is_terminal(void);
bool host_output_is_terminal(void);

enum host_input { HOST_INPUT_READY, HOST_INPUT_NONE, HOST_INPUT_ENDED };
/* Waits for input until `when` (0: does not wait, UINT64_MAX: for ever) or a signal. ENDED once all was taken. */
enum host_input host_input_wait(uint64_t when);
/* Takes up to max bytes of what has come. */
size_t host_input_take(uint8_t *bytes, size_t max);

/* Output is kept until a newline, host_output_flush or a full buffer. Errors end the machine. */
void host_output_byte(uint8_t byte);
void host_output_flush(void);
/* The same on stderr; what stdout holds goes first. */
void host_error_byte(uint8_t byte);
/* Puts the terminal back. (S) */
void host_terminal_restore(void);

/* The C library's own function where a sanitizer has put one before it; null when it is not found. */
void *host_libc(const char *name);

/* ---- context switch by ucontext ---- */

size_t host_context_size(void); /* bytes for one, 16-byte aligned */
void host_context_make(void *ctx, void *stack, size_t size, void (*entry)(void *), void *arg);
void host_context_swap(void *from, void *to);

/* What the sanitizers are told about stacks. A switch is host_stack_leave on the old one, which keeps a
 * token in *fake, and host_stack_enter with the token of the new one (null the first time). */
void host_stack_leave(void **fake, const void *stack, size_t size);
void host_stack_enter(void *fake);
void host_stack_unpoison(void *stack, size_t size); /* (S) */
/* The stack main() runs on. */
void host_stack_bounds(void **stack, size_t *size);

void *host_alloc(size_t size); /* zeroed; fatal when there is none */
void host_free(void *p);

/* ---- the machine, called by the host ---- */

#define MACHINE_MEMORY_LEAST (4ull << 20)
#define MACHINE_MEMORY_MOST (64ull << 30)
#define MACHINE_SCREEN_MOST 16384

struct machine_options {
  uint64_t memory;    /* bytes */
  const char *initrd; /* path, or null */
  const char *cmdline;
  bool virtual_clock;
  uint64_t seed;
  bool check_tlb;
  const char *faults;     /* a plan (kern/inject.h), or null */
  const char *fault_plan; /* path of one, or null */
  bool switch_asm;
  const char *trap;                     /* null, "sud", "seccomp" */
  const char *debugcon;                 /* path, or null */
  unsigned screen_width, screen_height; /* pixels; 0: no framebuffer */
  const char *screendump;               /* path, or null */
  const char *record, *replay;          /* paths, or null; not both */
  uint64_t preempt_rate;                /* preempt at one in so many points; 0: never */
  const char *preempt_at;               /* at these: numbers and commas, ascending; or null */
};

/* Builds the machine and boots the kernel on it. With `replay` the options that a record has are taken from there. */
HOST_NORETURN void machine_start(struct machine_options *options);
/* Inside a signal handler, on the alternate stack. */
void machine_signal(struct host_signal *s);
/* Writes the screendump; prints what a finished run has to say (the trace hash) on stderr and ends its record. The exit status: `status`, unless
 * the run was to repeat another and did not. */
int machine_epilogue(int status);
/* Somebody ends the process from outside: what is recorded is kept. (S) */
void machine_killed(void);

/* ---- the command line (host_options.c) ---- */

#define HOST_CMDLINE_MAX 1024 /* bytes of the kernel's command line and of the faults, without null */

enum host_wish { HOST_RUN, HOST_HELP, HOST_VERSION };

struct host_options {
  struct machine_options machine; /* its texts are here, or arguments */
  enum host_wish wish;
  char cmdline[HOST_CMDLINE_MAX + 1], faults[HOST_CMDLINE_MAX + 1];
  char error[512]; /* what is wrong, when something is; too long a message is cut */
};

/* Reads the arguments; `terminal`: the console is one, so that time is real unless they say otherwise. False when they are
 * refused: `error` says why. Only `argv` changes, in its order: what are no options comes last. With HOST_HELP and HOST_VERSION
 * what comes behind them was not looked at. */
bool host_options_parse(struct host_options *options, int argc, char **argv, bool terminal);

#endif
