/* The frame-pointer chain: both machines' arch_backtrace gives the stack's bounds and gets return addresses. */
#ifndef X86_FMT_BACKTRACE_H
#define X86_FMT_BACKTRACE_H

#include <kern/types.h>

struct trapframe;

/* Walks saved frame pointers from `frame` (the caller's rbp) inside the stack [low, high). With a trap frame the walk
 * starts at its registers instead and its instruction pointer is the first answer. Every frame lies in bounds, aligned
 * and above the one before: a broken chain ends the walk, nothing else is read. Answers how many were stored. */
size_t backtrace_walk(const struct trapframe *tf, uintptr_t frame, uintptr_t low, uintptr_t high, uintptr_t *pcs,
                      size_t max);

#endif
