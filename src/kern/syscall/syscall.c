/*
 * From a trapped frame to a handler and back. The table is made from syscalls.def; each entry hands on as many
 * registers as the call has arguments, the compiler narrowing them to the handler's types (the upper half of an
 * int's register is ignored, as in the C calling convention).
 */
#include <kern/arch.h>
#include <kern/kmsan.h>
#include <kern/syscall.h>
#include <kern/trap.h>
#include <kern/vfs.h>
#include <plant.h>
#include <uapi/syscalls.h>

#include "sys.h"

#define A(n) trapframe_call_arg(tf, n)
#define CALL_0(name) ((void)tf, sys_##name())
#define CALL_1(name) sys_##name(A(0))
#define CALL_2(name) sys_##name(A(0), A(1))
#define CALL_3(name) sys_##name(A(0), A(1), A(2))
#define CALL_4(name) sys_##name(A(0), A(1), A(2), A(3))
#define CALL_5(name) sys_##name(A(0), A(1), A(2), A(3), A(4))
#define CALL_6(name) sys_##name(A(0), A(1), A(2), A(3), A(4), A(5))

#define SYSCALL(number, name, argc, args, text)          \
  static int64_t call_##name(const struct trapframe *tf) \
  {                                                      \
    return CALL_##argc(name);                            \
  }
#include <uapi/syscalls.def>
#undef SYSCALL

static const struct syscall_entry {
  int64_t (*call)(const struct trapframe *tf);
  const char *name;
} table[SYSCALL_COUNT] = {
#define SYSCALL(number, name, argc, args, text) [number] = {call_##name, #name},
#include <uapi/syscalls.def>
#undef SYSCALL
};

void syscall_dispatch(struct trapframe *tf)
{
  uint64_t number = trapframe_call_number(tf);
  if (number >= SYSCALL_COUNT + PLANTED(syscall)) {
    trapframe_set_result(tf, -ENOSYS);
    return;
  }
  arch_irq_restore(true);
  int64_t result = table[number].call(tf);
  kmsan_check(&result, sizeof(result));
  trapframe_set_result(tf, result);
}

const char *syscall_name(uint64_t number)
{
  return number < SYSCALL_COUNT ? table[number].name : NULL;
}

int sys_copy_path(uaddr_t path, char out[PATH_MAX])
{
  struct process *p = process_current();
  char text[PATH_MAX];
  int err = copy_string_from_user(text, path, sizeof(text));
  if (err != 0) return err;
  mutex_lock(&p->cwd_lock);
  err = path_normalize(p->cwd, text, out);
  mutex_unlock(&p->cwd_lock);
  return err;
}

/* Reads and writes back a byte of every page in the range: the program's memory is as it was, and every page there. */
int sys_check_writable(uaddr_t addr, size_t len)
{
  uaddr_t last;
  if (len == 0) return 0;
  if (__builtin_add_overflow(addr, len - 1, &last)) return -EFAULT;
  for (uaddr_t at = addr;; at = ALIGN_DOWN(at, (uaddr_t)PAGE_SIZE) + PAGE_SIZE) {
    uint8_t byte;
    int err = copy_from_user(&byte, at, 1);
    if (err == 0) err = copy_to_user(at, &byte, 1);
    if (err != 0) return err;
    if (last - at < PAGE_SIZE - (at & PAGE_MASK)) return 0;
  }
}
