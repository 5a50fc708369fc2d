/*
 * The kernel booted under a fuzzer, on the simulated machine behind another wall (wall.c). Where a processor would run
 * programs, the harness decides what they do: "user mode" asks it for the next trap, and enters the kernel by it the way the
 * simulator does. So a call costs no signal, scheduling and preemption are the kernel's own, and a run depends on its input
 * alone.
 *
 * Every run begins at the same snapshot: init waits for its one child, which is at its first instruction or has made what the
 * harness wants to be there. What the run changed
 * is undone after it; every thousandth time, all state is compared with the snapshot by a hash.
 */
#ifndef FUZZ_GUEST_H
#define FUZZ_GUEST_H

#include "../fuzz.h"

#include <fmt/trapframe.h>
#include <kern/types.h>

/* Memory of every program, the init of the machine among them: the same ELF image. */
#define GUEST_CODE 0x400000ull
#define GUEST_STRINGS 0x401000ull /* read-only: GUEST_SLOTS strings, GUEST_SLOT bytes each; see guest_image.c */
#define GUEST_SLOT 64u
#define GUEST_SLOTS 64u
#define GUEST_DATA 0x410000ull /* zeroed, writable */
#define GUEST_DATA_SIZE 0x10000ull

/* What is in the slots: paths first, then what calls take pointers to. */
enum guest_slot {
  SLOT_CHILD = 0,    /* a program */
  SLOT_PATHS = 24,   /* as many paths, some to nothing */
  SLOT_ARGV = 40,    /* pointers to strings, ended by a null */
  SLOT_OPTIONS = 44, /* struct spawn_options without handles (two slots) */
  SLOT_UNENDED = 48, /* no null from here to the page's end */
};

enum guest_end {
  GUEST_DONE,  /* every process but init has ended */
  GUEST_STUCK, /* processes are left that do not end although they were killed */
};

/* What programs do. */
struct guest_user {
  /* The running process is in user mode: sets the registers for its next trap and the trap's vector (VECTOR_SYSCALL unless it
   * says otherwise). False: it exits. Runs on the thread's kernel stack, interrupts enabled. */
  bool (*step)(int pid, struct trapframe *tf);
  /* The trap is over, the process goes on. May be null. */
  void (*result)(int pid, const struct trapframe *tf);
};

/* Boots and takes the snapshot: when the first program wants to exit, having done what `setup` says; null: at once. Processes it
 * started have `step` called, too, and belong to the snapshot. Once. */
void guest_boot(const struct guest_user *setup);
/* Runs the programs from the snapshot to their end, and puts the snapshot back. `seed` decides when interrupts come; besides,
 * the running thread is preempted at one in `preempt` of the points where the simulator may do so (edges of locks, entries),
 * 0: at none. */
enum guest_end guest_run(const struct guest_user *user, uint64_t seed, uint64_t preempt);
/* In a step: the run ends here, GUEST_DONE, with its programs as they are. The
 * snapshot puts an end to them. */
NORETURN void guest_stop(void);
/* Whether the last run, when it was GUEST_DONE, ended with as many live allocations in the kernel's heap and as many pages of
 * memory objects and pipes as a program that only exits; after guest_stop, as one that does nothing yet. What stays in the
 * file system counts, too. */
bool guest_left_nothing(void);

/* Sets a call's number and arguments. */
void guest_set_call(struct trapframe *tf, uint64_t number, const uint64_t args[6]);

/* ---- guest_image.c ---- */

/* The initial RAM disk: /sbin/init and /bin/child (one image), directories, a text file. */
struct guest_bytes {
  const uint8_t *bytes;
  size_t size;
};
struct guest_bytes guest_initrd(void);

#endif
