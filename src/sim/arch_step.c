/*
 * Preempting a program that does not enter the kernel, so that it can be done again at the same instruction. What the host
 * did, by a timer, names no point of the run. But a program between two crossings depends on its registers and its memory
 * alone: wherever these are what they were, it is where it was. A record keeps the instruction and a fingerprint of both; a
 * replay steps the program, by the trap flag, until they agree. Exact, and slow: some 2 us a step.
 */
#include "tlb.h"

#include <fmt/trapframe.h>
#include <kern/string.h>

#define STEPS_MOST (1ull << 27)

/* Inside struct _fpstate: the x87 and XMM registers. */
#define VECTOR_REGISTERS 32u
#define VECTOR_REGISTERS_END 416u

static struct {
  bool active;
  uint64_t rip, fingerprint; /* where to stop */
  uint64_t steps;
} step;

static uint64_t fingerprint(const struct host_signal *s)
{
  struct host_regs r = *s->regs;
  r.rflags &= ~(uint64_t)(RFLAGS_TF | RFLAGS_RF);
  r.error = r.trapno = r.oldmask = r.cr2 = 0;
  r.cs = r.gs = r.fs = r.ss = 0;
  uint64_t hash = machine_hash(&r, sizeof r);
  hash ^= machine_hash((const char *)s->vector + VECTOR_REGISTERS, VECTOR_REGISTERS_END - VECTOR_REGISTERS);
  hash ^= host_crossing.thread->user_fs;
  TLB_FOR_EACH (&tlb_user, page)
    if (tlb_user.slots[page] & SLOT_WRITE)
      hash = hash * 31 + machine_hash(phys_to_virt(slot_page(tlb_user.slots[page])), PAGE_SIZE);
  return hash;
}

void machine_step_record(const struct host_signal *s)
{
  machine_record_preempt(s->regs->rip, fingerprint(s));
}

void machine_step_begin(void)
{
  if (!machine_replay_preempt(&step.rip, &step.fingerprint)) return;
  struct trapframe *tf = host_crossing.thread->frame;
  step.active = true;
  step.steps = 0;
  tf->rflags |= RFLAGS_TF;
}

void machine_step_end(struct trapframe *tf)
{
  if (!step.active) return;
  step.active = false;
  tf->rflags &= ~(uint64_t)RFLAGS_TF;
}

bool machine_step_active(void)
{
  return step.active;
}

bool machine_step_arrived(const struct host_signal *s)
{
  if (++step.steps > STEPS_MOST) machine_replay_lost("does not come to that instruction");
  if (s->regs->rip != step.rip || fingerprint(s) != step.fingerprint) return false;
  machine_replay_preempted();
  return true;
}
