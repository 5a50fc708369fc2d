/*
 * The vector and floating-point registers belong to programs: the kernel is compiled without them. They are saved
 * when a thread that has been in user mode is switched away from, by XSAVE where the processor has it (so that AVX
 * state is kept too), else by FXSAVE. Intel SDM vol. 1, 10.5 "FXSAVE and FXRSTOR", 13 "Managing state using the XSAVE
 * feature set".
 */
#include "cpu.h"
#include "insn.h"
#include <kern/panic.h>
#include <kern/string.h>

#define FXSAVE_SIZE 512u
#define FCW_OFFSET 0
#define FCW_INITIAL 0x037Fu /* all exceptions masked, 64-bit precision */
#define MXCSR_OFFSET 24
#define MXCSR_INITIAL 0x1F80u /* all exceptions masked, round to nearest */

#define XCR0_X87 0x01u
#define XCR0_SSE 0x02u
#define XCR0_AVX 0x04u
#define XCR0_AVX512 0xE0u
#define CPUID_XSAVE 0xDu

static size_t area_size = FXSAVE_SIZE;

/* The state components to save: AVX-512's only all three together, and only over AVX. */
static uint64_t choose_components(void)
{
  struct cpuid leaf = insn_cpuid(CPUID_XSAVE, 0);
  uint64_t available = (uint64_t)leaf.edx << 32 | leaf.eax;
  uint64_t mask = XCR0_X87 | XCR0_SSE;
  if (available & XCR0_AVX) {
    mask |= XCR0_AVX;
    if ((available & XCR0_AVX512) == XCR0_AVX512) mask |= XCR0_AVX512;
  }
  return mask;
}

void fpu_init_cpu(void)
{
  insn_write_cr0((insn_read_cr0() | CR0_MP | CR0_NE) & ~(uint64_t)(CR0_EM | CR0_TS));
  insn_write_cr4(insn_read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT | (cpu_features.xsave ? CR4_OSXSAVE : 0));
  if (!cpu_features.xsave) return;
  cpu_features.xsave_mask = choose_components();
  insn_xsetbv(0, cpu_features.xsave_mask);
  area_size = insn_cpuid(CPUID_XSAVE, 0).ebx; /* for the components enabled now */
}

size_t fpu_area_size(void)
{
  return area_size;
}

void fpu_reset(struct arch_context *ctx)
{
  static const uint16_t fcw = FCW_INITIAL;
  static const uint32_t mxcsr = MXCSR_INITIAL;
  /* An XSAVE header of zeros means: every component in its initial state. */
  memset(ctx->vectors, 0, area_size);
  memcpy((uint8_t *)ctx->vectors + FCW_OFFSET, &fcw, sizeof fcw);
  memcpy((uint8_t *)ctx->vectors + MXCSR_OFFSET, &mxcsr, sizeof mxcsr);
}

void fpu_save(struct arch_context *ctx)
{
  uint8_t(*area)[FXSAVE_SIZE] = ctx->vectors;
  uint64_t mask = cpu_features.xsave_mask;
  if (__builtin_expect(mask != 0, true))
    __asm__ volatile("xsave64 %0" : "+m"(*area) : "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32)) : "memory");
  else
    __asm__ volatile("fxsave64 %0" : "=m"(*area) : : "memory");
}

void fpu_restore(struct arch_context *ctx)
{
  uint8_t(*area)[FXSAVE_SIZE] = ctx->vectors;
  uint64_t mask = cpu_features.xsave_mask;
  if (__builtin_expect(mask != 0, true))
    __asm__ volatile("xrstor64 %0" : : "m"(*area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32)) : "memory");
  else
    __asm__ volatile("fxrstor64 %0" : : "m"(*area) : "memory");
}
