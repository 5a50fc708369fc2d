/*
 * The contract between the kernel and the machine under it: everything a port provides, and the three calls it makes up
 * into the kernel. Two machines keep it: src/arch/x86_64 (hardware) and src/sim (a Linux process).
 * tests/conformance checks it on both.
 *
 * "Interrupts" below are the processor's interrupt flag; on the simulator a virtual one. Unless said otherwise a
 * function may be called from any context with interrupts in any state, never sleeps and cannot fail.
 */
#ifndef KERN_ARCH_H
#define KERN_ARCH_H

#include <kern/types.h>

struct bootinfo;
struct cpu;
struct trapframe;    /* the registers a trap saves; opaque here, accessors in kern/trap.h */
struct arch_context; /* a thread's machine state; lives at the top of its kernel stack */

/* ---- CPU ---- */

/* Makes the calling processor able to take traps and to answer arch_cpu_self() with `cpu`. Interrupts disabled; once
 * per processor, before anything that can fault or lock. */
void arch_cpu_init(struct cpu *cpu);

/* The value given to arch_cpu_init on this processor. Stable only while interrupts are disabled or the thread is pinned. */
struct cpu *arch_cpu_self(void);

/* Gives the compiler's stack protector an unguessable guard; that of a thread is made with its context. From a function that
 * never returns. The simulator's is the host's business. */
void arch_stack_guard_init(void);

/* Starts the platform's interrupt controller, timer and clock. Once, after memory and the kernel page tables work,
 * interrupts disabled. */
void arch_platform_init(const struct bootinfo *bi);

/* Waits for an interrupt. Called with interrupts disabled; enabling them and going to sleep is atomic, so a wake-up in
 * between is not lost. Returns with interrupts disabled, after the interrupts that ended the wait were dispatched. */
void arch_idle(void);

/* One turn of a busy-wait loop: a pause, and on the simulator the point where virtual time moves on. With interrupts
 * enabled, pending ones may be dispatched here. */
void arch_relax(void);

/* Ends the machine with exit status `status` (0-255). */
NORETURN void arch_power_off(int status);
NORETURN void arch_reset(void);

/* The end of a panic or of a boot that cannot go on: stops this processor for good. A PC is not switched off, for its screen
 * says what happened; a machine that can answer with a status (the simulator, QEMU's isa-debug-exit) ends with this one. */
NORETURN void arch_halt(int status);

/* ---- Interrupts ---- */

/* Disables interrupts; answers whether they were enabled. */
bool arch_irq_disable(void);
/* Puts the state a matching arch_irq_disable answered back. Enabling delivers what is pending, which may switch threads. */
void arch_irq_restore(bool enabled);
bool arch_irq_enabled(void);

enum { IRQ_TIMER = 0, IRQ_KEYBOARD = 1, IRQ_SERIAL = 4, IRQ_COUNT = 16 };

void arch_irq_unmask(unsigned irq);
void arch_irq_mask(unsigned irq);
void arch_irq_eoi(unsigned irq);

/* ---- Context ---- */

/* Prepares a thread on the kernel stack [stack, stack + size): page-aligned, mapped, exclusively the caller's. The
 * machine's state is carved from its top; the answer points there and is valid until arch_context_destroy. The first
 * switch to it calls entry(arg) with interrupts disabled on that stack; entry must not return. */
struct arch_context *arch_context_init(void *stack, size_t size, void (*entry)(void *), void *arg);

/* Context for the thread that is running already, on the boot stack or a host stack. */
struct arch_context *arch_context_adopt(void *stack, size_t size);

/* Releases what the machine keeps for a context that is not running and never will again. */
void arch_context_destroy(struct arch_context *ctx);

/* Saves the caller into `from`, continues `to` (callee-saved registers, stack, kernel entry stack, user vector state,
 * user thread pointer). Interrupts disabled; they are on return as well, whenever that is. */
void arch_context_switch(struct arch_context *from, struct arch_context *to);

/* The user-mode frame at the top of this thread's kernel stack: where traps from its user mode are saved. */
struct trapframe *arch_context_user_frame(struct arch_context *ctx);

/* Leaves for user mode with the running thread's user frame. Interrupts disabled on call, enabled in user mode. The
 * vector registers are as the thread left them (initial state the first time). */
NORETURN void arch_user_return(void);

/* Sets the running thread's user thread pointer (FS base). `base` was checked to be in the user window. */
void arch_tls_set(vaddr_t base);

/* ---- Memory ---- */

/* Where physical address 0 appears: all RAM is mapped there, readable, writable, not executable. From the entry to
 * kern_main on, at least the first GiB is (or all RAM, if less). */
extern vaddr_t arch_direct_map_base;

static inline void *phys_to_virt(paddr_t pa)
{
  return (void *)(arch_direct_map_base + (vaddr_t)pa);
}
/* Only for addresses phys_to_virt answered. */
static inline paddr_t virt_to_phys(const void *p)
{
  return (paddr_t)((vaddr_t)p - arch_direct_map_base);
}

/* The kernel's own window of virtual addresses (heap and stacks), inside one 512 GiB-aligned slot that is not slot 0
 * (slot 0 holds the user window). */
struct arch_window {
  vaddr_t base;
  size_t size; /* bytes, multiple of 2 MiB */
};
struct arch_window arch_kernel_window(void);

/* Fills the zeroed root table `root` with what this machine needs mapped in every address space (image: kernel sections
 * with their permissions and the direct map; simulator: nothing). Uses pmap_map_early. Once, from pmap_init. */
int arch_kernel_pmap_fill(paddr_t root, const struct bootinfo *bi);

/* The kernel's own image in its page tables: text from `text` on, constants from `rodata`, variables from `data`, each on pages
 * of its own; `text` is physical address `pa`. All 0 on a machine whose kernel is not there (simulator). */
struct arch_image {
  vaddr_t text, rodata, data;
  paddr_t pa;
};
struct arch_image arch_kernel_image(void);

/* Loads `root` into the page-table register; drops every non-global translation. */
void arch_aspace_activate(paddr_t root);
/* After an entry that was present changed or went away, in the active tables. The translation of va's page goes, whatever
 * the page's size. */
void arch_tlb_flush_page(vaddr_t va);
/* Global translations, too. */
void arch_tlb_flush_all(void);
/* The largest page the processor translates: 2 MiB or 1 GiB. */
uint64_t arch_page_size_max(void);

/* ---- Time ---- */

/* Nanoseconds since boot. Monotonic; valid from arch_cpu_init on (may stand still before arch_platform_init). */
uint64_t arch_clock_read(void);
/* Nanoseconds since 1970 at boot, 0 when the machine does not know. */
uint64_t arch_clock_epoch(void);
/* Raises IRQ_TIMER once on this processor at or soon after `deadline` (arch_clock_read time); a past deadline fires at
 * once. Replaces the previous one. UINT64_MAX disarms. Interrupts disabled. */
void arch_timer_arm(uint64_t deadline);

/* ---- Entropy ---- */

#define ARCH_ENTROPY_WORDS 8
/* Fills `out` with what this machine has that cannot be known from outside, and answers the name of where it came from, for
 * the log. How much it is worth is kern/entropy.h's to say: nobody else calls this. */
const char *arch_entropy_read(uint64_t out[ARCH_ENTROPY_WORDS]);

/* ---- I/O ---- */

enum io_space { IO_PORT, IO_MMIO };
/* width: 1, 2 or 4 bytes; addr: port number or physical address. Nothing there reads as all ones. */
uint32_t arch_io_read(enum io_space space, uint64_t addr, unsigned width);
void arch_io_write(enum io_space space, uint64_t addr, unsigned width, uint32_t value);

/* ---- Console ---- */

/* Registers what only this machine has to show text on and to take it from (kern/console.h), beside the portable
 * drivers. Once, after console_init, interrupts disabled; devices that are absent are passed over. */
void arch_console_init(const struct bootinfo *bi);

/* ---- Faults on purpose ---- */

struct inject;
/* Whether this machine has that one of the machine's own kinds (enum inject_kind, kern/inject.h). */
bool arch_can_inject(unsigned kind);
/* A fault of the machine's own strikes at that occasion: it is shown, now or at the next interrupt. Any context. */
void arch_inject_announce(const struct inject *fault, uint64_t occasion);
/* A fault of any kind strikes, at that occasion: part of the machine's trace, if it keeps one. Any context. */
void arch_inject_note(unsigned kind, uint64_t occasion);

/* ---- Debug ---- */

/* Prints a byte before any driver works, and in a panic. */
void arch_early_putc(char c);

/* Return addresses of the callers, innermost first, from the running code (tf null) or from a trap's frame. Answers how
 * many, never faults on a broken chain. */
size_t arch_backtrace(const struct trapframe *tf, uintptr_t *pcs, size_t max);

/* First address of the kernel's own text, base of the offsets in the symbol table (kern/symbols.h). */
uintptr_t arch_text_base(void);

/* ---- Up-calls: the machine calls these ---- */

/* Boots the kernel: interrupts disabled, on a boot stack of at least 16 KiB, `bi` sanitized by the caller or not. */
NORETURN void kern_main(struct bootinfo *bi);

/* An exception or a system call. Called on the thread's kernel stack, interrupts disabled. Returns to resume. */
void trap_dispatch(struct trapframe *tf);

/* A device or timer interrupt; tf is null when the machine delivered it at a point it chose in kernel code. Interrupts
 * disabled. May switch threads before it returns. */
void irq_dispatch(unsigned irq, struct trapframe *tf);

#endif
