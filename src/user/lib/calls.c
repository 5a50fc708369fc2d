/*
 * One stub a system call, made from uapi/syscalls.def: number into rax, the fourth argument from rcx to r10, and a result
 * in -4095..-1 turned into errno and -1 by call_failed. Each stub has a section of its own, so that a program links only
 * what it calls. At the end the compiler checks that veridian.h declares each with the arguments the list gives.
 */
#include <veridian.h>

/* clang-format off */
__asm__(".macro call_stub_as number, name\n"
        ".section .text.\\name,\"ax\",@progbits\n"
        ".globl \\name\n"
        ".type \\name, @function\n"
        "\\name:\n"
        "  mov $\\number, %eax\n"
        "  mov %rcx, %r10\n"
        "  syscall\n"
        "  cmp $-4095, %rax\n"
        "  jae 1f\n"
        "  ret\n"
        "1: mov %rax, %rdi\n"
        "  jmp call_failed\n"
        ".size \\name, . - \\name\n"
        ".endm\n"
        ".macro call_stub number, name\n"
        ".ifc \\name, exit\n" /* C's own exit comes first: it runs the atexit functions */
        "  call_stub_as \\number, _exit\n"
        ".else\n"
        "  call_stub_as \\number, \\name\n"
        ".endif\n"
        ".endm\n");
#define SYSCALL(number, name, argc, args, text) __asm__("call_stub " #number ", " #name);
#include <uapi/syscalls.def>
#undef SYSCALL
__asm__(".text");

/* The same result type, called with the list's arguments ... */
#define exit _exit
#define ARG(kind, type, name) (type)0
#define SYSCALL(number, name, argc, args, text) typedef __typeof__(name args) name##_result;
#include <uapi/syscalls.def>
#undef SYSCALL
#undef ARG

/* ... and the same function type. */
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#define ARG(kind, type, name) type name
#define SYSCALL(number, name, argc, args, text)                                            \
  typedef name##_result name##_function args;                                              \
  _Static_assert(__builtin_types_compatible_p(__typeof__(name), name##_function), #name);
#include <uapi/syscalls.def>
/* clang-format on */
