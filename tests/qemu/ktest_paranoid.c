/*
 * The entries that cannot trust GS: NMI, machine check and debug exception arriving in kernel mode while GS base is a
 * program's, as it is for a moment on every way in and out. And the programs' own bases, with FSGSBASE.
 */
#include "../conformance/guest.h"
#include "cpu.h"
#include "insn.h"
#include <fmt/trapframe.h>
#include <kern/ktest.h>
#include <kern/log.h>
#include <kern/thread.h>
#include <kern/trap.h>

#define KERNEL_LOOKING 0xFFFFFFFF80100000ull

/* Raises the exception by `instruction` with GS base `base`, interrupts off; answers GS base afterwards. No compiled
 * code runs on that GS base. */
#define RAISE_WITH_GS(name, instruction)                                        \
  static uint64_t name(uint64_t base)                                           \
  {                                                                             \
    uint64_t own = insn_rdmsr(MSR_GS_BASE), after;                              \
    bool enabled = arch_irq_disable();                                          \
    __asm__ volatile("movl $0xC0000101, %%ecx\n\t"                              \
                     "movl %k1, %%eax\n\tmovq %1, %%rdx\n\tshrq $32, %%rdx\n\t" \
                     "wrmsr\n\t" instruction "\n\t"                             \
                     "movl $0xC0000101, %%ecx\n\trdmsr\n\t"                     \
                     "shlq $32, %%rdx\n\tleaq (%%rax,%%rdx), %0\n\t"            \
                     "movl %k2, %%eax\n\tmovq %2, %%rdx\n\tshrq $32, %%rdx\n\t" \
                     "wrmsr"                                                    \
                     : "=&r"(after)                                             \
                     : "r"(base), "r"(own)                                      \
                     : "rax", "rcx", "rdx", "memory", "cc");                    \
    arch_irq_restore(enabled);                                                  \
    return after;                                                               \
  }
RAISE_WITH_GS(raise_nmi, "int $2")
RAISE_WITH_GS(raise_machine_check, "int $18")
RAISE_WITH_GS(raise_debug, "int $1")

static bool survives(uint64_t (*raise)(uint64_t), enum trap_kind kind)
{
  const uint64_t bases[] = {
    0, 0x400000, 0x7FFFFFFFF000, KERNEL_LOOKING, 0xFFFF800000000000ull, 0xFFFFFFFFFFFFF000ull, insn_rdmsr(MSR_GS_BASE)};
  for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
    struct trap_info last;
    ktest_resume_begin(kind);
    uint64_t after = raise(bases[i]);
    if (ktest_resume_end(&last) != 1 || after != bases[i] || last.kind != kind || last.user) return false;
  }
  return true;
}

KTEST(machine_nmi_trusts_no_gs)
{
  ktest_check(survives(raise_nmi, TRAP_NMI));
}
KTEST(machine_check_trusts_no_gs)
{
  ktest_check(survives(raise_machine_check, TRAP_MACHINE_CHECK));
}
KTEST(machine_debug_exception_trusts_no_gs)
{
  ktest_check(survives(raise_debug, TRAP_DEBUG));
}

/* ---- programs ---- */

#define CODE(id, text)                                                                            \
  __asm__(".pushsection .rodata\nparanoid_" #id ":\n" text "paranoid_" #id "_end:\n.popsection"); \
  extern const char paranoid_##id[], paranoid_##id##_end[];
#define EXIT_WITH(code) "movl $" #code ", %edi; xorl %eax, %eax; syscall\n"
#define UNLESS_EQUAL_EXIT_1 "je 7f; " EXIT_WITH(1) "7: "

/* Sets both bases, then looks for them again across calls by both doors and while others run. */
#define HOLD(fs, gs)                                                                                            \
  "movq $" fs ", %r12; movq $" gs ", %r13; wrfsbase %r12; wrgsbase %r13; movl $40, %r14d\n"                     \
  "1: movl $5, %eax; syscall; movl $10, %eax; int $0x80; movl $100000, %ecx; 2: decl %ecx; jnz 2b\n"            \
  "rdfsbase %rax; cmpq %r12, %rax; " UNLESS_EQUAL_EXIT_1 "rdgsbase %rax; cmpq %r13, %rax; " UNLESS_EQUAL_EXIT_1 \
  "decl %r14d; jnz 1b; " EXIT_WITH(0)
CODE(hold_a, HOLD("0x123456789000", "0xFFFFFFFF80100000"))
CODE(hold_b, HOLD("0xFFFF800000000000", "0x400008"))
/* Nobody's values but 0 at the start. */
CODE(fresh, "rdfsbase %rax; cmpq $0, %rax; " UNLESS_EQUAL_EXIT_1
            "rdgsbase %rax; cmpq $0, %rax; " UNLESS_EQUAL_EXIT_1 EXIT_WITH(0))
/* Not canonical: refused by the processor. */
CODE(not_canonical, "movq $0x8000000000000000, %rax; wrgsbase %rax\n")
/* Calls with nothing in order: neither stack nor GS. */
CODE(calls, "movq $0x8000000000000000, %rsp; movl $5, %eax; syscall; movl $5, %eax; syscall; " EXIT_WITH(0))
CODE(calls_with_gs, "movq $0xFFFFFFFF80100000, %rax; wrgsbase %rax; movq $0x8000000000000000, %rsp; "
                    "movl $5, %eax; syscall; movl $5, %eax; syscall; " EXIT_WITH(0))

#define START(id) start("/tmp/" #id, paranoid_##id, paranoid_##id##_end)

static int start(const char *path, const char *code, const char *end)
{
  int err = guest_write_program(path, code, (size_t)(end - code));
  return err ? err : guest_spawn(path, NULL);
}

static bool next_ends(enum exit_reason reason, int code)
{
  struct wait_status status;
  return process_wait(NULL, 0, &status) > 0 && status.reason == reason && status.code == code;
}

static void hold_bases(void)
{
  if (!cpu_features.fsgsbase) { /* the instructions do not exist */
    ktest_check(START(hold_a) > 0 && next_ends(EXIT_FAULT, FAULT_ILLEGAL));
    log_info("this processor has no FSGSBASE");
    return;
  }
  ktest_check(START(hold_a) > 0 && START(hold_b) > 0);
  ktest_check(next_ends(EXIT_NORMAL, 0));
  ktest_check(next_ends(EXIT_NORMAL, 0));
  ktest_check(START(fresh) > 0 && next_ends(EXIT_NORMAL, 0));
  ktest_check(START(not_canonical) > 0 && next_ends(EXIT_FAULT, FAULT_MEMORY));
}

KTEST(machine_bases_are_the_threads_own)
{
  guest_run(hold_bases);
}

/* ---- the window: the first instruction of the kernel, still on the program's GS base and stack pointer ---- */

static void set_breakpoint(const void *where)
{
  uint64_t control = where ? 0x402 : 0x400; /* DR7: breakpoint 0, global, on execution */
  __asm__ volatile("movq %0, %%dr0; movq %1, %%dr7" : : "r"(where), "r"(control));
}

static void call_with_breakpoint(void)
{
  struct trap_info last;
  set_breakpoint((const void *)(uintptr_t)x86_syscall_entry);
  ktest_resume_begin(TRAP_DEBUG);
  int pid = cpu_features.fsgsbase ? START(calls_with_gs) : START(calls);
  bool ended = pid > 0 && next_ends(EXIT_NORMAL, 0);
  unsigned count = ktest_resume_end(&last);
  set_breakpoint(NULL);
  ktest_check(ended);
  ktest_check(count == 3);
  ktest_check(last.ip == (uintptr_t)x86_syscall_entry && last.sp == 0x8000000000000000ull && !last.user);
}

KTEST(machine_debug_exception_in_the_syscall_window)
{
  guest_run(call_with_breakpoint);
}

/* ---- no way back to an address that is not canonical: sysretq would fault in the kernel, on the program's GS base ---- */

CODE(sleep, "movl $300000000, %edi; movl $15, %eax; syscall; " EXIT_WITH(0))
CODE(sleep_int, "movl $300000000, %edi; movl $15, %eax; int $0x80; " EXIT_WITH(0))

/* While the program sleeps in a call, its way back is bent. */
static void bend(int pid)
{
  struct process *p;
  ktest_check(pid > 0);
  ktest_check(thread_sleep_until(arch_clock_read() + 50000000) == 0);
  ktest_check(process_find(pid, &p) == 0);
  struct thread *t = container_of(p->threads.next, struct thread, process_link);
  bool asleep = t->state == THREAD_BLOCKED;
  if (asleep) arch_context_user_frame(t->context)->rip = 0x0000800000000000ull;
  object_unref(&p->object);
  if (!asleep) log_error("the program does not sleep");
  ktest_check(next_ends(EXIT_FAULT, FAULT_MEMORY));
}

static void bend_returns(void)
{
  bend(START(sleep));
  bend(START(sleep_int));
}

KTEST(machine_no_return_to_an_address_that_is_not_canonical)
{
  guest_run(bend_returns);
}

/* ---- real ones, sent by tests/qemu/nmi.sh through QEMU's monitor while a program runs on a GS base of its own ---- */

CODE(spin, "1: jmp 1b\n")
CODE(spin_with_gs, "movq $0xFFFFFFFF80100000, %rax; wrgsbase %rax; 1: jmp 1b\n")

static void spin_until_struck(void)
{
  ktest_check((cpu_features.fsgsbase ? START(spin_with_gs) : START(spin)) > 0);
  ktest_check(thread_sleep_until(arch_clock_read() + 50000000) == 0); /* it has set its GS base by then */
  log_notice("a program runs");
  next_ends(EXIT_NORMAL, 0);
}

KTEST(panic_machine_struck_in_user_mode)
{
  guest_run(spin_until_struck);
}
