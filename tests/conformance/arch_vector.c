/*
 * Vector registers and the thread pointer belong to the thread: two programs hold different values in all of them and look
 * for a change, without calls (so that only preemption comes between) and across calls. A third one's state after start is
 * the initial one.
 */
#include "guest.h"
#include <kern/ktest.h>
#include <kern/string.h>

#define HOLDERS 2

/* Keeps its value in xmm0-xmm15, on the x87 stack and at FS:0, with an MXCSR of its own, and compares again and again, with a
 * call (yield) in every round or without. Exit status 0: nothing changed. */
__asm__(".pushsection .rodata\n"
        ".macro holder name, rounds, call, tls\n"
        "\\name:\n"
        "  movl $\\name\\()_value, %ebx\n"
        "  movd %ebx, %xmm0\n"
        "  pshufd $0, %xmm0, %xmm0\n"
        ".irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
        "  movdqa %xmm0, %xmm\\n\n"
        ".endr\n"
        "  subq $64, %rsp\n"
        "  movl $0x3F80, (%rsp)\n" /* MXCSR: round down, all masked */
        "  ldmxcsr (%rsp)\n"
        "  movl %ebx, (%rsp)\n"
        "  fildl (%rsp)\n"
        "  leaq \\tls(%rsp), %rdi\n"
        "  movl $32, %eax\n" /* tls_set */
        "  syscall\n"
        "  movl %ebx, %fs:0\n"
        "  movl $\\rounds, %r12d\n"
        "1:\n"
        ".if \\call\n"
        "  movl $5, %eax\n"
        "  syscall\n"
        ".endif\n"
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
        "  movdqu %xmm\\n, 16(%rsp)\n"
        "  cmpl %ebx, 16(%rsp)\n"
        "  jne 2f\n"
        "  cmpl %ebx, 28(%rsp)\n"
        "  jne 2f\n"
        ".endr\n"
        "  cmpl %ebx, %fs:0\n"
        "  jne 2f\n"
        "  fistl 4(%rsp)\n"
        "  cmpl %ebx, 4(%rsp)\n"
        "  jne 2f\n"
        "  stmxcsr 8(%rsp)\n"
        "  movl 8(%rsp), %eax\n"
        "  andl $0xFFC0, %eax\n"
        "  cmpl $0x3F80, %eax\n"
        "  jne 2f\n"
        "  decl %r12d\n"
        "  jnz 1b\n"
        "  xorl %edi, %edi\n"
        "  xorl %eax, %eax\n"
        "  syscall\n"
        "2: movl $1, %edi\n"
        "  xorl %eax, %eax\n"
        "  syscall\n"
        "\\name\\()_end:\n"
        ".endm\n"
        ".set vector_hold_a_value, 0x11223344\n"
        ".set vector_hold_b_value, 0x55667788\n"
        ".set vector_call_a_value, 0x01020304\n"
        ".set vector_call_b_value, 0x7A7B7C7D\n"
        "holder vector_hold_a, 1500000, 0, 32\n"
        "holder vector_hold_b, 1500000, 0, 48\n"
        "holder vector_call_a, 300, 1, 32\n"
        "holder vector_call_b, 300, 1, 48\n"
        /* The reset values, after others have used the registers: exit status 0. */
        "vector_fresh:\n"
        "  subq $64, %rsp\n"
        "  stmxcsr (%rsp)\n"
        "  cmpl $0x1F80, (%rsp)\n"
        "  jne 3f\n"
        "  fnstcw (%rsp)\n"
        "  cmpw $0x37F, (%rsp)\n"
        "  jne 3f\n"
        "  xorl %ebx, %ebx\n"
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
        "  movq %xmm\\n, %rax\n"
        "  orq %rax, %rbx\n"
        ".endr\n"
        "  testq %rbx, %rbx\n"
        "  jnz 3f\n"
        "  xorl %edi, %edi\n"
        "  xorl %eax, %eax\n"
        "  syscall\n"
        "3: movl $1, %edi\n"
        "  xorl %eax, %eax\n"
        "  syscall\n"
        "vector_fresh_end:\n"
        ".popsection\n");

extern const char vector_hold_a[], vector_hold_a_end[], vector_hold_b[], vector_hold_b_end[];
extern const char vector_call_a[], vector_call_a_end[], vector_call_b[], vector_call_b_end[];
extern const char vector_fresh[], vector_fresh_end[];

struct program {
  const char *path, *code, *end;
};
static struct program pair[HOLDERS];

/* Both at once, then one that only looks. */
static void run_pair(void)
{
  static const struct program fresh = {"/tmp/vector-fresh", vector_fresh, vector_fresh_end};
  struct wait_status status;

  for (unsigned i = 0; i < HOLDERS; i++) {
    ktest_check(guest_write_program(pair[i].path, pair[i].code, (size_t)(pair[i].end - pair[i].code)) == 0);
  }
  ktest_check(guest_write_program(fresh.path, fresh.code, (size_t)(fresh.end - fresh.code)) == 0);
  for (unsigned i = 0; i < HOLDERS; i++) ktest_check(guest_spawn(pair[i].path, NULL) > 0);
  for (unsigned i = 0; i < HOLDERS; i++) {
    ktest_check(process_wait(NULL, 0, &status) > 0);
    ktest_check(status.reason == EXIT_NORMAL);
    ktest_check(status.code == 0);
  }
  ktest_check(guest_spawn(fresh.path, NULL) > 0);
  ktest_check(process_wait(NULL, 0, &status) > 0);
  ktest_check(status.reason == EXIT_NORMAL && status.code == 0);
}

KTEST(arch_vector_survives_preemption)
{
  pair[0] = (struct program){"/tmp/vector-a", vector_hold_a, vector_hold_a_end};
  pair[1] = (struct program){"/tmp/vector-b", vector_hold_b, vector_hold_b_end};
  guest_run(run_pair);
}

KTEST(arch_vector_survives_calls)
{
  pair[0] = (struct program){"/tmp/vector-a", vector_call_a, vector_call_a_end};
  pair[1] = (struct program){"/tmp/vector-b", vector_call_b, vector_call_b_end};
  guest_run(run_pair);
}
