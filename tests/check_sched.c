/* The run queue's rules, and what trap frames and stacks decode to: pure functions, no machine needed. */
#include "clockwork.h"

#include <fmt/backtrace.h>
#include <fmt/trapframe.h>
#include <kern/sched/runq.h>
#include <kern/string.h>
#include <kern/thread.h>

static struct runq rq;
static struct thread threads[8];

static struct thread *ready(unsigned i, enum sched_class sched_class, uint64_t now)
{
  threads[i] = (struct thread){.id = i, .sched_class = sched_class};
  runq_push_back(&rq, &threads[i], now);
  return &threads[i];
}

static void reset(void)
{
  clockwork_reset();
  runq_init(&rq);
}

START_TEST(empty_queue_has_nobody)
{
  ck_assert_ptr_null(runq_pick(&rq, 0));
  ck_assert_uint_eq(runq_best_class(&rq), SCHED_CLASSES);
  ck_assert_uint_eq(runq_starvation_time(&rq, CLASS_KERNEL), UINT64_MAX);
}
END_TEST

START_TEST(picks_by_class_then_by_turn)
{
  struct thread *u1 = ready(0, CLASS_USER, 0), *b = ready(1, CLASS_BACKGROUND, 0), *k = ready(2, CLASS_KERNEL, 1);
  struct thread *u2 = ready(3, CLASS_USER, 2);

  ck_assert_uint_eq(rq.nready, 4);
  ck_assert_ptr_eq(runq_pick(&rq, 3), k);
  ck_assert_ptr_eq(runq_pick(&rq, 3), u1);
  runq_push_front(&rq, u1, 3);
  ck_assert_ptr_eq(runq_pick(&rq, 3), u1);
  runq_push_back(&rq, u1, 3);
  ck_assert_ptr_eq(runq_pick(&rq, 3), u2);
  ck_assert_ptr_eq(runq_pick(&rq, 3), u1);
  ck_assert_ptr_eq(runq_pick(&rq, 3), b);
  ck_assert_uint_eq(rq.nready, 0);
  ck_assert_ptr_null(runq_pick(&rq, 3));
}
END_TEST

START_TEST(starved_thread_is_picked_out_of_order_once)
{
  struct thread *b1 = ready(0, CLASS_BACKGROUND, 0), *b2 = ready(1, CLASS_BACKGROUND, 0);
  struct thread *u = ready(2, CLASS_USER, SCHED_STARVATION_NS - 1);

  ck_assert_uint_eq(runq_starvation_time(&rq, CLASS_USER), SCHED_STARVATION_NS);
  ck_assert_ptr_eq(runq_pick(&rq, SCHED_STARVATION_NS - 1), u);
  runq_push_back(&rq, u, SCHED_STARVATION_NS);
  ck_assert_ptr_eq(runq_pick(&rq, SCHED_STARVATION_NS), b1);
  ck_assert(b1->boosted);
  ck_assert_ptr_eq(runq_pick(&rq, SCHED_STARVATION_NS), u); /* in order again in between */
  ck_assert(!u->boosted);
  runq_push_back(&rq, u, SCHED_STARVATION_NS);
  ck_assert_ptr_eq(runq_pick(&rq, SCHED_STARVATION_NS), b2);
}
END_TEST

START_TEST(longest_waiting_starves_first)
{
  struct thread *b = ready(0, CLASS_BACKGROUND, 5), *u = ready(1, CLASS_USER, 7), *k = ready(2, CLASS_KERNEL, 9);
  uint64_t late = SCHED_STARVATION_NS + 10;

  ck_assert_uint_eq(runq_starvation_time(&rq, CLASS_KERNEL), SCHED_STARVATION_NS + 5);
  ck_assert_ptr_eq(runq_pick(&rq, late), b);
  ck_assert_ptr_eq(runq_pick(&rq, late), k);
  ck_assert_ptr_eq(runq_pick(&rq, late), u);
}
END_TEST

/* ---- trap frames ---- */

static struct trap_info decode(uint64_t vector, uint64_t error, uint64_t cr2, bool user)
{
  struct trapframe tf = {.vector = vector, .error = error, .cr2 = cr2, .rip = 0x1111, .rsp = 0x2222};
  struct trap_info info;

  tf.cs = user ? SELECTOR_USER_CODE : SELECTOR_KERNEL_CODE;
  trap_decode(&tf, &info);
  ck_assert_uint_eq(info.ip, 0x1111);
  ck_assert_uint_eq(info.sp, 0x2222);
  ck_assert_uint_eq(info.vector, vector);
  ck_assert(info.user == user);
  ck_assert(trapframe_from_user(&tf) == user);
  ck_assert(trapframe_is_call(&tf) == (user && vector == VECTOR_SYSCALL));
  return info;
}

START_TEST(traps_decode)
{
  static const struct {
    uint64_t vector;
    enum trap_kind kind;
    const char *name;
  } kinds[] = {
    {0, TRAP_DIVIDE, "divide error"},
    {1, TRAP_DEBUG, "debug exception"},
    {2, TRAP_NMI, "non-maskable interrupt"},
    {3, TRAP_BREAKPOINT, "breakpoint"},
    {6, TRAP_ILLEGAL, "invalid opcode"},
    {8, TRAP_DOUBLE_FAULT, "double fault"},
    {10, TRAP_PROTECTION, "general protection fault"},
    {13, TRAP_PROTECTION, "general protection fault"},
    {14, TRAP_PAGE_FAULT, "page fault"},
    {16, TRAP_FLOAT, "floating-point exception"},
    {19, TRAP_FLOAT, "floating-point exception"},
    {17, TRAP_ALIGNMENT, "alignment check"},
    {18, TRAP_MACHINE_CHECK, "machine check"},
    {9, TRAP_OTHER, "exception"},
    {21, TRAP_OTHER, "exception"},
    {31, TRAP_OTHER, "exception"},
    {0x80, TRAP_SYSCALL, "system call"},
    {0x81, TRAP_NL_CALL, "natural-language call"},
    {255, TRAP_OTHER, "exception"},
    {UINT64_MAX >> 32, TRAP_OTHER, "exception"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
    ck_assert_int_eq(decode(kinds[i].vector, 0, 0, true).kind, kinds[i].kind);
    ck_assert_int_eq(decode(kinds[i].vector, 0, 0, false).kind, kinds[i].kind);
    ck_assert_str_eq(trap_kind_name(kinds[i].kind), kinds[i].name);
  }
  ck_assert_str_eq(trap_kind_name((enum trap_kind)0), "unknown trap");
  ck_assert_str_eq(trap_kind_name((enum trap_kind)99), "unknown trap");
}
END_TEST

START_TEST(page_faults_decode)
{
  struct trap_info info = decode(VECTOR_PF, PF_USER, 0xABC, true);
  ck_assert(info.access == ACCESS_READ && !info.present && info.addr == 0xABC);
  info = decode(VECTOR_PF, PF_USER | PF_WRITE | PF_PRESENT, 0xABC, true);
  ck_assert(info.access == ACCESS_WRITE && info.present);
  info = decode(VECTOR_PF, PF_USER | PF_FETCH | PF_PRESENT, 0xABC, true);
  ck_assert(info.access == ACCESS_EXEC && info.present);
  info = decode(VECTOR_GP, PF_PRESENT, 0xABC, true);
  ck_assert(info.addr == 0 && !info.present && info.access == 0);
}
END_TEST

START_TEST(calls_read_their_registers)
{
  struct trapframe tf = {.rax = 9, .rdi = 1, .rsi = 2, .rdx = 3, .r10 = 4, .r8 = 5, .r9 = 6, .rcx = 99};

  ck_assert_uint_eq(trapframe_call_number(&tf), 9);
  for (unsigned i = 0; i < 6; i++) ck_assert_uint_eq(trapframe_call_arg(&tf, i), i + 1);
  trapframe_set_result(&tf, -ENOSYS);
  ck_assert_int_eq((int64_t)tf.rax, -38);
}
END_TEST

START_TEST(user_frame_is_clean)
{
  struct trapframe tf;

  memset(&tf, 0xFF, sizeof tf);
  trapframe_init_user(&tf, 0x401000, 0x7FFEFF0);
  ck_assert(trapframe_from_user(&tf));
  ck_assert_uint_eq(tf.rip, 0x401000);
  ck_assert_uint_eq(tf.rsp, 0x7FFEFF0);
  ck_assert_uint_eq(tf.rflags, 0x202);
  ck_assert_uint_eq(tf.ss, SELECTOR_USER_DATA);
  ck_assert_uint_eq(tf.rax | tf.rbx | tf.rcx | tf.rdx | tf.rsi | tf.rdi | tf.rbp | tf.r8 | tf.r15, 0);
}
END_TEST

/* ---- backtraces ---- */

/* A stack of three frames in an array: each a saved rbp and a return address. */
static uintptr_t stack[16];

static uintptr_t slot(unsigned i)
{
  return (uintptr_t)&stack[i];
}

static size_t walk(uintptr_t frame, uintptr_t *pcs, size_t max)
{
  return backtrace_walk(NULL, frame, slot(0), slot(16), pcs, max);
}

static void build_stack(void)
{
  clockwork_reset();
  memset(stack, 0, sizeof stack);
  stack[2] = slot(6), stack[3] = 0x111;
  stack[6] = slot(10), stack[7] = 0x222;
  stack[10] = 0, stack[11] = 0x333;
}

START_TEST(backtrace_follows_the_chain)
{
  uintptr_t pcs[8];
  ck_assert_uint_eq(walk(slot(2), pcs, 8), 3);
  ck_assert(pcs[0] == 0x111 && pcs[1] == 0x222 && pcs[2] == 0x333);
  ck_assert_uint_eq(walk(slot(2), pcs, 2), 2);
  ck_assert_uint_eq(walk(slot(2), pcs, 0), 0);
}
END_TEST

START_TEST(backtrace_from_a_trap)
{
  struct trapframe tf = {.rip = 0x999, .rbp = slot(6)};
  uintptr_t pcs[8];
  ck_assert_uint_eq(backtrace_walk(&tf, 0, slot(0), slot(16), pcs, 8), 3);
  ck_assert(pcs[0] == 0x999 && pcs[1] == 0x222 && pcs[2] == 0x333);
}
END_TEST

START_TEST(backtrace_stops_at_broken_chains)
{
  uintptr_t pcs[8];

  ck_assert_uint_eq(walk(slot(2) + 4, pcs, 8), 0); /* unaligned */
  ck_assert_uint_eq(walk(0, pcs, 8), 0);
  ck_assert_uint_eq(walk(slot(0) - 8, pcs, 8), 0);        /* below */
  ck_assert_uint_eq(walk(slot(15), pcs, 8), 0);           /* its return address is past the end */
  ck_assert_uint_eq(walk(UINTPTR_MAX & ~7ul, pcs, 8), 0); /* would wrap */
  stack[6] = slot(2);                                     /* backwards */
  ck_assert_uint_eq(walk(slot(2), pcs, 8), 2);
  stack[6] = slot(6); /* a circle */
  ck_assert_uint_eq(walk(slot(2), pcs, 8), 2);
  stack[6] = 0x123456789ABC0; /* away */
  ck_assert_uint_eq(walk(slot(2), pcs, 8), 2);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("sched");
  TCase *tc = suite_case(suite, "run queue", reset, NULL);
  tcase_add_test(tc, empty_queue_has_nobody);
  tcase_add_test(tc, picks_by_class_then_by_turn);
  tcase_add_test(tc, starved_thread_is_picked_out_of_order_once);
  tcase_add_test(tc, longest_waiting_starves_first);
  tc = suite_case(suite, "trap frames", NULL, NULL);
  tcase_add_test(tc, traps_decode);
  tcase_add_test(tc, page_faults_decode);
  tcase_add_test(tc, calls_read_their_registers);
  tcase_add_test(tc, user_frame_is_clean);
  tc = suite_case(suite, "backtraces", build_stack, NULL);
  tcase_add_test(tc, backtrace_follows_the_chain);
  tcase_add_test(tc, backtrace_from_a_trap);
  tcase_add_test(tc, backtrace_stops_at_broken_chains);
  return suite_run(suite);
}
