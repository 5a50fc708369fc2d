/*
 * Machine checks: the processor's own report that it, its caches or the memory failed. Without CR4.MCE it would shut
 * down instead of telling. Intel SDM vol. 3B, 15.3 "Machine-check MSRs", 15.10 "Guidelines for writing machine-check
 * software".
 */
#include "cpu.h"
#include "insn.h"
#include <kern/panic.h>

#define MCG_CAP_BANKS 0xFFu
#define MCG_CAP_CTL 0x100u
#define BANK_MSRS 4u
#define BANK_STATUS 1u
#define STATUS_VALID (1ull << 63)

static unsigned bank_count(void)
{
  return cpu_features.mca ? (unsigned)(insn_rdmsr(MSR_MCG_CAP) & MCG_CAP_BANKS) : 0;
}

void machine_check_init_cpu(void)
{
  if (!cpu_features.mce) return;
  if (cpu_features.mca && insn_rdmsr(MSR_MCG_CAP) & MCG_CAP_CTL) insn_wrmsr(MSR_MCG_CTL, UINT64_MAX);
  for (unsigned bank = 0; bank < bank_count(); bank++) {
    insn_wrmsr(MSR_MC0_CTL + bank * BANK_MSRS, UINT64_MAX);
    insn_wrmsr(MSR_MC0_CTL + bank * BANK_MSRS + BANK_STATUS, 0); /* what is left from before the boot is nobody's */
  }
  insn_write_cr4(insn_read_cr4() | CR4_MCE);
}

NORETURN void machine_check_report(const struct trapframe *tf)
{
  for (unsigned bank = 0; bank < bank_count(); bank++) {
    uint64_t status = insn_rdmsr(MSR_MC0_CTL + bank * BANK_MSRS + BANK_STATUS);
    if (status & STATUS_VALID)
      panic_trap(tf, "machine check: bank %u, status 0x%016llx", bank, (unsigned long long)status);
  }
  panic_trap(tf, "machine check: no bank says why");
}
