/* See rig.h. */
#include "rig.h"
#include "rig_host.h"

#include <fmt/paging.h>
#include <fmt/trapframe.h>
#include <kern/cpu.h>
#include <kern/kmem.h>
#include <kern/pmap.h>
#include <kern/pmm.h>
#include <kern/process.h>
#include <kern/vmo.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_PAGES (RIG_WINDOW_SIZE / PAGE_SIZE)

struct rig rig;
vaddr_t arch_direct_map_base;

static struct cpu cpu;
static struct thread thread;
static struct process process;
static struct process *running;
static uint64_t tlb[WINDOW_PAGES]; /* leaf entries translated; 0: none */

/* ---- the window: a small simulated MMU ---- */

static bool on_fault(uintptr_t at, bool write)
{
  struct x86_walk w;
  if (at - RIG_WINDOW >= RIG_WINDOW_SIZE || !rig.root) return false;
  if (!x86_mmu_walk(rig.root, at, write ? PF_WRITE : 0, &w) || w.pa >= rig.memory) return false;
  tlb[(at - RIG_WINDOW) / PAGE_SIZE] = w.entry;
  rig_host_show(ALIGN_DOWN(at, (uintptr_t)PAGE_SIZE), ALIGN_DOWN(w.pa, (paddr_t)PAGE_SIZE), w.write && w.dirty);
  return true;
}

/* ---- the processor, for addresses of any kind: it remembers the translations it used last ---- */

#define CACHED 16u
static struct cached {
  vaddr_t va;
  uint64_t size, entry; /* of the page; 0: none */
} cached[CACHED];

static bool caches(const struct cached *c, vaddr_t va)
{
  return c->size && ALIGN_DOWN(c->va, c->size) == ALIGN_DOWN(va, c->size);
}

bool rig_access(vaddr_t va, uint64_t access)
{
  static unsigned next;
  struct x86_walk w;
  if (!x86_mmu_walk(rig.root, va, access, &w)) return false;
  cached[next++ % CACHED] = (struct cached){.va = va, .size = w.page_size, .entry = w.entry};
  return true;
}

/* Whether the tables still say of an address of its page what was remembered. */
static bool still_right(const struct cached *c, vaddr_t va)
{
  const uint64_t matters = PTE_WRITE | PTE_USER | PTE_NX | PTE_NOCACHE | PTE_WRITE_THROUGH | PTE_GLOBAL;
  struct x86_walk w;
  return x86_mmu_peek(rig.root, va, &w) && !((w.entry ^ c->entry) & matters) &&
         w.pa == (c->entry & PTE_ADDRESS & ~(c->size - 1)) + (va & (c->size - 1));
}

static bool cache_is_right(void)
{
  for (const struct cached *c = cached; c < cached + CACHED; c++) {
    vaddr_t base = c->size ? ALIGN_DOWN(c->va, c->size) : 0;
    if (c->size && !(still_right(c, base) && still_right(c, c->va) && still_right(c, base + c->size - 1))) return false;
  }
  return true;
}

static void cache_drop(bool global)
{
  for (unsigned i = 0; i < CACHED; i++)
    if (global || !(cached[i].entry & PTE_GLOBAL)) cached[i].size = 0;
}

void arch_tlb_flush_page(vaddr_t va)
{
  rig.flushes++;
  for (unsigned i = 0; i < CACHED; i++)
    if (caches(&cached[i], va)) cached[i].size = 0;
  if (va - RIG_WINDOW >= RIG_WINDOW_SIZE) return;
  uint64_t *entry = &tlb[(va - RIG_WINDOW) / PAGE_SIZE];
  if (*entry) rig_host_hide(ALIGN_DOWN(va, (vaddr_t)PAGE_SIZE));
  *entry = 0;
}

void arch_tlb_flush_all(void)
{
  rig.full_flushes++;
  cache_drop(true);
  for (size_t i = 0; i < WINDOW_PAGES; i++) {
    if (tlb[i]) rig_host_hide(RIG_WINDOW + i * PAGE_SIZE);
    tlb[i] = 0;
  }
}

bool rig_tlb_is_right(void)
{
  const uint64_t matters = PTE_ADDRESS | PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NX;
  for (size_t i = 0; i < WINDOW_PAGES; i++) {
    struct x86_walk w;
    if (!tlb[i]) continue;
    if (!x86_mmu_peek(rig.root, RIG_WINDOW + i * PAGE_SIZE, &w) || ((w.entry ^ tlb[i]) & matters)) return false;
  }
  return cache_is_right();
}

bool rig_can_read(const void *p)
{
  return rig_host_try((uintptr_t)p, false);
}

bool rig_can_write(const void *p)
{
  return rig_host_try((uintptr_t)p, true);
}

/* ---- the machine ---- */

void rig_machine(uint64_t memory)
{
  rig.memory = memory;
  rig.irq_on = true;
  rig.page_size_max = GIB(1);
  cpu = (struct cpu){.self = &cpu, .current = &thread};
  arch_direct_map_base = rig_host_memory(memory);
  rig_host_reserve(RIG_WINDOW, RIG_WINDOW_SIZE);
  rig_host_on_fault(on_fault);
}

struct cpu *arch_cpu_self(void)
{
  return &cpu;
}

bool arch_irq_enabled(void)
{
  return rig.irq_on;
}

bool arch_irq_disable(void)
{
  bool was_on = rig.irq_on;
  rig.irq_on = false;
  return was_on;
}

void arch_irq_restore(bool enabled)
{
  rig.irq_on = enabled;
  rig.irq_times_on += enabled;
}

struct arch_window arch_kernel_window(void)
{
  return (struct arch_window){.base = RIG_WINDOW, .size = RIG_WINDOW_SIZE};
}

struct arch_image arch_kernel_image(void)
{
  return (struct arch_image){0};
}

int arch_kernel_pmap_fill(paddr_t root, const struct bootinfo *bi)
{
  (void)root, (void)bi;
  return 0;
}

uint64_t arch_page_size_max(void)
{
  return rig.page_size_max;
}

void arch_aspace_activate(paddr_t root)
{
  rig.activations++;
  cache_drop(false);
  rig.root = root;
}

void arch_early_putc(char c)
{
  if (rig.printed_length < sizeof rig.printed - 1) rig.printed[rig.printed_length++] = c;
}

void arch_halt(int status)
{
  (void)status;
  if (rig.halt_says && strstr(rig.printed, rig.halt_says)) _Exit(RIG_HALTED);
  ck_abort_msg("the kernel halted: %s", rig.printed);
  abort();
}

void arch_timer_arm(uint64_t deadline)
{
  (void)deadline;
}

uint64_t arch_clock_read(void)
{
  return 0;
}

uint64_t arch_clock_epoch(void)
{
  return 0;
}

void arch_relax(void) {}

uintptr_t arch_text_base(void)
{
  return 0;
}

size_t arch_backtrace(const struct trapframe *tf, uintptr_t *pcs, size_t max)
{
  (void)tf, (void)pcs, (void)max;
  return 0;
}

/* ---- threads and processes: one of each ---- */

struct thread *thread_current(void)
{
  return &thread;
}

void sched_preempt(void) {}

void sched_slice_end(void) {}

struct process *process_current(void)
{
  return running;
}

/* Nobody else holds a mutex, so nobody waits. */
bool sched_block(struct spinlock *lock, bool interruptible)
{
  (void)lock, (void)interruptible;
  abort();
}

bool sched_wake_reason(struct thread *t, int reason)
{
  (void)t, (void)reason;
  abort();
}

bool sched_wake_inner(struct thread *t, int reason)
{
  (void)t, (void)reason;
  abort();
}

void sched_wake(struct thread *t)
{
  (void)t;
  abort();
}

void rig_set_aspace(struct aspace *as)
{
  process.aspace = as;
  running = as ? &process : NULL;
  thread.process = running;
}

/* ---- the kernel ---- */

void rig_memory_map(struct bootinfo *bi)
{
  ck_assert_int_eq(bootinfo_add_region(bi, 0, KIB(640), MEM_USABLE), 0);
  ck_assert_int_eq(bootinfo_add_region(bi, KIB(640), KIB(384), MEM_RESERVED), 0);
  ck_assert_int_eq(bootinfo_add_region(bi, MIB(1), rig.memory - MIB(1), MEM_USABLE), 0);
}

void rig_boot(uint64_t memory, const char *cmdline)
{
  static struct bootinfo bi;
  rig_machine(memory);
  rig_memory_map(&bi);
  strcpy(bi.cmdline, cmdline);
  ck_assert_int_eq(bootinfo_sanitize(&bi), 0);
  bootmem_init(&bi);
  ck_assert_int_eq(pmap_init(&bi), 0);
  ck_assert_int_eq(pmm_init(&bi), 0);
  ck_assert_int_eq(kmem_init(), 0);
  ck_assert_int_eq(vmo_init(), 0);
}

void rig_boot_default(void)
{
  rig_boot(MIB(64), "");
}

/* ---- running ---- */

bool rig_all_bytes(const void *p, uint8_t value, size_t n)
{
  const uint8_t *bytes = p;
  return n == 0 || (bytes[0] == value && memcmp(bytes, bytes + 1, n - 1) == 0);
}
