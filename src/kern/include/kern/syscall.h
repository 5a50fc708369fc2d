/* The system-call table: from a trapped frame to a sys_ handler and back. */
#ifndef KERN_SYSCALL_H
#define KERN_SYSCALL_H

#include <kern/types.h>

struct trapframe;

/* Decodes the frame's call, runs it with interrupts enabled, stores the result. -ENOSYS for unknown numbers. */
void syscall_dispatch(struct trapframe *tf);

const char *syscall_name(uint64_t number); /* null when unknown */

#endif
