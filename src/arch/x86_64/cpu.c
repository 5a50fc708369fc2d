/*
 * Bringing a processor up: control registers, segment and interrupt tables, the `syscall` registers.
 * Intel SDM vol. 3A, 2.5 "Control registers", 4.1.3 "Paging-mode modifiers", 5.8.8 "Fast system calls in 64-bit
 * mode".
 */
#include "cpu.h"

#include "dev/clock.h"
#include "inject.h"
#include "insn.h"
#include "layout.h"
#include <fmt/backtrace.h>
#include <fmt/paging.h>
#include <fmt/trapframe.h>
#include <kern/cpu.h>
#include <kern/entropy.h>
#include <kern/panic.h>
#include <kern/print.h>
#include <kern/string.h>

_Static_assert(offsetof(struct x86_cpu, self) == 0, "x86_cpu_self reads gs:0");
_Static_assert(offsetof(struct x86_cpu, kernel_stack) == CPU_KERNEL_STACK, "entry.S");
_Static_assert(offsetof(struct x86_cpu, user_stack) == CPU_USER_STACK, "entry.S");
_Static_assert(offsetof(struct x86_cpu, stack_guard) == CPU_GUARD, "build-aux/freestanding.mk");

#define CPUID1_EDX_MCE (1u << 7)
#define CPUID1_EDX_MCA (1u << 14)
#define CPUID1_ECX_XSAVE (1u << 26)
#define CPUID1_ECX_RDRAND (1u << 30)
#define CPUID7_EBX_FSGSBASE (1u << 0)
#define CPUID7_EBX_SMEP (1u << 7)
#define CPUID7_EBX_RDSEED (1u << 18)
#define CPUID7_EBX_SMAP (1u << 20)
#define CPUID7_ECX_UMIP (1u << 2)
#define CPUID_EXT1_EDX_1GB (1u << 26)

/* Flags cleared by `syscall`: the kernel starts without interrupts, tracing, a backward direction, nested task,
 * alignment checks (which would also lift SMAP) or port permission. */
#define SYSCALL_FLAG_MASK (RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_AC)

static const uint8_t clac_instruction[3] = {0x0F, 0x01, 0xCA};

struct cpu_features cpu_features;
static struct x86_cpu x86_cpus[MAX_CPUS];
struct ist_stack bootstrap_ist_stacks[IST_COUNT] __attribute__((aligned(PAGE_SIZE)));
static char protections[128];

static void detect_features(void)
{
  struct cpuid basic = insn_cpuid(0, 0);
  memcpy(cpu_features.vendor, &basic.ebx, 4);
  memcpy(cpu_features.vendor + 4, &basic.edx, 4);
  memcpy(cpu_features.vendor + 8, &basic.ecx, 4);
  struct cpuid version = insn_cpuid(1, 0);
  cpu_features.mce = version.edx & CPUID1_EDX_MCE;
  cpu_features.mca = version.edx & CPUID1_EDX_MCA;
  cpu_features.xsave = version.ecx & CPUID1_ECX_XSAVE;
  cpu_features.rdrand = version.ecx & CPUID1_ECX_RDRAND;
  if (basic.eax >= 7) {
    struct cpuid extended = insn_cpuid(7, 0);
    cpu_features.fsgsbase = extended.ebx & CPUID7_EBX_FSGSBASE;
    cpu_features.smep = extended.ebx & CPUID7_EBX_SMEP;
    cpu_features.smap = extended.ebx & CPUID7_EBX_SMAP;
    cpu_features.rdseed = extended.ebx & CPUID7_EBX_RDSEED;
    cpu_features.umip = extended.ecx & CPUID7_ECX_UMIP;
  }
  cpu_features.gigabyte_pages = insn_cpuid(0x80000001u, 0).edx & CPUID_EXT1_EDX_1GB;
}

void cpu_claim_gs(void)
{
  insn_wrmsr(MSR_GS_BASE, (uintptr_t)&x86_cpus[0]);
}

uint64_t cpu_new_stack_guard(void)
{
  uint64_t guard;
  entropy_read(&guard, sizeof guard);
  return guard & ~0xFFull;
}

/* The frames that are on the stack now keep the guard they were made with, 0: they never return (kern_main). This one
 * does, so it has none. */
__attribute__((no_stack_protector)) void arch_stack_guard_init(void)
{
  struct x86_cpu *c = x86_cpu_self();
  c->boot_context.stack_guard = cpu_new_stack_guard();
  c->stack_guard = c->boot_context.stack_guard;
}

/* A processor without SMAP does not know clac, so the entry paths carry three bytes of nothing in its place; the
 * sites are listed as distances from their list entries. The boot tables still allow writing to the text. */
static void patch_clac(void)
{
  for (const int32_t *site = x86_clac_sites; site < x86_clac_sites_end; site++)
    memcpy((uint8_t *)(uintptr_t)site + *site, clac_instruction, sizeof clac_instruction);
}

/* Write protection for the kernel too, no-execute, global pages; and what this processor has of the rest. NXE and WP
 * are on since the boot code and repeated for processors that come another way. With FSGSBASE programs change their
 * FS and GS base by themselves: nothing about a GS base tells whose it is (entry.S). */
static void set_control_registers(void)
{
  uint64_t cr4 = insn_read_cr4() | CR4_PGE;
  if (cpu_features.smep) cr4 |= CR4_SMEP;
  if (cpu_features.smap) cr4 |= CR4_SMAP;
  if (cpu_features.umip) cr4 |= CR4_UMIP;
  if (cpu_features.fsgsbase) cr4 |= CR4_FSGSBASE;
  insn_wrmsr(MSR_EFER, insn_rdmsr(MSR_EFER) | EFER_NXE | EFER_SCE);
  insn_wrmsr(MSR_PAT, X86_PAT_VALUE); /* only entry 4 differs from reset, and nothing used it before */
  insn_write_cr0((insn_read_cr0() | CR0_WP) & ~(uint64_t)CR0_AM);
  insn_write_cr4(cr4);
}

/* Read back from the registers, so that the log tells what is and not what was meant. */
static void list_protections(void)
{
  const uint64_t cr0 = insn_read_cr0(), cr4 = insn_read_cr4(), efer = insn_rdmsr(MSR_EFER);
  const struct {
    bool on;
    const char *name;
  } list[] = {
    {cr0 & CR0_WP, "WP"},
    {efer & EFER_NXE, "NXE"},
    {cr4 & CR4_PGE, "PGE"},
    {cr4 & CR4_SMEP, "SMEP"},
    {cr4 & CR4_SMAP, "SMAP"},
    {cr4 & CR4_UMIP, "UMIP"},
    {cr4 & CR4_FSGSBASE, "FSGSBASE"},
    {cr4 & CR4_MCE, "MCE"},
    {cr4 & CR4_OSXSAVE, "XSAVE"},
    {cpu_features.rdrand, "RDRAND"},
    {cpu_features.rdseed, "RDSEED"},
    {cpu_features.gigabyte_pages, "1GB"},
  };
  size_t used = 0;
  for (size_t i = 0; i < ARRAY_SIZE(list); i++)
    if (list[i].on)
      used += (size_t)format_text(protections + used, sizeof protections - used, "%s%s", used ? " " : "", list[i].name);
}

const char *cpu_protections(void)
{
  return protections;
}

static void set_syscall_registers(void)
{
  /* SYSRET adds 8 for SS and 16 for CS to the upper selector. */
  uint64_t sysret_base = SELECTOR_USER_DATA - 8;
  _Static_assert(SELECTOR_USER_CODE == SELECTOR_USER_DATA + 8, "SYSRET's order");
  _Static_assert(SELECTOR_KERNEL_DATA == SELECTOR_KERNEL_CODE + 8, "SYSCALL's order");
  insn_wrmsr(MSR_STAR, sysret_base << 48 | (uint64_t)SELECTOR_KERNEL_CODE << 32);
  insn_wrmsr(MSR_LSTAR, (uintptr_t)x86_syscall_entry);
  insn_wrmsr(MSR_FMASK, SYSCALL_FLAG_MASK);
}

void arch_cpu_init(struct cpu *cpu)
{
  struct x86_cpu *c = &x86_cpus[cpu - cpus];
  bool bootstrap = cpu == &cpus[0];
  if (bootstrap) {
    detect_features();
    if (cpu_features.smap) patch_clac();
    c->ist_stacks = bootstrap_ist_stacks;
    clock_start();
  }
  c->self = c;
  c->cpu = cpu;
  c->boot_context = (struct arch_context){.stack = (uintptr_t)boot_stack, .stack_end = (uintptr_t)boot_stack_top};
  c->context = &c->boot_context;
  gdt_init_cpu(c);
  if (bootstrap) idt_init();
  idt_load();
  set_control_registers();
  set_syscall_registers();
  machine_check_init_cpu();
  fpu_init_cpu();
  if (bootstrap) list_protections();
}

struct cpu *arch_cpu_self(void)
{
  struct cpu *cpu;
  __asm__ volatile("movq %%gs:%c1, %0" : "=r"(cpu) : "i"(offsetof(struct x86_cpu, cpu)));
  return cpu;
}

void arch_idle(void)
{
  /* sti takes effect after the next instruction: nothing arrives between the two. */
  __asm__ volatile("sti; hlt; cli" : : : "memory");
}

void arch_relax(void)
{
  insn_pause();
}

bool arch_irq_disable(void)
{
  bool enabled = insn_read_flags() & RFLAGS_IF;
  insn_cli();
  return enabled;
}

void arch_irq_restore(bool enabled)
{
  if (!enabled) return;
  insn_sti();
  X86_INJECT_POINT(INJECT_IRQ, x86_inject_irq);
}

bool arch_irq_enabled(void)
{
  return insn_read_flags() & RFLAGS_IF;
}

const struct ist_stack *cpu_ist_stack(const struct x86_cpu *c, uintptr_t address)
{
  size_t n = (address - (uintptr_t)c->ist_stacks) / sizeof(struct ist_stack);
  return c->ist_stacks && n < IST_COUNT ? &c->ist_stacks[n] : NULL;
}

/* The stack that a frame pointer belongs to: the thread's, an exception's own, or the boot stack. */
static void stack_of_frame(const struct x86_cpu *c, uintptr_t frame, uintptr_t *low, uintptr_t *high)
{
  const struct ist_stack *ist = cpu_ist_stack(c, frame);
  if (ist) {
    *low = (uintptr_t)ist->bytes;
    *high = (uintptr_t)(ist + 1);
  } else if (c->context && frame >= c->context->stack && frame < c->context->stack_end) {
    *low = c->context->stack;
    *high = c->context->stack_end;
  } else {
    *low = (uintptr_t)boot_stack;
    *high = (uintptr_t)boot_stack_top;
  }
}

size_t arch_backtrace(const struct trapframe *tf, uintptr_t *pcs, size_t max)
{
  uintptr_t low, high, frame = tf ? tf->rbp : (uintptr_t)__builtin_frame_address(0);
  stack_of_frame(x86_cpu_self(), frame, &low, &high);
  return backtrace_walk(tf, frame, low, high, pcs, max);
}

uintptr_t arch_text_base(void)
{
  return (uintptr_t)_text_start;
}
