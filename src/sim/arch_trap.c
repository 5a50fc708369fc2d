/*
 * The microcode: what a signal means to the simulated processor. Called by host_signal.c inside the handler, it translates
 * a page and lets the interrupted code try again, or makes an interrupt pending, or builds the trap frame that the image's
 * entry stubs would push and sends execution to entry.S, on the thread's kernel stack.
 *
 * From user mode the frame is the thread's user frame, from kernel mode one on the kernel stack, below the interrupted
 * code's red zone (the C library has one). The handler writes only to memory that cannot miss: frames and vector areas
 * lie on kernel stacks, which stay translated.
 */
#include "machine.h"

#include <fmt/trapframe.h>
#include <uapi/abi.h>

#define RED_ZONE 128u
#define IDT_ERROR 2u /* #GP's error code: a vector of the IDT */
#define NONCANONICAL_HALF (1ull << 47)
#define ENTRY_NS 1000u
#define RFLAGS_CLEAN RFLAGS_RESERVED1

/* Where a double fault is handled when the kernel stack itself is gone. */
static _Alignas(64) char double_fault_stack[65536];

static void save_registers(struct trapframe *tf, const struct host_regs *r)
{
  tf->r15 = r->r15, tf->r14 = r->r14, tf->r13 = r->r13, tf->r12 = r->r12;
  tf->r11 = r->r11, tf->r10 = r->r10, tf->r9 = r->r9, tf->r8 = r->r8;
  tf->rdi = r->rdi, tf->rsi = r->rsi, tf->rbp = r->rbp, tf->rbx = r->rbx;
  tf->rdx = r->rdx, tf->rcx = r->rcx, tf->rax = r->rax;
  tf->rip = r->rip, tf->rflags = r->rflags, tf->rsp = r->rsp;
}

/* The vector, error code and CR2 of a trap. */
struct cause {
  uint64_t vector, error, cr2;
};

static void set_cause(struct trapframe *tf, const struct cause *cause)
{
  tf->vector = cause->vector;
  tf->error = cause->error;
  tf->cr2 = cause->vector == VECTOR_PF ? cause->cr2 : 0;
}

static void continue_at(struct host_regs *r, const char *entry, struct trapframe *tf)
{
  machine.irq_on = false;
  r->rip = (uint64_t)entry;
  r->rsp = (uint64_t)tf;
  r->rflags = RFLAGS_CLEAN;
}

/* ---- from user mode ---- */

static void enter_from_user(struct host_signal *s, const struct cause *cause)
{
  struct trapframe *tf = host_crossing.thread->frame;
  save_registers(tf, s->regs);
  tf->cs = SELECTOR_USER_CODE;
  tf->ss = SELECTOR_USER_DATA;
  set_cause(tf, cause);
  host_vector_save(s, host_crossing.thread->vector);
  continue_at(s->regs, machine_user_entry, tf);
  s->regs->rbp = 0; /* ends backtraces */
}

static void user_call(struct host_signal *s)
{
  if (!s->from_user)
    host_fatal(HOST_EXIT_PANIC, "system call in kernel mode at 0x%llx", (unsigned long long)s->regs->rip);
  enter_from_user(s, &(struct cause){.vector = VECTOR_SYSCALL});
}

/* The vectors programs may raise by `int n`: the IDT gates with DPL 3. */
static bool gate_open_to_user(uint64_t vector)
{
  return vector == VECTOR_BP || vector == VECTOR_OF || vector == VECTOR_SYSCALL || vector == VECTOR_NL_CALL;
}

/* `int n` reaches Linux as #GP with the gate in the error code, before the instruction. */
static void user_software_interrupt(struct host_signal *s, uint64_t error)
{
  uint64_t vector = error >> 3;
  if (!gate_open_to_user(vector)) {
    enter_from_user(s, &(struct cause){.vector = VECTOR_GP, .error = error});
    return;
  }
  s->regs->rip += 2;
  enter_from_user(s, &(struct cause){.vector = vector});
}

static void user_page_fault(struct host_signal *s)
{
  const struct host_regs *r = s->regs;
  struct cause cause = {.vector = VECTOR_PF, .cr2 = r->cr2};
  uint64_t access = (r->error & (PF_WRITE | PF_FETCH)) | PF_USER;
  cause.error = access;
  if (machine_mmu_in_window(r->cr2)) {
    if (machine_mmu_fault(r->cr2, access, &cause.error)) {
      s->stay_in_user = true;
      return;
    }
  } else if (r->cr2 >= NONCANONICAL_HALF) {
    cause.error |= PF_PRESENT; /* the kernel's half; nothing of what lies there shows */
  }
  enter_from_user(s, &cause);
}

static void interrupt(struct host_signal *s)
{
  if (!s->from_user) return; /* kernel mode meets it at a point of its own */
  if (machine_irq_waits())
    enter_from_user(s, &(struct cause){.vector = VECTOR_IRQ_BASE});
  else
    s->stay_in_user = true;
}

/* A replay steps the program to where it was preempted. */
static void user_step(struct host_signal *s)
{
  if (machine_step_arrived(s)) machine_time_preempt();
  interrupt(s);
}

static void user_exception(struct host_signal *s)
{
  const struct host_regs *r = s->regs;
  if (r->trapno == VECTOR_DB && machine_step_active())
    user_step(s);
  else if (r->trapno == VECTOR_PF)
    user_page_fault(s);
  else if (r->trapno == VECTOR_GP && r->error & IDT_ERROR)
    user_software_interrupt(s, r->error);
  else
    enter_from_user(s, &(struct cause){.vector = r->trapno, .error = r->error});
}

/* ---- from kernel mode ---- */

/* A frame and a vector area below `top`, and on to entry.S. */
static void enter_from_kernel(struct host_signal *s, uintptr_t top, const struct cause *cause)
{
  uintptr_t area = ALIGN_DOWN(top - host_vector_size(), (uintptr_t)64);
  struct trapframe *tf = (struct trapframe *)ALIGN_DOWN(area - sizeof *tf, (uintptr_t)16);
  host_stack_unpoison(tf, top - (uintptr_t)tf);
  save_registers(tf, s->regs);
  tf->cs = SELECTOR_KERNEL_CODE;
  tf->ss = SELECTOR_KERNEL_DATA;
  tf->rflags = (tf->rflags & ~(uint64_t)RFLAGS_IF) | (machine.irq_on ? RFLAGS_IF : 0);
  set_cause(tf, cause);
  host_vector_save(s, (void *)area);
  continue_at(s->regs, machine_kernel_entry, tf);
  s->regs->rbx = area;
}

/* Room on the running kernel stack for the frame and for the code that looks at it. */
static bool stack_is_good(const struct host_regs *r)
{
  const struct arch_context *ctx = machine.current;
  if (!ctx || !ctx->stack) return true;
  uintptr_t low = (uintptr_t)ctx->stack, need = RED_ZONE + host_vector_size() + sizeof(struct trapframe) + 128;
  return r->rsp >= low && r->rsp <= low + ctx->stack_size && r->rsp - low >= need;
}

static void kernel_exception(struct host_signal *s)
{
  const struct host_regs *r = s->regs;
  struct cause cause = {.vector = r->trapno, .error = r->error, .cr2 = r->cr2};
  if (cause.vector == VECTOR_PF) {
    cause.error &= PF_PRESENT | PF_WRITE | PF_FETCH;
    if (machine_mmu_in_window(r->cr2) && machine_mmu_fault(r->cr2, r->error & (PF_WRITE | PF_FETCH), &cause.error))
      return;
  }
  if (s->from_return) { /* iretq refused the program's state, which is all in its frame still */
    struct trapframe *tf = host_crossing.thread->frame;
    tf->cs = SELECTOR_USER_CODE;
    tf->ss = SELECTOR_USER_DATA;
    set_cause(tf, &(struct cause){.vector = VECTOR_GP});
    continue_at(s->regs, machine_user_entry, tf);
    s->regs->rbp = 0;
  } else if (stack_is_good(r)) {
    enter_from_kernel(s, r->rsp - RED_ZONE, &cause);
  } else {
    enter_from_kernel(s, (uintptr_t)double_fault_stack + sizeof double_fault_stack,
                      &(struct cause){.vector = VECTOR_DF});
  }
}

/* ---- signals ---- */

HOST_ENTRY void machine_signal(struct host_signal *s)
{
  switch (s->kind) {
  case HOST_CALL: user_call(s); break;
  case HOST_EXCEPTION:
    race_ignore_begin(); /* only here: an alarm may interrupt the sanitizer itself */
    if (s->from_user)
      user_exception(s);
    else
      kernel_exception(s);
    race_ignore_end();
    break;
  case HOST_ALARM:
    machine_time_alarm();
    interrupt(s);
    break;
  case HOST_TICK:
    machine_time_tick(s);
    interrupt(s);
    break;
  }
}

/* ---- outside the handler: called by entry.S ---- */

static bool is_interrupt(uint64_t vector)
{
  return vector - VECTOR_IRQ_BASE < IRQ_COUNT;
}

HOST_ENTRY void machine_user_trap(struct trapframe *tf)
{
  const struct cause cause = {.vector = tf->vector, .error = tf->error, .cr2 = tf->cr2};
  race_acquire(&machine.irq_on);
  machine_step_end(tf);
  machine_point();
  machine_inject_irq();
  machine_time_entry();
  machine_time_pass(ENTRY_NS);
  if (is_interrupt(cause.vector)) {
    machine_deliver(tf);
  } else {
    machine_trace(EVENT_TRAP, cause.vector, cause.vector == VECTOR_SYSCALL ? tf->rax : tf->rip);
    trap_dispatch(tf);
  }
  machine_leave_kernel();
  if (cause.vector == VECTOR_PF) machine_mmu_prefill(cause.cr2, cause.error & (PF_WRITE | PF_FETCH | PF_USER));
}

HOST_ENTRY void machine_user_pending(struct trapframe *tf)
{
  machine.irq_on = false;
  race_acquire(&machine.irq_on);
  tf->cs = SELECTOR_USER_CODE;
  tf->ss = SELECTOR_USER_DATA;
  machine_point();
  machine_deliver(tf);
  machine_leave_kernel();
}

/* What becomes pending here is met by the stub, which comes back before user mode runs. */
void machine_leave_kernel(void)
{
  machine_point();
  machine_mmu_leave_kernel();
  if (machine.record == RECORD_REPLAY) machine_step_begin();
  race_release(&machine.irq_on);
  machine.irq_on = true;
}

/* The sanitizer is told about the emergency stack; a frame there does not return. */
static void announce_double_fault_stack(const struct trapframe *tf)
{
  if ((uintptr_t)tf - (uintptr_t)double_fault_stack >= sizeof double_fault_stack) return;
  void *fake;
  host_stack_leave(&fake, double_fault_stack, sizeof double_fault_stack);
  host_stack_enter(NULL);
}

HOST_ENTRY void machine_kernel_trap(struct trapframe *tf)
{
  announce_double_fault_stack(tf);
  machine_trace(EVENT_TRAP, tf->vector, 0);
  trap_dispatch(tf);
  machine.irq_on = tf->rflags & RFLAGS_IF;
}
