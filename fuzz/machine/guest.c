/*
 * See guest.h. Two stacks of control: the fuzzer's (guest_boot, guest_run) and the machine's, switched by the image's switch.S.
 * What is static here is the fuzzer's and not part of the snapshot.
 */
#include "guest.h"
#include "cost.h"
#include "wall.h"

#include "../../src/kern/mm/kva.h"
#include "../../src/sim/machine.h"
#include <fmt/switch.h>
#include <kern/clock.h>
#include <kern/kasan.h>
#include <kern/kmem.h>
#include <kern/pmap.h>
#include <kern/pmm.h>
#include <kern/process.h>
#include <kern/string.h>
#include <kern/thread.h>
#include <uapi/syscalls.h>

#define MEMORY MIB(16)
#define BOOT_STACK MIB(1)
#define WARM_CHILDREN 8    /* as many kernel stacks as the kernel keeps */
#define PROCESSES_MAX 256u /* more than any input starts */
#define MOMENT_NS 1000000u
#define MOMENTS_MAX 8u /* that threads which are preempted on their last steps may take */
#define HASH_EVERY 1000u

/* Around the kernel's and the machine's data: state.lds. */
extern char kernel_state_begin[], kernel_state_end[];

static _Alignas(4096) char boot_stack[BOOT_STACK];
static void *fuzzer_sp, *fuzzer_stack, *snapshot_sp, *fuzzer_fake;
static size_t fuzzer_stack_size;

static enum phase { BOOTING, RUNNING } phase;
static unsigned spawned, reaped; /* by init while booting */
static bool init_spawns;         /* its present call */
static enum { INIT_WAITS, INIT_SLEEPS } init_state;
static const struct guest_user *user;
static bool killed_all;
static unsigned moments;
static enum guest_end end;
static bool nothing_left;
struct counts {
  uint64_t objects, memory_pages, pipe_pages;
};
/* What there is at some point of an empty run: as it is, and when the heap has given back what it keeps for later. */
struct usual {
  struct counts counts, reclaimed;
};
static struct usual at_begin, at_end;
static bool usual_known;
static uint64_t hash; /* the snapshot's */
static unsigned runs;

/* ---- between the fuzzer and the machine ---- */

static void enter_machine(void *sp, const void *stack, size_t size)
{
  host_stack_leave(&fuzzer_fake, stack, size);
  x86_switch(&fuzzer_sp, sp);
  host_stack_enter(fuzzer_fake);
}

/* Back to the fuzzer. `save`: where this stack goes on when the machine is entered again. */
static void leave_machine(void **save)
{
  void *fake;
  host_stack_leave(&fake, fuzzer_stack, fuzzer_stack_size);
  x86_switch(save, fuzzer_sp);
  host_stack_enter(fake);
}

static NORETURN void end_run(enum guest_end how)
{
  void *nowhere;
  end = how;
  leave_machine(&nowhere);
  __builtin_trap();
}

/* A panic has printed its report. Programs may not switch off. */
void guest_off(int status)
{
  host_fatal(status, "the machine went off with status %d", status);
}

bool guest_fault(uintptr_t at, bool write, bool fetch)
{
  uint64_t error, access = (write ? PF_WRITE : 0) | (fetch ? PF_FETCH : 0);
  return machine_mmu_in_window(at) && machine_mmu_fault(at, access, &error);
}

/* But init. */
static void kill_all(void)
{
  static struct process_info all[PROCESSES_MAX];
  size_t count = process_list(all, PROCESSES_MAX);
  REQUIRE(count <= PROCESSES_MAX);
  for (size_t i = 0; i < count; i++) {
    struct process *p;
    if (all[i].pid == INIT_PID || process_find(all[i].pid, &p)) continue;
    (void)process_kill(p, EXIT_KILLED, FAULT_KILL);
    object_unref(&p->object);
  }
}

/* Everybody sleeps for good: what is left is killed, once, for whatever sleeps must wake from that. */
void guest_idle(void)
{
  if (phase == BOOTING) host_fatal(0, "the machine does not come up");
  /* 292 years on, where no sleep ends (sys_nanosleep), init's own does not. All it waited for has. */
  if (init_state == INIT_SLEEPS && clock_monotonic_ns() > (uint64_t)INT64_MAX - MOMENT_NS) {
    nothing_left = true;
    end_run(GUEST_DONE);
  }
  if (killed_all) end_run(GUEST_STUCK);
  killed_all = true;
  kill_all();
  machine_irq_raise(MACHINE_ATTENTION);
}

/* ---- user mode ---- */

void guest_set_call(struct trapframe *tf, uint64_t number, const uint64_t args[6])
{
  tf->vector = VECTOR_SYSCALL;
  tf->error = tf->cr2 = 0;
  tf->rax = number;
  tf->rdi = args[0], tf->rsi = args[1], tf->rdx = args[2];
  tf->r10 = args[3], tf->r8 = args[4], tf->r9 = args[5];
}

static struct counts count(void)
{
  struct kmem_stats heap;
  kmem_get_stats(&heap);
  return (struct counts){heap.objects, pmm_owner_pages(PMM_MEMORY), pmm_owner_pages(PMM_PIPES)};
}

static bool same_counts(struct counts a, struct counts b)
{
  return a.objects == b.objects && a.memory_pages == b.memory_pages && a.pipe_pages == b.pipe_pages;
}

/* In a thread of the machine's. Reclaiming takes long, so it is done only when there is a doubt. */
static void look_for_leaks(struct usual *usual)
{
  if (!usual_known) usual->counts = count();
  nothing_left = same_counts(count(), usual->counts);
  if (usual_known && nothing_left) return;
  kmem_reclaim();
  if (!usual_known) usual->reclaimed = count();
  nothing_left = same_counts(count(), usual->reclaimed);
}

void guest_stop(void)
{
  look_for_leaks(&at_begin);
  end_run(GUEST_DONE);
}

/* init starts some children that exit at once, so that the kernel's caches are filled, then the one that the run begins with,
 * and waits for whatever there is. */
static void init_step(struct trapframe *tf)
{
  init_spawns = phase == BOOTING && (spawned < WARM_CHILDREN || (spawned == WARM_CHILDREN && reaped == WARM_CHILDREN));
  if (init_spawns) {
    spawned++;
    guest_set_call(tf, SYS_spawn, (uint64_t[6]){GUEST_STRINGS + SLOT_CHILD * GUEST_SLOT});
  } else if (init_state == INIT_SLEEPS) {
    guest_set_call(tf, SYS_nanosleep, (uint64_t[6]){MOMENT_NS});
  } else {
    guest_set_call(tf, SYS_wait, (uint64_t[6]){(uint64_t)WAIT_ANY});
  }
}

static void init_result(const struct trapframe *tf)
{
  int64_t result = (int64_t)tf->rax;
  if (phase == BOOTING) {
    if (result < 0) host_fatal(0, "init cannot start or wait for a child: error %d", (int)-result);
    if (!init_spawns) reaped++;
  } else if (init_state == INIT_SLEEPS) {
    look_for_leaks(&at_end);
    if (nothing_left || ++moments == MOMENTS_MAX) end_run(GUEST_DONE);
  } else if (result == -ECHILD) {
    init_state = INIT_SLEEPS; /* a thread may still be on its last steps when its process is reaped */
  }
}

KASAN_EXEMPT static void touch(void *context, vaddr_t va, const struct pmap_entry *entry)
{
  volatile uint8_t *byte = (volatile uint8_t *)va;
  (void)context, (void)entry;
  *byte = *byte;
}

/* The heap has pages that nobody has written to: the host maps them, so that no run has to, nor its reset to undo that. */
static void touch_heap(void)
{
  pmap_visit_range(&kernel_pmap, kva_heap_window.base, kva_heap_window.base + kva_heap_window.size, touch, NULL);
}

/* The first program has done what it was to do: the snapshot is taken here, and every run begins here. False: it has not, and
 * does something else first. */
static bool reach_snapshot(int pid, struct trapframe *tf)
{
  if (phase == RUNNING || spawned <= WARM_CHILDREN) return true;
  if (user && user->step(pid, tf)) return false;
  touch_heap();
  phase = RUNNING;
  leave_machine(&snapshot_sp);
  return true;
}

static void program_step(int pid, struct trapframe *tf)
{
  if (!reach_snapshot(pid, tf)) return;
  guest_set_call(tf, SYS_exit, (uint64_t[6]){0});
  if (phase == RUNNING && !user->step(pid, tf)) guest_set_call(tf, SYS_exit, (uint64_t[6]){0});
}

const char machine_user_entry[1], machine_kernel_entry[1]; /* nothing is delivered by signals */

void machine_return(void)
{
  struct trapframe *tf = host_crossing.thread->frame;
  for (;;) {
    if (machine_irq_waits()) {
      tf->vector = VECTOR_IRQ_BASE;
      machine_user_pending(tf);
      continue;
    }
    int pid = thread_current()->process->pid;
    if (pid == INIT_PID)
      init_step(tf);
    else
      program_step(pid, tf);
    tf->cs = SELECTOR_USER_CODE;
    tf->ss = SELECTOR_USER_DATA;
    machine.irq_on = false;
    machine_user_trap(tf);
    if (pid == INIT_PID)
      init_result(tf);
    else if (user && user->result)
      user->result(pid, tf);
  }
}

/* ---- the fuzzer's side ---- */

static void boot(void *arg)
{
  struct machine_options *options = arg;
  host_stack_enter(NULL);
  machine_start(options);
}

static bool exit_at_once(int pid, struct trapframe *tf)
{
  (void)pid, (void)tf;
  return false;
}

static bool stop_at_once(int pid, struct trapframe *tf)
{
  (void)pid, (void)tf;
  guest_stop();
}

void guest_boot(const struct guest_user *setup)
{
  static struct machine_options options = {
    .memory = MEMORY,
    .initrd = "initrd",
    .cmdline = "loglevel=error",
    .virtual_clock = true,
    .switch_asm = true,
  };
  struct guest_bytes initrd = guest_initrd();
  wall_set_initrd(initrd.bytes, initrd.size);
  host_stack_bounds(&fuzzer_stack, &fuzzer_stack_size);
  user = setup;
  enter_machine(x86_switch_prepare(boot_stack + sizeof boot_stack, boot, &options), boot_stack, sizeof boot_stack);
  wall_snapshot(kernel_state_begin, (size_t)(kernel_state_end - kernel_state_begin));
  static const struct guest_user exits = {.step = exit_at_once}, stops = {.step = stop_at_once};
  if (guest_run(&exits, 0, 0) != GUEST_DONE) host_fatal(0, "the first program does not end");
  (void)guest_run(&stops, 0, 0);
  usual_known = true;
  hash = wall_hash();
}

enum guest_end guest_run(const struct guest_user *what, uint64_t seed, uint64_t preempt)
{
  const struct machine_options options = {.seed = seed, .preempt_rate = preempt};
  size_t changed, open;
  user = what;
  killed_all = false;
  moments = 0;
  init_state = INIT_WAITS;
  machine_seed(seed);
  machine_preempt_init(&options);
  const struct arch_context *ctx = machine.current;
  cost_run_begins();
  enter_machine(snapshot_sp, ctx->stack, ctx->stack_size);
  cost_reset_begins();
  changed = wall_restore(&open);
  cost_reset_ends(changed, open);
  REQUIRE(!usual_known || ++runs % HASH_EVERY || wall_hash() == hash);
  return end;
}

bool guest_left_nothing(void)
{
  return nothing_left;
}
