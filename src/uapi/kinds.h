/*
 * What kind each argument of a call is, made from syscalls.def, for whoever makes calls up: the fuzzer's harnesses (fuzz/machine)
 * and /bin/differ.
 */
#ifndef UAPI_KINDS_H
#define UAPI_KINDS_H

#include <uapi/syscalls.h>

enum call_kind {
  KIND_NONE,
  KIND_INT,
  KIND_FLAGS,
  KIND_HANDLE,
  KIND_PID,
  KIND_SIZE,
  KIND_PATH,
  KIND_STRV,
  KIND_IN,
  KIND_OUT,
  KIND_ADDR
};

struct call_info {
  const char *name;
  unsigned argc;
  unsigned char kinds[6]; /* enum call_kind */
};

/* By number; each file that includes this has its own. */
#define CALL_KINDS(...) __VA_ARGS__
#define ARG(kind, type, name) KIND_##kind
#define SYSCALL(number, name, argc, args, text) [number] = {#name, argc, {CALL_KINDS args}},
static const struct call_info call_infos[SYSCALL_COUNT] = {
#include <uapi/syscalls.def>
};
#undef SYSCALL
#undef ARG
#undef CALL_KINDS

#endif
