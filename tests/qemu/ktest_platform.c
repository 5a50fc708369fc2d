/* The PC around the processor: interrupt controllers as they were programmed, timers and clocks against each other. */
#include "dev/acpi.h"
#include "dev/interrupts.h"
#include "dev/lapic.h"
#include "dev/timer.h"
#include "insn.h"
#include "io.h"
#include <fmt/trapframe.h>
#include <kern/arch.h>
#include <kern/clock.h>
#include <kern/cpu.h>
#include <kern/ktest.h>
#include <kern/thread.h>
#include <kern/timer.h>

#define PIC_MASTER_MASK 0x21
#define PIC_SLAVE_MASK 0xA1

static uint32_t lapic_register(unsigned offset)
{
  if (lapic_is_x2apic()) return (uint32_t)insn_rdmsr(0x800 + offset / 16);
  return arch_io_read(IO_MMIO, (insn_rdmsr(0x1B) & 0xFFFFF000) + offset, 4);
}

KTEST(platform_pic_is_masked)
{
  uint8_t master = insn_in8(PIC_MASTER_MASK), slave = insn_in8(PIC_SLAVE_MASK);
  if (interrupts_by_apic()) {
    ktest_check(master == 0xFF && slave == 0xFF);
  } else {
    ktest_check(!(master & 1u << IRQ_TIMER) && !(master & 1u << IRQ_SERIAL));
    ktest_check(slave == 0xFF);
  }
}

KTEST(platform_local_apic_is_enabled)
{
  if (!interrupts_by_apic()) return;
  ktest_check(lapic_register(0x80) == 0);               /* every priority is let through */
  ktest_check((lapic_register(0xF0) & 0x1FF) == 0x1FF); /* enabled, spurious vector */
  ktest_check(lapic_register(0x350) & 0x10000);         /* the 8259's line is masked */
  ktest_check((lapic_register(0x370) & 0x100FF) == VECTOR_APIC_ERROR);
  ktest_check(((lapic_register(0x320) & 0x100FF) == VECTOR_IRQ_BASE) == timer_is_local());
}

/* The entry of an ISA interrupt in the first I/O APIC, found as the firmware says. */
static uint64_t ioapic_entry(unsigned irq)
{
  paddr_t base = acpi.madt.ioapics[0].address;
  unsigned index = acpi.madt.isa[irq].gsi - acpi.madt.ioapics[0].gsi_base;
  arch_io_write(IO_MMIO, base, 4, 0x10 + 2 * index);
  uint64_t low = arch_io_read(IO_MMIO, base + 0x10, 4);
  arch_io_write(IO_MMIO, base, 4, 0x11 + 2 * index);
  return low | (uint64_t)arch_io_read(IO_MMIO, base + 0x10, 4) << 32;
}

#define ENTRY_MASKED 0x10000u
#define ENTRY_STATUS 0x5000u /* delivery pending, remote IRR: whatever they are just now */

KTEST(platform_io_apic_routes)
{
  if (!interrupts_by_apic()) return;
  for (unsigned irq = 1; irq < IRQ_COUNT; irq++) {
    bool displaced = irq == 2; /* the timer's override has its line */
    if (displaced && acpi.madt.isa[0].gsi == 2) continue;
    uint64_t entry = ioapic_entry(irq);
    const struct acpi_signal *s = &acpi.madt.isa[irq].signal;
    uint32_t wanted = (VECTOR_IRQ_BASE + irq) | (s->active_low ? 0x2000u : 0) | (s->level ? 0x8000u : 0);
    ktest_check(((uint32_t)entry & ~(ENTRY_MASKED | ENTRY_STATUS)) == wanted);
    ktest_check(entry >> 56 == lapic_id());
  }
  ktest_check(!(ioapic_entry(IRQ_SERIAL) & ENTRY_MASKED));
  ktest_check(ioapic_entry(8) & ENTRY_MASKED);
  arch_irq_unmask(8);
  ktest_check(!(ioapic_entry(8) & ENTRY_MASKED));
  arch_irq_mask(8);
  ktest_check(ioapic_entry(8) & ENTRY_MASKED);
  arch_irq_unmask(IRQ_COUNT); /* no such line: nothing happens */
}

/* Neither is in service, and both return. */
KTEST(platform_apic_vectors_are_survived)
{
  if (!interrupts_by_apic()) return;
  __asm__ volatile("int $0xFF; int $0xFE" : : : "memory");
  ktest_check(arch_irq_enabled());
}

/* A masked timer is silent; the interrupt it was set for comes when it is unmasked, or with the next setting. */
static unsigned fired;

static void count_fire(struct timer *t UNUSED)
{
  fired++;
}

KTEST(platform_timer_can_be_masked)
{
  struct timer t = {0}, again = {0};
  fired = 0;
  arch_irq_mask(IRQ_TIMER);
  timer_arm(&t, arch_clock_read() + 1000000, count_fire);
  for (uint64_t end = arch_clock_read() + 5000000; arch_clock_read() < end;) arch_relax();
  ktest_check(__atomic_load_n(&fired, __ATOMIC_RELAXED) == 0);
  arch_irq_unmask(IRQ_TIMER);
  timer_arm(&again, 0, count_fire);
  while (__atomic_load_n(&fired, __ATOMIC_RELAXED) < 2) arch_relax();
}

/*
 * A timer of 1 kHz, each deadline a millisecond after the last, over ten seconds of the calendar chip, while the
 * processor idles. Run when named: under QEMU's -icount and -rtc clock=vm (platform.sh) both clocks are the guest's own,
 * so that the host's load does not matter.
 */
#define SECONDS 10u
#define PERIOD_NS 1000000u
#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71

static struct {
  struct timer timer;
  uint64_t next;
  uint8_t second;
  unsigned changes; /* of the seconds; counting is from the first to the last */
  unsigned ticks;
  uint64_t interrupts;
} kilohertz;

static uint8_t cmos_second(void)
{
  insn_out8(CMOS_INDEX, 0);
  return insn_in8(CMOS_DATA);
}

static void tick(struct timer *t)
{
  uint8_t second = cmos_second();
  if (second != kilohertz.second) {
    kilohertz.second = second;
    if (kilohertz.changes++ == 0) kilohertz.interrupts = cpu_self()->interrupts;
    if (kilohertz.changes > SECONDS) {
      kilohertz.interrupts = cpu_self()->interrupts - kilohertz.interrupts;
      return;
    }
  }
  if (kilohertz.changes > 0) kilohertz.ticks++;
  kilohertz.next += PERIOD_NS;
  timer_arm(t, kilohertz.next, tick);
}

static bool within_two_percent(uint64_t count)
{
  const uint64_t wanted = SECONDS * NS_PER_SEC / PERIOD_NS;
  return count >= wanted - wanted / 50 && count <= wanted + wanted / 50;
}

KTEST(rate_of_1_kilohertz_by_the_calendar)
{
  kilohertz.second = cmos_second();
  kilohertz.next = arch_clock_read();
  timer_arm(&kilohertz.timer, kilohertz.next, tick);
  ktest_check(thread_sleep_until(arch_clock_read() + (SECONDS + 3) * NS_PER_SEC) == 0);
  ktest_check(kilohertz.changes > SECONDS);
  ktest_check(within_two_percent(kilohertz.ticks));
  ktest_check(within_two_percent(kilohertz.interrupts)); /* each deadline by an interrupt of its own */
}
