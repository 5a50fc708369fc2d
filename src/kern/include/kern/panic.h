/* When the kernel cannot go on: a report on every console, then arch_halt(PANIC_STATUS). */
#ifndef KERN_PANIC_H
#define KERN_PANIC_H

#include <kern/types.h>

struct trapframe;

#define PANIC_STATUS 70 /* of the machine that ended in a panic */

/* Prints "panic: text", registers when tf is given, and a symbolised backtrace. Any context; a panic inside a panic halts. */
NORETURN void panic(const char *fmt, ...) PRINTF_LIKE(1, 2);
NORETURN void panic_trap(const struct trapframe *tf, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A panic is being reported: locks no longer wait or complain. */
bool panic_active(void);

/* Prints a backtrace of the caller to the console, one "  #n address symbol+offset" a line. */
void backtrace_print(const struct trapframe *tf);

#ifdef NDEBUG
#define kassert(expr) ((void)sizeof(expr))
#else
#define kassert(expr) ((expr) ? (void)0 : panic("assertion failed: %s, %s:%d", #expr, __FILE__, __LINE__))
#endif

#endif
