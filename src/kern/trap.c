/*
 * Where the machine enters the kernel: traps and interrupts.
 *
 * Both end the same way when they came from user mode: give way to a better thread, then leave for good if the
 * process was killed, with interrupts disabled from there to user mode, so that neither is missed.
 */
#include <kern/arch.h>
#include <kern/aspace.h>
#include <kern/cpu.h>
#include <kern/irq.h>
#include <kern/ktest.h>
#include <kern/log.h>
#include <kern/panic.h>
#include <kern/process.h>
#include <kern/syscall.h>
#include <kern/timer.h>
#include <kern/trap.h>

/* Addresses from here on are the kernel's, whatever the machine maps there. */
#define KERNEL_HALF 0x0000800000000000ull

struct irq_line {
  void (*handler)(void *arg);
  void *arg;
};
static struct irq_line irq_lines[IRQ_COUNT]; /* irq_lock to add; handlers never change */
static struct spinlock irq_lock = SPINLOCK_INIT("interrupt lines");

int irq_register(unsigned irq, void (*handler)(void *arg), void *arg)
{
  if (irq >= IRQ_COUNT || irq == IRQ_TIMER) return -EINVAL;
  spin_lock(&irq_lock);
  struct irq_line *line = &irq_lines[irq];
  bool taken = line->handler;
  if (!taken) {
    line->arg = arg;
    __atomic_store_n(&line->handler, handler, __ATOMIC_RELEASE);
  }
  spin_unlock(&irq_lock);
  if (taken) return -EBUSY;
  arch_irq_unmask(irq);
  return 0;
}

/* Interrupts disabled, and they stay so until user mode. */
static inline void leave_for_user(void)
{
  const struct cpu *cpu = cpu_self();

  if (cpu->need_resched) sched_preempt();
  const struct process *p = cpu->current->process;
  if (p && __atomic_load_n(&p->killed, __ATOMIC_RELAXED)) process_check_killed();
}

void irq_dispatch(unsigned irq, struct trapframe *tf)
{
  cpu_self()->interrupts++;
  if (irq == IRQ_TIMER) {
    timer_interrupt();
  } else if (irq < IRQ_COUNT) {
    struct irq_line *line = &irq_lines[irq];
    if (line->handler)
      line->handler(line->arg);
    else
      log_debug("interrupt %u has no handler", irq);
  }
  arch_irq_eoi(irq);
  if (tf && trapframe_from_user(tf))
    leave_for_user();
  else
    sched_preempt();
}

static const char *access_name(unsigned access)
{
  return access == ACCESS_EXEC ? "executing" : access == ACCESS_WRITE ? "writing" : "reading";
}

static const char *fault_reason(const struct trap_info *info, int error)
{
  if (error == -ENOMEM) return "out of memory";
  if (error == -ERANGE) return "past the end of the object";
  if (error == -EACCES || info->present || info->addr >= KERNEL_HALF) return "protection";
  return "not mapped";
}

static int fault_code_of(enum trap_kind kind)
{
  switch (kind) {
  case TRAP_DIVIDE:
  case TRAP_OVERFLOW:
  case TRAP_FLOAT: return FAULT_ARITHMETIC;
  case TRAP_DEBUG:
  case TRAP_BREAKPOINT: return FAULT_BREAKPOINT;
  case TRAP_PAGE_FAULT:
  case TRAP_PROTECTION:
  case TRAP_BOUND:
  case TRAP_ALIGNMENT: return FAULT_MEMORY;
  default: return FAULT_ILLEGAL;
  }
}

/* A program did something it may not; `error` says what became of its page fault. Interrupts enabled. */
static NORETURN void end_by_fault(const struct trapframe *tf, int error)
{
  struct process *p = process_current();
  struct trap_info info;

  trap_decode(tf, &info);
  if (info.kind == TRAP_PAGE_FAULT)
    log_notice("%s[%d]: page fault %s 0x%016lx at 0x%016lx: %s", p->name, p->pid, access_name(info.access), info.addr,
               info.ip, fault_reason(&info, error));
  else
    log_notice("%s[%d]: %s at 0x%016lx", p->name, p->pid, trap_kind_name(info.kind), info.ip);
  process_exit(EXIT_FAULT, error == -ERANGE ? FAULT_BUS : fault_code_of(info.kind));
}

static bool in_stack_guard(const struct thread *t, vaddr_t addr)
{
  return t && t->stack && addr - ((vaddr_t)t->stack - PAGE_SIZE) < PAGE_SIZE;
}

/* Why a page that is there did not let the kernel. */
static const char *kernel_fault_reason(const struct trap_info *info)
{
  const struct aspace *as = cpu_self()->active_aspace;
  struct pmap_entry page;

  if (!info->present) return "not mapped";
  if (!pmap_lookup(as ? &as->pmap : &kernel_pmap, info->addr, &page)) return "protection";
  if (page.attrs & PMAP_USER) return "the page is a program's";
  if (info->access == ACCESS_EXEC) return "the page is not executable";
  return info->access == ACCESS_WRITE ? "the page is read-only" : "protection";
}

/* The kernel itself trapped: a breakpoint resumes, a test may have meant it, else it is the end. */
static void kernel_trap(const struct trapframe *tf, const struct trap_info *info)
{
  const struct thread *t = thread_current();

  if (info->kind == TRAP_BREAKPOINT) {
    log_debug("breakpoint at 0x%016lx", info->ip);
    return;
  }
  if (ktest_trap(info)) return;
  if (in_stack_guard(t, info->sp) || (info->kind == TRAP_PAGE_FAULT && in_stack_guard(t, info->addr))) {
    panic_trap(tf, "kernel stack overflow in thread %s", t->name);
  }
  if (info->kind == TRAP_PAGE_FAULT) {
    panic_trap(tf, "page fault %s 0x%016lx at 0x%016lx: %s", access_name(info->access), info->addr, info->ip,
               kernel_fault_reason(info));
  }
  panic_trap(tf, "%s at 0x%016lx, error 0x%llx", trap_kind_name(info->kind), info->ip, (unsigned long long)info->error);
}

/* Not the running program's doing, even when it was in user mode. */
static bool is_machine_trouble(enum trap_kind kind)
{
  return kind == TRAP_NMI || kind == TRAP_DOUBLE_FAULT || kind == TRAP_MACHINE_CHECK;
}

/* Page faults and other exceptions apart, so that calls do not pay for their frames. */

static inline void system_call(struct trapframe *tf)
{
  syscall_dispatch(tf);
  (void)arch_irq_disable();
  leave_for_user();
}

static __attribute__((noinline)) void page_fault(const struct trapframe *tf)
{
  arch_irq_restore(true);
  int error = aspace_fault(process_current()->aspace, trapframe_fault_addr(tf), trapframe_fault_access(tf));
  if (error != 0) end_by_fault(tf, error);
  (void)arch_irq_disable();
  leave_for_user();
}

static __attribute__((noinline)) void exception(struct trapframe *tf)
{
  struct trap_info info;

  trap_decode(tf, &info);
  if (!info.user || is_machine_trouble(info.kind)) {
    kernel_trap(tf, &info);
    return;
  }
  if (info.kind != TRAP_NL_CALL) {
    arch_irq_restore(true);
    end_by_fault(tf, -EFAULT);
  }
  trapframe_set_result(tf, -ENOSYS);
  leave_for_user();
}

void trap_dispatch(struct trapframe *tf)
{
  if (trapframe_is_call(tf))
    system_call(tf);
  else if (trapframe_is_user_fault(tf))
    page_fault(tf);
  else
    exception(tf);
}
