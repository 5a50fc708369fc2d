/*
 * The machine's own per-processor data. GS base points at it whenever the processor runs kernel code; while a program
 * runs, the program's GS base (any canonical value, with FSGSBASE) is there and ours waits in MSR_KERNEL_GS_BASE (swapgs).
 */
#ifndef X86_CPU_H
#define X86_CPU_H

#include <fmt/descriptor.h>
#include <kern/arch.h>

struct trapframe;

#define GDT_ENTRIES 7 /* null, kernel code and data, user data and code, TSS in two */
#define IST_STACK_SIZE 8192u

enum ist_index { IST_DOUBLE_FAULT = 1, IST_NMI = 2, IST_MACHINE_CHECK = 3, IST_DEBUG = 4, IST_COUNT = 4 };
#define IST_OWNER_SIZE 16u /* at the top of each: whose it is, for the entry that cannot trust GS (entry.S) */

/* Of an exception that cannot trust the stack it finds. */
struct ist_stack {
  uint8_t guard[PAGE_SIZE]; /* the kernel's tables leave this page out */
  uint8_t bytes[IST_STACK_SIZE];
};

/* A thread's machine state, at the top of its kernel stack, over the user frame. From the stack's top downwards:
 * vector registers, this structure, the user frame, the running stack. */
struct arch_context {
  void *sp;           /* while it does not run: its struct switch_frame */
  uintptr_t entry_sp; /* where traps from its user mode begin to push: just past the user frame */
  uintptr_t stack, stack_end;
  uint64_t stack_guard;       /* this thread's; its first byte is 0, so that no string can carry or reveal all of it */
  uint64_t fs_base, gs_base;  /* the program's, while another thread runs */
  void *vectors;              /* save area of the vector registers */
  struct x86_cpu *vectors_on; /* processor that last had them loaded */
  bool user;                  /* has been in user mode: has vector registers and an FS base to keep */
};

struct x86_cpu {
  struct x86_cpu *self; /* first: read through GS */
  struct cpu *cpu;
  uintptr_t kernel_stack;          /* the running context's entry_sp, for `syscall` (CPU_KERNEL_STACK) */
  uintptr_t user_stack;            /* scratch of the `syscall` entry (CPU_USER_STACK) */
  uint64_t stack_guard;            /* the running thread's (CPU_GUARD): the compiler reads it through GS */
  struct arch_context *context;    /* running */
  struct arch_context *vectors_of; /* whose vector registers are loaded */
  uint64_t gdt[GDT_ENTRIES];
  struct tss tss;
  struct ist_stack *ist_stacks; /* IST_COUNT */
  uint64_t irq_jitter;          /* when interrupts came, folded together (entropy.c) */
  struct arch_context boot_context;
};

static inline struct x86_cpu *x86_cpu_self(void)
{
  struct x86_cpu *c;
  __asm__ volatile("movq %%gs:0, %0" : "=r"(c));
  return c;
}

/* The running context, read in one instruction so that it is right wherever the thread is preempted. */
static inline struct arch_context *x86_context_self(void)
{
  struct arch_context *ctx;
  __asm__ volatile("movq %%gs:%c1, %0" : "=r"(ctx) : "i"(offsetof(struct x86_cpu, context)));
  return ctx;
}

/* What the processor can do, as far as the kernel cares; filled by cpu_detect_features on the bootstrap processor. */
struct cpu_features {
  bool smep, smap, umip, fsgsbase, mce, mca, xsave, gigabyte_pages, rdrand, rdseed;
  uint64_t xsave_mask; /* XCR0 */
  char vendor[13];
};
extern struct cpu_features cpu_features;

/* gdt.c: builds and loads the GDT and TSS of `c`, reloads the segment registers; GS base is c afterwards. */
void gdt_init_cpu(struct x86_cpu *c);
/* idt.c: builds (bootstrap processor) and loads the IDT. */
void idt_init(void);
void idt_load(void);

/* cpu.c: makes GS base the bootstrap processor's structure, which the stack protector reads, before anything that uses it. */
void cpu_claim_gs(void);
/* A new random guard for a thread's stack. */
uint64_t cpu_new_stack_guard(void);
/* The exception's stack that `address` is in, or in the page below it; null. */
const struct ist_stack *cpu_ist_stack(const struct x86_cpu *c, uintptr_t address);
/* "WP NXE ...": what is switched on. */
const char *cpu_protections(void);

/* machine_check.c: lets the processor report machine checks; panics with what its banks say. */
void machine_check_init_cpu(void);
NORETURN void machine_check_report(const struct trapframe *tf);

/* fpu.c */
void fpu_init_cpu(void);
size_t fpu_area_size(void);
/* Loads the initial state of a program into the processor and its save area. */
void fpu_reset(struct arch_context *ctx);
void fpu_save(struct arch_context *ctx);
void fpu_restore(struct arch_context *ctx);

/* entry.S */
extern const char x86_vectors[]; /* 256 stubs, VECTOR_STUB_SIZE apart */
#define VECTOR_STUB_SIZE 16u
void x86_syscall_entry(void);
NORETURN void x86_user_return(struct trapframe *frame);
extern const int32_t x86_clac_sites[], x86_clac_sites_end[];

/* trap.c: called by entry.S */
void x86_trap(struct trapframe *tf);
void x86_paranoid_trap(struct trapframe *tf);
NORETURN void x86_bad_user_return(struct trapframe *tf);

/* Sections of the kernel image (kernel.lds.S). */
extern char _kernel_start[], _kernel_end[], _text_start[], _text_end[], _rodata_start[], _rodata_end[], _data_start[];
extern char _bss_start[], _bss_end[];
extern char boot_stack_guard[], boot_stack[], boot_stack_top[]; /* boot/long_mode.asm */
extern struct ist_stack bootstrap_ist_stacks[IST_COUNT];

#endif
