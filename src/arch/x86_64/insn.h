/* The privileged and special instructions, one inline function each. Intel SDM vol. 2. */
#ifndef X86_INSN_H
#define X86_INSN_H

#include <fmt/descriptor.h>
#include <kern/types.h>

#define MSR_EFER 0xC0000080u
#define EFER_SCE 0x001u /* syscall and sysret */
#define EFER_LME 0x100u
#define EFER_LMA 0x400u
#define EFER_NXE 0x800u
#define MSR_MCG_CAP 0x179u
#define MSR_MCG_STATUS 0x17Au
#define MSR_MCG_CTL 0x17Bu
#define MSR_PAT 0x277u
#define MSR_MC0_CTL 0x400u /* then STATUS, ADDR, MISC; four a bank */
#define MSR_STAR 0xC0000081u
#define MSR_LSTAR 0xC0000082u
#define MSR_FMASK 0xC0000084u
#define MSR_FS_BASE 0xC0000100u
#define MSR_GS_BASE 0xC0000101u
#define MSR_KERNEL_GS_BASE 0xC0000102u

#define CR0_MP 0x00000002u
#define CR0_EM 0x00000004u
#define CR0_TS 0x00000008u
#define CR0_NE 0x00000020u
#define CR0_WP 0x00010000u
#define CR0_AM 0x00040000u
#define CR0_PG 0x80000000u

#define CR4_MCE 0x000040u
#define CR4_PGE 0x000080u
#define CR4_OSFXSR 0x000200u
#define CR4_OSXMMEXCPT 0x000400u
#define CR4_UMIP 0x000800u
#define CR4_FSGSBASE 0x010000u
#define CR4_OSXSAVE 0x040000u
#define CR4_SMEP 0x100000u
#define CR4_SMAP 0x200000u

static inline uint64_t insn_read_cr0(void)
{
  uint64_t v;
  __asm__ volatile("movq %%cr0, %0" : "=r"(v));
  return v;
}
static inline void insn_write_cr0(uint64_t v)
{
  __asm__ volatile("movq %0, %%cr0" : : "r"(v) : "memory");
}

static inline void insn_write_cr3(uint64_t v)
{
  __asm__ volatile("movq %0, %%cr3" : : "r"(v) : "memory");
}

static inline uint64_t insn_read_cr4(void)
{
  uint64_t v;
  __asm__ volatile("movq %%cr4, %0" : "=r"(v));
  return v;
}
static inline void insn_write_cr4(uint64_t v)
{
  __asm__ volatile("movq %0, %%cr4" : : "r"(v) : "memory");
}

static inline uint64_t insn_rdmsr(uint32_t msr)
{
  uint32_t low, high;
  __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
  return (uint64_t)high << 32 | low;
}
static inline void insn_wrmsr(uint32_t msr, uint64_t v)
{
  __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}

/* With CR4.FSGSBASE only. */
static inline uint64_t insn_rdfsbase(void)
{
  uint64_t base;
  __asm__ volatile("rdfsbase %0" : "=r"(base));
  return base;
}
static inline void insn_wrfsbase(uint64_t base)
{
  __asm__ volatile("wrfsbase %0" : : "r"(base));
}

static inline void insn_xsetbv(uint32_t index, uint64_t v)
{
  __asm__ volatile("xsetbv" : : "c"(index), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

struct cpuid {
  uint32_t eax, ebx, ecx, edx;
};
static inline struct cpuid insn_cpuid(uint32_t leaf, uint32_t subleaf)
{
  struct cpuid r;
  __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
  return r;
}

static inline uint64_t insn_rdtsc(void)
{
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (uint64_t)high << 32 | low;
}

/* Reads the time-stamp counter after every earlier instruction has finished. */
static inline uint64_t insn_rdtsc_ordered(void)
{
  uint32_t low, high;
  __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
  return (uint64_t)high << 32 | low;
}

static inline void insn_invlpg(uintptr_t va)
{
  __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static inline void insn_lgdt(const struct descriptor_pointer *p)
{
  __asm__ volatile("lgdt %0" : : "m"(*p));
}
static inline void insn_lidt(const struct descriptor_pointer *p)
{
  __asm__ volatile("lidt %0" : : "m"(*p));
}
static inline void insn_sgdt(struct descriptor_pointer *p)
{
  __asm__ volatile("sgdt %0" : "=m"(*p));
}
static inline void insn_sidt(struct descriptor_pointer *p)
{
  __asm__ volatile("sidt %0" : "=m"(*p));
}
static inline void insn_ltr(uint16_t selector)
{
  __asm__ volatile("ltr %0" : : "r"(selector));
}
static inline uint16_t insn_str(void)
{
  uint16_t selector;
  __asm__ volatile("str %0" : "=r"(selector));
  return selector;
}

static inline void insn_cli(void)
{
  __asm__ volatile("cli" : : : "memory");
}
static inline void insn_sti(void)
{
  __asm__ volatile("sti" : : : "memory");
}
static inline void insn_hlt(void)
{
  __asm__ volatile("hlt" : : : "memory");
}
static inline void insn_mfence(void)
{
  __asm__ volatile("mfence" : : : "memory");
}
static inline void insn_pause(void)
{
  __asm__ volatile("pause" : : : "memory");
}

/* Not volatile, so that it costs nothing where nobody looks at what it answers; the memory it clobbers keeps its place among
 * what changes the flags. */
static inline uint64_t insn_read_flags(void)
{
  uint64_t v;
  __asm__("pushfq; popq %0" : "=r"(v) : : "memory");
  return v;
}

static inline uint8_t insn_in8(uint16_t port)
{
  uint8_t v;
  __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
  return v;
}
static inline void insn_out8(uint16_t port, uint8_t v)
{
  __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline uint16_t insn_in16(uint16_t port)
{
  uint16_t v;
  __asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port) : "memory");
  return v;
}
static inline void insn_out16(uint16_t port, uint16_t v)
{
  __asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline uint32_t insn_in32(uint16_t port)
{
  uint32_t v;
  __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
  return v;
}
static inline void insn_out32(uint16_t port, uint32_t v)
{
  __asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

#endif
