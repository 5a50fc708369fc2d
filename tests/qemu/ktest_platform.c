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

static unsigned fired;

static void count_fire(struct timer *t UNUSED)
{
  fired++;
}

/* ---- interrupts without a cause (Intel 8259A data sheet, "Edge and level triggered modes"; SDM vol. 3A, 10.9) ---- */

#define PIC_MASTER 0x20
#define PIC_SLAVE 0xA0
#define PIC_REQUESTS 0x0A /* which register is read */
#define PIC_IN_SERVICE 0x0B
#define PIC_CASCADE 2
#define IRQ_CALENDAR 8

#define RAISE(vector) __asm__ volatile("int %0" : : "i"(vector) : "memory")
#define RAISE_LINE(irq) RAISE(VECTOR_IRQ_BASE + (irq))

static uint8_t pic_lines(uint16_t pic, uint8_t which)
{
  insn_out8(pic, which);
  return insn_in8(pic);
}

/* The timer's bit among the interrupts in service. */
static bool timer_in_service(void)
{
  return interrupts_by_apic() ? lapic_register(0x110) & 1u << (VECTOR_IRQ_BASE + IRQ_TIMER - 32)
                              : pic_lines(PIC_MASTER, PIC_IN_SERVICE) & 1u << IRQ_TIMER;
}

static struct {
  bool before, after, done;
} in_service;

static void raise_in_service(struct timer *t UNUSED)
{
  in_service.before = timer_in_service();
  if (interrupts_by_apic())
    RAISE(VECTOR_APIC_SPURIOUS);
  else
    RAISE_LINE(7);
  in_service.after = timer_in_service();
  __atomic_store_n(&in_service.done, true, __ATOMIC_RELEASE);
}

/* What was not in service is not acknowledged: that would end the interrupt that is. */
KTEST(platform_spurious_interrupts_end_no_other)
{
  struct timer t = {0};
  in_service.done = false;
  timer_arm(&t, 0, raise_in_service);
  while (!__atomic_load_n(&in_service.done, __ATOMIC_ACQUIRE)) arch_relax();
  ktest_check(in_service.before && in_service.after);
}

KTEST(platform_8259_spurious_interrupts_are_not_dispatched)
{
  if (interrupts_by_apic()) return;
  irq_push_off();
  uint64_t before = cpu_self()->interrupts;
  RAISE_LINE(7);
  RAISE_LINE(15);
  uint64_t after = cpu_self()->interrupts;
  irq_pop_off();
  ktest_check(before == after);
}

/* One for which it is too early, and one when nothing is set. False: the kernel was told of one. */
static bool early_interrupts_are_refused(void)
{
  struct timer t = {0};
  irq_push_off();
  timer_prepare_idle(); /* forgets what was set before */
  uint64_t before = cpu_self()->interrupts;
  timer_arm(&t, arch_clock_read() + 1000 * NS_PER_SEC, count_fire);
  RAISE_LINE(IRQ_TIMER);
  (void)timer_cancel(&t);
  timer_prepare_idle();
  RAISE_LINE(IRQ_TIMER);
  uint64_t after = cpu_self()->interrupts;
  irq_pop_off();
  return before == after;
}

/* The kernel would notice that nothing is due, but IRQ_TIMER is not to come before (kern/arch.h). It is told rightly when
 * somebody else's timer is due just then, but not each time. */
KTEST(platform_early_timer_interrupts_are_not_dispatched)
{
  bool refused = false;
  for (unsigned i = 0; i < 10 && !refused; i++) refused = early_interrupts_are_refused();
  ktest_check(refused);
}

static void calendar_interrupts(bool on)
{
  insn_out8(0x70, 0x0B);
  uint8_t b = insn_in8(0x71);
  insn_out8(0x70, 0x0B);
  insn_out8(0x71, on ? b | 0x40 : b & ~0x40);
  insn_out8(0x70, 0x0C);
  (void)insn_in8(0x71);
}

/* A line of the slave is masked when the master has passed its request on: the processor gets line 15, and the master has the
 * slave's line in service, which would hold back every line below it, the serial port's among them. */
KTEST(platform_8259_slave_without_request)
{
  if (interrupts_by_apic()) return;
  irq_push_off();
  arch_irq_unmask(IRQ_CALENDAR);
  calendar_interrupts(true);
  while (!(pic_lines(PIC_SLAVE, PIC_REQUESTS) & 1u << (IRQ_CALENDAR - 8))) arch_relax();
  bool passed_on = pic_lines(PIC_MASTER, PIC_REQUESTS) & 1u << PIC_CASCADE;
  arch_irq_mask(IRQ_CALENDAR);
  calendar_interrupts(false);
  irq_pop_off();
  for (unsigned i = 0; i < 1000; i++) arch_relax();
  irq_push_off();
  uint8_t requests = pic_lines(PIC_MASTER, PIC_REQUESTS), served = pic_lines(PIC_MASTER, PIC_IN_SERVICE);
  irq_pop_off();
  ktest_check(passed_on);
  ktest_check(!(requests & 1u << PIC_CASCADE)); /* it came */
  ktest_check(served == 0);
}

/* Neither is in service, and both return. */
KTEST(platform_apic_vectors_are_survived)
{
  if (!interrupts_by_apic()) return;
  __asm__ volatile("int $0xFF; int $0xFE" : : : "memory");
  ktest_check(arch_irq_enabled());
}

/* A masked timer is silent; the interrupt it was set for comes when it is unmasked, or with the next setting. */
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
