/* Threads as the machine sees them: stacks, the switch between them, the way to user mode. */
#include "cpu.h"
#include "insn.h"
#include <fmt/switch.h>
#include <fmt/trapframe.h>

#define VECTORS_ALIGN 64 /* XSAVE's */

struct arch_context *arch_context_init(void *stack, size_t size, void (*entry)(void *), void *arg)
{
  uintptr_t end = (uintptr_t)stack + size;
  uintptr_t vectors = ALIGN_DOWN(end - fpu_area_size(), VECTORS_ALIGN);
  struct arch_context *ctx = (struct arch_context *)ALIGN_DOWN(vectors - sizeof *ctx, 16);
  *ctx = (struct arch_context){
    .entry_sp = (uintptr_t)ctx,
    .stack = (uintptr_t)stack,
    .stack_end = end,
    .stack_guard = cpu_new_stack_guard(),
    .vectors = (void *)vectors,
  };
  ctx->sp = x86_switch_prepare((void *)ALIGN_DOWN(ctx->entry_sp - sizeof(struct trapframe), 16), entry, arg);
  return ctx;
}

struct arch_context *arch_context_adopt(void *stack, size_t size)
{
  struct x86_cpu *c = x86_cpu_self();
  if (stack) {
    c->boot_context.stack = (uintptr_t)stack;
    c->boot_context.stack_end = (uintptr_t)stack + size;
  }
  return &c->boot_context;
}

void arch_context_destroy(struct arch_context *ctx)
{
  (void)ctx; /* all of it lies on the stack, which is the caller's */
}

struct trapframe *arch_context_user_frame(struct arch_context *ctx)
{
  return (struct trapframe *)(ctx->entry_sp - sizeof(struct trapframe));
}

/* The program's registers that the kernel leaves alone: vectors, FS and GS base. Switches to and from kernel threads
 * leave the vectors loaded, so that coming back costs nothing. In the kernel a program's GS base is in KERNEL_GS_BASE. */
static inline __attribute__((always_inline)) void load_user_state(struct x86_cpu *c, struct arch_context *ctx)
{
  if (__builtin_expect(cpu_features.fsgsbase, true)) {
    insn_wrfsbase(ctx->fs_base);
    insn_wrmsr(MSR_KERNEL_GS_BASE, ctx->gs_base);
  } else {
    insn_wrmsr(MSR_FS_BASE, ctx->fs_base);
  }
  if (c->vectors_of == ctx && ctx->vectors_on == c) return;
  fpu_restore(ctx);
  c->vectors_of = ctx;
  ctx->vectors_on = c;
}

static inline void save_user_state(struct arch_context *ctx)
{
  fpu_save(ctx);
  if (__builtin_expect(!cpu_features.fsgsbase, false)) return; /* what arch_tls_set stored is still true */
  ctx->fs_base = insn_rdfsbase();
  ctx->gs_base = insn_rdmsr(MSR_KERNEL_GS_BASE);
}

void arch_context_switch(struct arch_context *from, struct arch_context *to)
{
  struct x86_cpu *c = x86_cpu_self();
  if (__builtin_expect(from->user, true)) save_user_state(from);
  c->context = to;
  c->kernel_stack = to->entry_sp;
  c->stack_guard = to->stack_guard;
  c->tss.rsp[0] = to->entry_sp;
  if (__builtin_expect(to->user, true)) load_user_state(c, to);
  x86_switch(&from->sp, to->sp);
}

NORETURN void arch_user_return(void)
{
  struct x86_cpu *c = x86_cpu_self();
  struct arch_context *ctx = c->context;
  if (!ctx->user) {
    ctx->user = true;
    fpu_reset(ctx);
    load_user_state(c, ctx);
  }
  x86_user_return(arch_context_user_frame(ctx));
}

void arch_tls_set(vaddr_t base)
{
  /* First the memory: a switch in between loads it from there. */
  x86_context_self()->fs_base = base;
  __asm__ volatile("" : : : "memory");
  insn_wrmsr(MSR_FS_BASE, base);
}
