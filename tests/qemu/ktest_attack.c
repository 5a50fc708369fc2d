/*
 * The kernel does what an attacker would have it do: runs a program's page, reads and writes one, writes its own text by
 * either of its addresses, runs data, jumps to null. Each ends in the right fault; on a processor without SMEP or SMAP
 * the first two succeed, and the log says so. (Overflowing the stack, and what no kernel address permits:
 * ktest_machine.c.)
 */
#include "../conformance/guest.h"
#include "cpu.h"
#include "layout.h"
#include <kern/aspace.h>
#include <kern/ktest.h>
#include <kern/log.h>
#include <kern/thread.h>
#include <kern/trap.h>

/* The victim: spins, with a `ret` in its text for the kernel to call. */
#define VICTIM_RET 0x400202ull
static const uint8_t victim_code[] = {0xEB, 0x01, 0xC3, 0xEB, 0xFE}; /* jmp 1f; ret; 1: jmp 1b */
static struct process *victim;

static void start_victim(void)
{
  ktest_check(guest_write_program("/tmp/victim", victim_code, sizeof victim_code) == 0);
  int pid = guest_spawn("/tmp/victim", NULL);
  ktest_check(pid > 0);
  ktest_check(thread_sleep_until(arch_clock_read() + 50000000) == 0); /* its page is there by then */
  ktest_check(process_find(pid, &victim) == 0);
}

static void end_victim(void)
{
  int pid = victim->pid;
  object_unref(&victim->object);
  victim = NULL;
  guest_end(pid);
}

static void read_byte(uintptr_t at)
{
  (void)*(volatile uint8_t *)at;
}
static void write_byte(uintptr_t at)
{
  *(volatile uint8_t *)at = 0x90;
}
static void call_address(uintptr_t at)
{
  __asm__ volatile("call *%0" : : "r"(at) : "memory");
}

struct attack {
  void (*act)(uintptr_t at);
  uintptr_t at;
};

/* On the victim's tables; interrupts off, so that they stay. */
static void attack(void *arg)
{
  const struct attack *a = arg;
  bool enabled = arch_irq_disable();
  aspace_activate(victim->aspace);
  a->act(a->at);
  arch_irq_restore(enabled);
}

enum outcome { DONE, FAULTED, OTHER };

static enum outcome outcome_of(void (*act)(uintptr_t), uintptr_t at, unsigned access)
{
  struct attack a = {act, at};
  struct trap_info info;
  if (!ktest_expect_trap(attack, &a, &info)) return DONE;
  bool right = info.kind == TRAP_PAGE_FAULT && info.addr == at && info.access == access && info.present && !info.user;
  return right ? FAULTED : OTHER;
}

KTEST(machine_attack_on_a_programs_page)
{
  guest_run(start_victim);
  ktest_check(victim);
  struct pmap_entry e;
  bool mapped = pmap_lookup(&victim->aspace->pmap, VICTIM_RET, &e);
  enum outcome executed = outcome_of(call_address, VICTIM_RET, ACCESS_EXEC);
  enum outcome read = outcome_of(read_byte, VICTIM_RET, ACCESS_READ);
  enum outcome written = outcome_of(write_byte, VICTIM_RET, ACCESS_WRITE); /* read-only, too: faults in any case */
  guest_run(end_victim);
  ktest_check(mapped && (e.attrs & (PMAP_USER | PMAP_EXEC)) == (PMAP_USER | PMAP_EXEC));
  if (!cpu_features.smep) log_notice("this processor has no SMEP: the kernel can run a program's page");
  if (!cpu_features.smap) log_notice("this processor has no SMAP: the kernel can read a program's page");
  ktest_check(executed == (cpu_features.smep ? FAULTED : DONE));
  ktest_check(read == (cpu_features.smap ? FAULTED : DONE));
  ktest_check(written == FAULTED);
}

/* The text by the direct map: the same page, read-only there, too. */
KTEST(machine_attack_on_the_texts_other_address)
{
  struct attack a = {write_byte, (uintptr_t)phys_to_virt(LAYOUT_KERNEL_LMA)};
  uint8_t before = *(const uint8_t *)a.at;
  guest_run(start_victim);
  ktest_check(victim);
  enum outcome written = outcome_of(a.act, a.at, ACCESS_WRITE);
  guest_run(end_victim);
  ktest_check(written == FAULTED);
  ktest_check(*(const uint8_t *)a.at == before && *(const uint8_t *)_text_start == before);
}

/* ---- the same to the end: what the panic says. Run when named, by tests/qemu/panic.sh ---- */

KTEST(panic_machine_write_text)
{
  write_byte((uintptr_t)_text_start);
}

KTEST(panic_machine_execute_data)
{
  static uint8_t code[1] = {0xC3};
  call_address((uintptr_t)code);
}

KTEST(panic_machine_jump_to_null)
{
  call_address(0);
}

KTEST(panic_machine_execute_program)
{
  struct attack a = {call_address, VICTIM_RET};
  guest_run(start_victim);
  ktest_check(victim);
  attack(&a);
}

KTEST(panic_machine_read_program)
{
  struct attack a = {read_byte, VICTIM_RET};
  guest_run(start_victim);
  ktest_check(victim);
  attack(&a);
}
