/* SYS_name numbers, made from syscalls.def. */
#ifndef UAPI_SYSCALLS_H
#define UAPI_SYSCALLS_H

#define SYSCALL(number, name, argc, args, text) SYS_##name = number,
enum syscall_number {
#include <uapi/syscalls.def>
  SYSCALL_COUNT
};
#undef SYSCALL

#endif
