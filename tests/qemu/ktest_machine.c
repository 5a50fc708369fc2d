/* What only the hardware has: tables and registers read back, protections met on purpose. Linked into the image
 * alone. */
#include "cpu.h"
#include "insn.h"
#include "ktest_faults.h"
#include "layout.h"
#include <fmt/paging.h>
#include <fmt/trapframe.h>
#include <kern/cpu.h>
#include <kern/ktest.h>
#include <kern/pmap.h>
#include <kern/string.h>
#include <kern/thread.h>
#include <kern/trap.h>

#define GATE_IST(gate) ((unsigned)((gate)->low >> 32 & 7))
#define GATE_ACCESS(gate) ((uint8_t)((gate)->low >> 40))
#define GATE_SELECTOR(gate) ((uint16_t)((gate)->low >> 16))

KTEST(machine_gdt_is_loaded)
{
  struct descriptor_pointer p;
  insn_sgdt(&p);
  ktest_check(p.limit == GDT_ENTRIES * 8 - 1);
  ktest_check(p.base == (uintptr_t)x86_cpu_self()->gdt);
  const uint64_t *gdt = (const uint64_t *)p.base;
  ktest_check(gdt[0] == 0);
  /* The accessed bit may have been set by the processor. */
  ktest_check((gdt[1] >> 40 & 0xFE) == 0x9A);
  ktest_check((gdt[2] >> 40 & 0xFE) == 0x92);
  ktest_check((gdt[3] >> 40 & 0xFE) == 0xF2);
  ktest_check((gdt[4] >> 40 & 0xFE) == 0xFA);
  ktest_check((gdt[5] >> 40 & 0xFF) == 0x8B); /* 0x89, busy since ltr */
}

KTEST(machine_segments_are_loaded)
{
  uint16_t cs, ds, ss;
  __asm__ volatile("movw %%cs, %0; movw %%ds, %1; movw %%ss, %2" : "=r"(cs), "=r"(ds), "=r"(ss));
  ktest_check(cs == 0x08);
  ktest_check(ss == 0x10 || ss == 0);               /* an interrupt of a program leaves null (SDM vol. 3A, 6.14.4) */
  ktest_check(ds == 0x10 || ds == 0x1B || ds == 0); /* a program's, once one has run */
  ktest_check(insn_str() == 0x28);
  ktest_check(insn_rdmsr(MSR_GS_BASE) == (uintptr_t)x86_cpu_self());
  ktest_check(cpu_self() == x86_cpu_self()->cpu);
}

KTEST(machine_tss_has_stacks)
{
  const struct x86_cpu *c = x86_cpu_self();
  const uint64_t *gdt = c->gdt;
  uint64_t base = (gdt[5] >> 16 & 0xFFFFFF) | (gdt[5] >> 56) << 24 | gdt[6] << 32;
  ktest_check(base == (uintptr_t)&c->tss);
  ktest_check(c->tss.rsp[0] == c->context->entry_sp && c->kernel_stack == c->tss.rsp[0]);
  ktest_check(c->tss.rsp[0] > c->context->stack && c->tss.rsp[0] <= c->context->stack_end);
  ktest_check(IS_ALIGNED(c->tss.rsp[0], 16));
  for (unsigned i = 0; i < IST_COUNT; i++) {
    ktest_check(c->tss.ist[i] != 0 && IS_ALIGNED(c->tss.ist[i], 16));
    ktest_check(*(struct x86_cpu **)c->tss.ist[i] == c);
    for (unsigned j = 0; j < i; j++) ktest_check(c->tss.ist[i] - c->tss.ist[j] >= IST_STACK_SIZE);
  }
}

KTEST(machine_idt_is_loaded)
{
  struct descriptor_pointer p;
  insn_sidt(&p);
  ktest_check(p.limit == 256 * 16 - 1);
  const struct idt_gate *idt = (const struct idt_gate *)p.base;
  for (unsigned v = 0; v < 256; v++) {
    bool user = v == 3 || v == 4 || v == 0x80 || v == 0x81;
    unsigned ist = v == 8 ? 1 : v == 2 ? 2 : v == 18 ? 3 : v == 1 ? 4 : 0;
    ktest_check(GATE_ACCESS(&idt[v]) == (user ? 0xEE : 0x8E));
    ktest_check(GATE_IST(&idt[v]) == ist);
    ktest_check(GATE_SELECTOR(&idt[v]) == 0x08);
    ktest_check(descriptor_gate_handler(&idt[v]) == (uintptr_t)x86_vectors + v * VECTOR_STUB_SIZE);
  }
}

/* The first push of a stub is a zero (6A 00), or the vector already where the processor pushed an error code. */
KTEST(machine_stubs_know_the_error_codes)
{
  for (unsigned v = 1; v < 256; v++) {
    bool error = v == 8 || (v >= 10 && v <= 14) || v == 17 || v == 21 || v == 29 || v == 30;
    const uint8_t *stub = (const uint8_t *)x86_vectors + v * VECTOR_STUB_SIZE;
    ktest_check(stub[0] == 0x6A && stub[1] == (error ? v : 0));
  }
}

KTEST(machine_control_registers)
{
  uint64_t cr0 = insn_read_cr0(), cr4 = insn_read_cr4(), efer = insn_rdmsr(MSR_EFER);
  struct cpuid leaf7 = insn_cpuid(7, 0);
  ktest_check((cr0 & (CR0_PG | CR0_WP | CR0_NE | CR0_MP)) == (CR0_PG | CR0_WP | CR0_NE | CR0_MP));
  ktest_check(!(cr0 & (CR0_EM | CR0_TS | CR0_AM)));
  ktest_check((cr4 & (CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT)) == (CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT));
  ktest_check((efer & (EFER_NXE | EFER_LMA | EFER_SCE)) == (EFER_NXE | EFER_LMA | EFER_SCE));
  ktest_check(insn_rdmsr(MSR_PAT) == X86_PAT_VALUE);
  ktest_check(!(cr4 & CR4_SMEP) == !(leaf7.ebx & 1u << 7));
  ktest_check(!(cr4 & CR4_SMAP) == !(leaf7.ebx & 1u << 20));
  ktest_check(!(cr4 & CR4_UMIP) == !(leaf7.ecx & 1u << 2));
  ktest_check(!(cr4 & CR4_FSGSBASE) == !(leaf7.ebx & 1u << 0));
  ktest_check(!(cr4 & CR4_MCE) == !(insn_cpuid(1, 0).edx & 1u << 7));
}

KTEST(machine_syscall_registers)
{
  const uint64_t cleared = RFLAGS_IF | RFLAGS_TF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC | RFLAGS_IOPL;
  uint64_t star = insn_rdmsr(MSR_STAR);
  ktest_check(insn_rdmsr(MSR_LSTAR) == (uintptr_t)x86_syscall_entry);
  ktest_check((insn_rdmsr(MSR_FMASK) & cleared) == cleared);
  ktest_check((star >> 32 & 0xFFFF) == SELECTOR_KERNEL_CODE);
  ktest_check((((star >> 48) + 16) | 3) == SELECTOR_USER_CODE);
  ktest_check((((star >> 48) + 8) | 3) == SELECTOR_USER_DATA);
}

KTEST(machine_smap_entry_is_patched)
{
  static const uint8_t clac[3] = {0x0F, 0x01, 0xCA}, nop[3] = {0x0F, 0x1F, 0x00};
  const int32_t *site = x86_clac_sites;
  ktest_check(x86_clac_sites_end - site == 3);
  for (; site < x86_clac_sites_end; site++)
    ktest_check(memcmp((const uint8_t *)site + *site, cpu_features.smap ? clac : nop, 3) == 0);
}

/* ---- what is mapped and how ---- */

static void write_byte(void *p)
{
  *(volatile uint8_t *)p = 0x90;
}
static void call_address(void *p)
{
  __asm__ volatile("call *%0" : : "r"(p) : "memory");
}

KTEST(machine_lower_half_is_gone)
{
  ktest_check(ktest_faults(ktest_read_byte, 0, ACCESS_READ, false));
  ktest_check(ktest_faults(call_address, 0, ACCESS_EXEC, false));
  ktest_check(ktest_faults(ktest_read_byte, LAYOUT_KERNEL_LMA, ACCESS_READ, false));
  ktest_check(ktest_faults(ktest_read_byte, 0x7C00, ACCESS_READ, false));
  ktest_check(ktest_faults(ktest_read_byte, LAYOUT_BOOT_MAPPED - 1, ACCESS_READ, false));
  struct pmap_entry e;
  ktest_check(!pmap_lookup(&kernel_pmap, 0, &e));
}

KTEST(machine_text_is_not_writable)
{
  ktest_check(ktest_faults(write_byte, (uintptr_t)_text_start, ACCESS_WRITE, true));
  ktest_check(ktest_faults(write_byte, (uintptr_t)_text_end - 1, ACCESS_WRITE, true));
}

KTEST(machine_rodata_is_constant)
{
  ktest_check(ktest_faults(write_byte, (uintptr_t)_rodata_start, ACCESS_WRITE, true));
  ktest_check(ktest_faults(call_address, (uintptr_t)_rodata_start, ACCESS_EXEC, true));
}

KTEST(machine_data_is_not_executable)
{
  static uint8_t code[1] = {0xC3}; /* ret */
  ktest_check(ktest_faults(call_address, (uintptr_t)code, ACCESS_EXEC, true));
  ktest_check(ktest_faults(call_address, (uintptr_t)_bss_start, ACCESS_EXEC, true));
  ktest_check(ktest_faults(call_address, (uintptr_t)phys_to_virt(LAYOUT_KERNEL_LMA), ACCESS_EXEC, true));
  ktest_check(ktest_faults(call_address, (uintptr_t)__builtin_frame_address(0), ACCESS_EXEC, true));
}

/* Below a stack. */
static bool is_guard(const char *page)
{
  const struct ist_stack *stack = cpu_ist_stack(x86_cpu_self(), (uintptr_t)page);
  return page == boot_stack_guard || (stack && page == (const char *)stack->guard);
}

KTEST(machine_nothing_is_writable_and_executable)
{
  struct pmap_entry e;
  unsigned guards = 0;
  for (char *page = _kernel_start; page < _kernel_end; page += PAGE_SIZE) {
    ktest_check(pmap_lookup(&kernel_pmap, (vaddr_t)page, &e) == !is_guard(page));
    if (is_guard(page)) {
      guards++;
      continue;
    }
    ktest_check((e.attrs & (PMAP_WRITE | PMAP_EXEC)) != (PMAP_WRITE | PMAP_EXEC));
    ktest_check(!(e.attrs & PMAP_USER));
    ktest_check(e.pa == (vaddr_t)page - LAYOUT_KERNEL_BASE);
  }
  ktest_check(guards == 1 + IST_COUNT);
}

/* ---- exceptions ---- */

static void divide(void *unused)
{
  (void)unused;
  __asm__ volatile("xorl %%edx, %%edx; movl $1, %%eax; xorl %%ecx, %%ecx; divl %%ecx" : : : "eax", "ecx", "edx");
}
static void undefined(void *unused)
{
  (void)unused;
  __asm__ volatile("ud2");
}
static void single_step(void *unused)
{
  (void)unused;
  __asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; nop; nop" : : : "memory", "cc");
}
static void no_fpu(void *unused)
{
  (void)unused;
  insn_write_cr0(insn_read_cr0() | CR0_TS);
  __asm__ volatile("fwait; fnop");
}
static void not_canonical(void *unused)
{
  (void)unused;
  ktest_read_byte((void *)0x8000000000000000ull);
}
static void bad_selector(void *unused)
{
  (void)unused;
  __asm__ volatile("movw %w0, %%es" : : "r"(0x1238));
}
static void absent_segment(void *unused)
{
  (void)unused;
  __asm__ volatile("movw %w0, %%es" : : "r"(SELECTOR_USER_DATA & ~3u));
}
static void absent_stack_segment(void *unused)
{
  (void)unused;
  __asm__ volatile("movw %w0, %%ss" : : "r"(SELECTOR_USER_DATA & ~3u));
}

/* By `int n`, from where it may: the vectors that 64-bit code has no instruction for, or that the emulator does not raise.
 * (Not 17: no error code would be pushed; and with CR0.AM clear the processor never raises it.) */
#define RAISE_VECTOR(n)                          \
  static void raise_##n(void *unused)            \
  {                                              \
    (void)unused;                                \
    __asm__ volatile("int $" #n : : : "memory"); \
  }
RAISE_VECTOR(4)
RAISE_VECTOR(5)
RAISE_VECTOR(9)
RAISE_VECTOR(15)
RAISE_VECTOR(18)
RAISE_VECTOR(19)
RAISE_VECTOR(20)

static void x87_divide(void *unused)
{
  (void)unused;
  static const uint16_t zero_divide_unmasked = 0x037B;
  static const uint32_t zero = 0; /* a float's bits: the kernel has no floats */
  __asm__ volatile("fninit; fldcw %0; fld1; fdivs %1; fwait" : : "m"(zero_divide_unmasked), "m"(zero));
}

static bool raises(void (*fn)(void *), enum trap_kind kind, unsigned vector, uint64_t error)
{
  struct trap_info info;
  if (!ktest_expect_trap(fn, NULL, &info)) return false;
  return info.kind == kind && info.vector == vector && info.error == error && !info.user;
}

KTEST(machine_exceptions_arrive_decoded)
{
  ktest_check(raises(divide, TRAP_DIVIDE, 0, 0));
  ktest_check(raises(single_step, TRAP_DEBUG, 1, 0));
  ktest_check(raises(raise_4, TRAP_OVERFLOW, 4, 0));
  ktest_check(raises(raise_5, TRAP_BOUND, 5, 0));
  ktest_check(raises(undefined, TRAP_ILLEGAL, 6, 0));
  ktest_check(raises(raise_9, TRAP_OTHER, 9, 0));
  ktest_check(raises(not_canonical, TRAP_PROTECTION, 13, 0));
  ktest_check(raises(bad_selector, TRAP_PROTECTION, 13, 0x1238));
  ktest_check(raises(raise_15, TRAP_OTHER, 15, 0));
  ktest_check(raises(raise_18, TRAP_MACHINE_CHECK, 18, 0));
  ktest_check(raises(raise_19, TRAP_FLOAT, 19, 0));
  ktest_check(raises(raise_20, TRAP_OTHER, 20, 0));
}

/* No program runs meanwhile whose registers these are. */
KTEST(machine_x87_errors_are_reported)
{
  bool raised = raises(x87_divide, TRAP_FLOAT, 16, 0);
  __asm__ volatile("fninit");
  ktest_check(raised);
}

/* With a segment that is not present in the place of user data; no program runs meanwhile. */
KTEST(machine_absent_segments_are_reported)
{
  const unsigned selector = SELECTOR_USER_DATA & ~3u;
  uint64_t *slot = &x86_cpu_self()->gdt[selector / 8], saved = *slot;
  *slot = descriptor_segment(SEGMENT_KERNEL_DATA & 0x7F);
  bool segment = raises(absent_segment, TRAP_PROTECTION, 11, selector);
  bool stack = raises(absent_stack_segment, TRAP_PROTECTION, 12, selector);
  *slot = saved;
  ktest_check(segment);
  ktest_check(stack);
}

KTEST(machine_no_fpu_is_reported)
{
  bool raised = raises(no_fpu, TRAP_NO_FPU, 7, 0);
  insn_write_cr0(insn_read_cr0() & ~(uint64_t)CR0_TS);
  ktest_check(raised);
}

/* The first page of the framebuffer's window that is mapped. */
static bool find_framebuffer(struct pmap_entry *out)
{
  for (vaddr_t va = LAYOUT_FRAMEBUFFER_BASE; va < LAYOUT_FRAMEBUFFER_BASE + MIB(2); va += PAGE_SIZE)
    if (pmap_lookup(&kernel_pmap, va, out)) return true;
  return false;
}

/* On a machine with a framebuffer: its type is write-combining (SDM vol. 3A, table 12-10), and memory's map leaves it out. */
KTEST(screen_is_write_combining)
{
  struct pmap_entry e, alias;
  ktest_check(find_framebuffer(&e));
  ktest_check(e.attrs == (PMAP_WRITE | PMAP_WRITE_COMBINE | PMAP_GLOBAL));
  ktest_check(!pmap_lookup(&kernel_pmap, (vaddr_t)phys_to_virt(e.pa), &alias));
}
