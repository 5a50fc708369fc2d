/*
 * The system-call handlers, declared from the one list: sys_<name>, typed as the list says, every pointer as
 * uaddr_t (a program's address is never a kernel pointer). A handler decodes, checks everything, then changes
 * something; failed, it has changed nothing and leaked nothing. Handlers run with interrupts enabled and may
 * sleep. Private to this folder.
 */
#ifndef KERN_SYSCALL_SYS_H
#define KERN_SYSCALL_SYS_H

#include <kern/process.h>
#include <kern/uaccess.h>
#include <uapi/abi.h>

/* Parameter types by kind. */
#define SYS_KIND_INT(type) type
#define SYS_KIND_FLAGS(type) type
#define SYS_KIND_HANDLE(type) type
#define SYS_KIND_PID(type) type
#define SYS_KIND_SIZE(type) type
#define SYS_KIND_PATH(type) uaddr_t
#define SYS_KIND_STRV(type) uaddr_t
#define SYS_KIND_IN(type) uaddr_t
#define SYS_KIND_OUT(type) uaddr_t
#define SYS_KIND_ADDR(type) uaddr_t
#define ARG(kind, type, name) SYS_KIND_##kind(type) name

#define SYS_PARAMS_0(args) (void)
#define SYS_PARAMS_1(args) args
#define SYS_PARAMS_2(args) args
#define SYS_PARAMS_3(args) args
#define SYS_PARAMS_4(args) args
#define SYS_PARAMS_5(args) args
#define SYS_PARAMS_6(args) args

#define SYSCALL(number, name, argc, args, text) int64_t sys_##name SYS_PARAMS_##argc(args);
#include <uapi/syscalls.def>
#undef SYSCALL
#undef ARG

/* Copies a path in and makes it absolute: -EFAULT, -ENAMETOOLONG, -ENOENT when empty. */
MUST_CHECK int sys_copy_path(uaddr_t path, char out[PATH_MAX]);

/* 0 when the running process may write [addr, addr + len); changes nothing there. For results copied out once it is too
 * late to fail. -EFAULT, -ENOMEM. */
MUST_CHECK int sys_check_writable(uaddr_t addr, size_t len);

#endif
