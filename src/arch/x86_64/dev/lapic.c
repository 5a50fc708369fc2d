/* The local APIC; see dev/lapic.h. Intel SDM vol. 3A, 10.4 (registers), 10.5 (local vector table, timer), 10.12
 * (x2APIC). Interrupts are disabled wherever this is called, but for lapic_eoi's callers, who are in one. */
#include "lapic.h"

#include "../insn.h"
#include "../io.h"
#include "clock.h"
#include <fmt/trapframe.h>
#include <kern/arch.h>
#include <kern/log.h>

#define MSR_APIC_BASE 0x1Bu
#define APIC_BASE_X2APIC 0x400u
#define APIC_BASE_ENABLE 0x800u
#define APIC_BASE_ADDRESS 0x000FFFFFFFFFF000ull
#define MSR_TSC_DEADLINE 0x6E0u
#define MSR_X2APIC 0x800u /* register at offset r is MSR_X2APIC + r / 16 */
#define CPUID1_EDX_APIC (1u << 9)
#define CPUID1_ECX_X2APIC (1u << 21)
#define CPUID1_ECX_TSC_DEADLINE (1u << 24)

enum lapic_register {
  REG_ID = 0x020,
  REG_TASK_PRIORITY = 0x080,
  REG_EOI = 0x0B0,
  REG_SPURIOUS = 0x0F0,
  REG_ERROR = 0x280,
  REG_LVT_TIMER = 0x320,
  REG_LVT_LINT0 = 0x350,
  REG_LVT_LINT1 = 0x360,
  REG_LVT_ERROR = 0x370,
  REG_INITIAL_COUNT = 0x380,
  REG_CURRENT_COUNT = 0x390,
  REG_DIVIDE = 0x3E0,
};
#define REGISTERS_SIZE 0x400u
#define XAPIC_ID_SHIFT 24
#define SPURIOUS_ENABLE 0x100u
#define LVT_NMI 0x400u
#define LVT_EXTINT 0x700u
#define LVT_ACTIVE_LOW 0x2000u
#define LVT_MASKED 0x10000u
#define LVT_TIMER_DEADLINE 0x40000u
#define DIVIDE_BY_16 0x3u

#define MEASURE_NS 1000000u
#define SAMPLES 8

static volatile uint32_t *registers; /* null in x2APIC mode */

static uint32_t read_register(enum lapic_register r)
{
  return registers ? registers[r / 4] : (uint32_t)insn_rdmsr(MSR_X2APIC + r / 16);
}

static void write_register(enum lapic_register r, uint32_t value)
{
  if (registers)
    registers[r / 4] = value;
  else
    insn_wrmsr(MSR_X2APIC + r / 16, value);
}

/* Finds the registers, in x2APIC mode from now on if that is wanted. A processor goes there by way of the other mode,
 * and not back. */
static bool attach(bool want_x2apic)
{
  uint64_t base = insn_rdmsr(MSR_APIC_BASE);
  registers = io_registers_at(base & APIC_BASE_ADDRESS, REGISTERS_SIZE);
  want_x2apic |= (base & APIC_BASE_X2APIC) != 0;
  if (!registers && !want_x2apic) return false;
  insn_wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
  if (!want_x2apic) return true;
  insn_wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
  registers = NULL;
  return true;
}

static uint32_t uid_of(const struct acpi_madt *madt, uint32_t apic_id)
{
  for (unsigned i = 0; i < MIN(madt->ncpus, ACPI_CPUS_MAX); i++)
    if (madt->cpus[i].apic_id == apic_id) return madt->cpus[i].uid;
  return ACPI_ALL_CPUS;
}

static void connect_nmis(const struct acpi_madt *madt)
{
  uint32_t uid = uid_of(madt, lapic_id());
  write_register(REG_LVT_LINT0, LVT_MASKED);
  write_register(REG_LVT_LINT1, LVT_MASKED);
  for (unsigned i = 0; i < madt->nnmis; i++) {
    const struct acpi_nmi *nmi = &madt->nmis[i];
    if (nmi->uid != ACPI_ALL_CPUS && nmi->uid != uid) continue;
    write_register(nmi->lint ? REG_LVT_LINT1 : REG_LVT_LINT0, LVT_NMI | (nmi->signal.active_low ? LVT_ACTIVE_LOW : 0));
  }
}

bool lapic_init(const struct acpi_madt *madt)
{
  struct cpuid id = insn_cpuid(1, 0);
  if (!(id.edx & CPUID1_EDX_APIC) || !attach(id.ecx & CPUID1_ECX_X2APIC)) return false;
  write_register(REG_TASK_PRIORITY, 0);
  write_register(REG_SPURIOUS, SPURIOUS_ENABLE | VECTOR_APIC_SPURIOUS);
  write_register(REG_LVT_TIMER, LVT_MASKED);
  connect_nmis(madt);
  write_register(REG_ERROR, 0);
  write_register(REG_LVT_ERROR, VECTOR_APIC_ERROR);
  lapic_eoi(); /* of what the firmware may have left in service */
  return true;
}

void lapic_virtual_wire(void)
{
  if (!(insn_cpuid(1, 0).edx & CPUID1_EDX_APIC) || !(insn_rdmsr(MSR_APIC_BASE) & APIC_BASE_ENABLE)) return;
  if (!attach(false)) return;
  write_register(REG_TASK_PRIORITY, 0);
  write_register(REG_SPURIOUS, SPURIOUS_ENABLE | VECTOR_APIC_SPURIOUS);
  write_register(REG_LVT_TIMER, LVT_MASKED);
  write_register(REG_LVT_LINT0, LVT_EXTINT);
  write_register(REG_LVT_LINT1, LVT_NMI);
}

bool lapic_is_x2apic(void)
{
  return !registers;
}

uint32_t lapic_id(void)
{
  uint32_t id = read_register(REG_ID);
  return registers ? id >> XAPIC_ID_SHIFT : id;
}

void lapic_eoi(void)
{
  write_register(REG_EOI, 0);
}

void lapic_interrupt(unsigned vector)
{
  if (vector != VECTOR_APIC_ERROR) return; /* a spurious interrupt is not in service (10.9) */
  write_register(REG_ERROR, 0);            /* latches what to read */
  uint32_t error = read_register(REG_ERROR);
  if (error) log_warn("local APIC: error 0x%x", error);
  lapic_eoi();
}

bool lapic_timer_has_deadline(void)
{
  return insn_cpuid(1, 0).ecx & CPUID1_ECX_TSC_DEADLINE;
}

/* One moment on both clocks: of a few attempts the one that took least. */
static uint64_t sample(uint32_t *count)
{
  uint64_t at = 0, best = UINT64_MAX;
  for (unsigned i = 0; i < SAMPLES; i++) {
    uint64_t before = clock_now();
    uint32_t now = read_register(REG_CURRENT_COUNT);
    uint64_t width = clock_now() - before;
    if (width >= best) continue;
    best = width;
    at = before + width / 2;
    *count = now;
  }
  return at;
}

uint64_t lapic_timer_measure(void)
{
  uint32_t first, last;
  write_register(REG_DIVIDE, DIVIDE_BY_16);
  write_register(REG_LVT_TIMER, LVT_MASKED);
  write_register(REG_INITIAL_COUNT, UINT32_MAX);
  uint64_t start = sample(&first), end;
  do end = sample(&last);
  while (end - start < MEASURE_NS);
  write_register(REG_INITIAL_COUNT, 0);
  return (uint64_t)(first - last) * NS_PER_SEC / (end - start);
}

static uint32_t lvt_timer = LVT_MASKED;

void lapic_timer_start(bool deadline)
{
  lvt_timer = (VECTOR_IRQ_BASE + IRQ_TIMER) | (deadline ? LVT_TIMER_DEADLINE : 0);
  write_register(REG_DIVIDE, DIVIDE_BY_16);
  write_register(REG_LVT_TIMER, lvt_timer);
  insn_mfence(); /* a deadline must not overtake the mode (10.5.4.1) */
}

void lapic_timer_set_mask(bool masked)
{
  write_register(REG_LVT_TIMER, masked ? lvt_timer | LVT_MASKED : lvt_timer);
  insn_mfence();
}

void lapic_timer_count(uint32_t count)
{
  write_register(REG_INITIAL_COUNT, count);
}

void lapic_timer_deadline(uint64_t tsc)
{
  insn_wrmsr(MSR_TSC_DEADLINE, tsc);
}
