/*
 * Traps as the kernel sees them. struct trapframe is the machine's; the functions here, implemented in
 * arch/x86_64/fmt/trapframe.c for both machines, are the only way portable code looks inside.
 */
#ifndef KERN_TRAP_H
#define KERN_TRAP_H

#include <kern/types.h>

struct trapframe;

enum trap_kind {
  TRAP_SYSCALL = 1, /* `syscall` or int 0x80 */
  TRAP_NL_CALL,     /* int 0x81 */
  TRAP_PAGE_FAULT,
  TRAP_DIVIDE, /* #DE */
  TRAP_DEBUG,  /* #DB */
  TRAP_NMI,
  TRAP_BREAKPOINT, /* #BP */
  TRAP_OVERFLOW,   /* #OF */
  TRAP_BOUND,      /* #BR */
  TRAP_ILLEGAL,    /* #UD */
  TRAP_NO_FPU,     /* #NM */
  TRAP_DOUBLE_FAULT,
  TRAP_PROTECTION, /* #GP, #TS, #NP, #SS, and int n without permission */
  TRAP_FLOAT,      /* #MF, #XM */
  TRAP_ALIGNMENT,  /* #AC */
  TRAP_MACHINE_CHECK,
  TRAP_OTHER,
};

/* What the access that faulted tried. */
#define ACCESS_READ 0x1u
#define ACCESS_WRITE 0x2u
#define ACCESS_EXEC 0x4u

struct trap_info {
  enum trap_kind kind;
  bool user;       /* came from user mode */
  unsigned vector; /* machine's number, for reports */
  uint64_t error;  /* machine's error code, for reports */
  vaddr_t ip;      /* instruction pointer */
  vaddr_t sp;
  /* page faults only */
  vaddr_t addr;
  unsigned access; /* one ACCESS_* bit */
  bool present;    /* a translation was there, without the permission */
};

void trap_decode(const struct trapframe *tf, struct trap_info *info);

/* The questions of the fast paths, without the rest: did it come from user mode; is it a numbered call from there, or a page
 * fault from there, and then the address and what was tried (one ACCESS_* bit). */
bool trapframe_from_user(const struct trapframe *tf);
bool trapframe_is_call(const struct trapframe *tf);
bool trapframe_is_user_fault(const struct trapframe *tf);
vaddr_t trapframe_fault_addr(const struct trapframe *tf);
unsigned trapframe_fault_access(const struct trapframe *tf);

/* "page fault", "divide error", ...: the field's names. */
const char *trap_kind_name(enum trap_kind kind);

/* System-call registers. */
uint64_t trapframe_call_number(const struct trapframe *tf);          /* the low half of its register */
uint64_t trapframe_call_arg(const struct trapframe *tf, unsigned n); /* n: 0 to 5 */
void trapframe_set_result(struct trapframe *tf, int64_t value);

/* A fresh user frame: starts at entry with stack pointer sp (16-byte aligned), other registers 0, interrupts enabled. */
void trapframe_init_user(struct trapframe *tf, vaddr_t entry, vaddr_t sp);

/* Prints every register, four to a line, through `print` (panic and fault reports). */
void trapframe_dump(const struct trapframe *tf, void (*print)(const char *fmt, ...) PRINTF_LIKE(1, 2));

#endif
