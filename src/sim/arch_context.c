/*
 * Threads' machine state. At the top of a kernel stack, from high to low: struct arch_context, the ucontext, the vector
 * state, the user trap frame; the stack proper begins below. Where to switch to is kept twice over, by one of two back
 * ends: the host's ucontext, or the image's own switch.S.
 */
#include "machine.h"

#include <fmt/backtrace.h>
#include <fmt/switch.h>
#include <fmt/trapframe.h>

static uint64_t next_id;

static void *carve(uintptr_t *top, size_t size, size_t align)
{
  *top = ALIGN_DOWN(*top - size, align);
  return (void *)*top;
}

/* Lays the context out below *top, which becomes the stack's first address. */
static struct arch_context *lay_out(uintptr_t *top)
{
  struct arch_context *ctx = carve(top, sizeof *ctx, 64);
  *ctx = (struct arch_context){.id = next_id++};
  ctx->ucontext = carve(top, host_context_size(), 64);
  ctx->crossing.vector = carve(top, host_vector_size(), 64);
  ctx->crossing.frame = carve(top, sizeof(struct trapframe), 16);
  host_vector_init(ctx->crossing.vector);
  trapframe_init_user(ctx->crossing.frame, 0, 0);
  return ctx;
}

HOST_ENTRY static void start(void *arg)
{
  struct arch_context *ctx = arg;
  host_stack_enter(NULL);
  race_acquire(&machine.irq_on);
  ctx->entry(ctx->arg);
  host_fatal(HOST_EXIT_PANIC, "a kernel thread returned from its entry");
}

struct arch_context *arch_context_init(void *stack, size_t size, void (*entry)(void *), void *arg)
{
  uintptr_t top = (uintptr_t)stack + size;
  machine_mmu_pin((vaddr_t)stack, size);
  host_stack_unpoison(stack, size);
  struct arch_context *ctx = lay_out(&top);
  ctx->stack = stack;
  ctx->stack_size = size;
  ctx->entry = entry;
  ctx->arg = arg;
  ctx->race_thread = race_thread_create();
  if (machine.switch_asm)
    ctx->saved_sp = x86_switch_prepare((void *)top, start, ctx);
  else
    host_context_make(ctx->ucontext, stack, top - (uintptr_t)stack, start, ctx);
  return ctx;
}

struct arch_context *arch_context_adopt(void *stack, size_t size)
{
  size_t room = sizeof(struct arch_context) + host_context_size() + host_vector_size() + sizeof(struct trapframe) + 256;
  uintptr_t block = (uintptr_t)host_alloc(room), top = block + room;
  struct arch_context *ctx = lay_out(&top);
  ctx->adopted = ctx->has_run = true;
  ctx->arg = (void *)block;
  ctx->stack = stack;
  ctx->stack_size = size;
  if (!stack) host_stack_bounds(&ctx->stack, &ctx->stack_size);
  ctx->race_thread = race_thread_current();
  machine.current = ctx;
  host_crossing.thread = &ctx->crossing;
  return ctx;
}

void arch_context_destroy(struct arch_context *ctx)
{
  if (ctx->adopted) {
    host_free(ctx->arg);
    return;
  }
  race_acquire(ctx); /* comes after all it did */
  race_thread_destroy(ctx->race_thread);
  host_stack_unpoison(ctx->stack, ctx->stack_size);
  machine_mmu_unpin((vaddr_t)ctx->stack, ctx->stack_size);
}

void arch_context_switch(struct arch_context *from, struct arch_context *to)
{
  machine_trace(EVENT_SWITCH, to->id, 0);
  machine.current = to;
  host_crossing.thread = &to->crossing;
  host_stack_leave(&from->fake_stack, to->stack, to->stack_size);
  race_release(from);
  race_thread_switch(to->race_thread, !to->has_run);
  to->has_run = true;
  if (machine.switch_asm)
    x86_switch(&from->saved_sp, to->saved_sp);
  else
    host_context_swap(from->ucontext, to->ucontext);
  host_stack_enter(from->fake_stack);
}

struct trapframe *arch_context_user_frame(struct arch_context *ctx)
{
  return ctx->crossing.frame;
}

void arch_user_return(void)
{
  machine_leave_kernel();
  machine_return();
}

void arch_tls_set(vaddr_t base)
{
  machine.current->crossing.user_fs = base;
}

size_t arch_backtrace(const struct trapframe *tf, uintptr_t *pcs, size_t max)
{
  const struct arch_context *ctx = machine.current;
  void *stack;
  size_t size;
  if (ctx) {
    stack = ctx->stack;
    size = ctx->stack_size;
  } else {
    host_stack_bounds(&stack, &size);
  }
  return backtrace_walk(tf, (uintptr_t)__builtin_frame_address(0), (uintptr_t)stack, (uintptr_t)stack + size, pcs, max);
}
