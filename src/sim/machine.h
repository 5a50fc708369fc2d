/*
 * The simulated machine's own parts, as its files (arch_*.c, dev/) see each other. One processor so far: what would be a
 * processor's own is in struct machine and host_crossing.
 */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include "host.h"
#include "race.h"
#include <kern/arch.h>
#include <kern/bootinfo.h>

struct arch_context {
  struct host_thread crossing; /* first: entry.S */
  void *stack;                 /* lowest address */
  size_t stack_size;
  void *ucontext;    /* back end ucontext */
  void *saved_sp;    /* back end asm */
  void *fake_stack;  /* the sanitizer's token while it does not run */
  void *race_thread; /* ThreadSanitizer's (race.h) */
  bool adopted, has_run;
  uint64_t id; /* for the trace: from 0, in order of creation */
  void (*entry)(void *);
  void *arg;
};

enum record_mode { RECORD_NONE, RECORD_WRITE, RECORD_REPLAY };

struct machine {
  struct cpu *cpu;
  struct arch_context *current; /* null before arch_context_adopt */
  bool irq_on;                  /* the virtual interrupt flag; true in user mode */
  bool virtual_clock;
  bool check_tlb;
  bool switch_asm;
  enum record_mode record;
  bool preempts; /* on purpose: arch_preempt.c */
  uint64_t ram_size;
};
extern struct machine machine;

/* ---- interrupts (arch_cpu.c) ---- */

/* Bits of host_crossing.pending above the lines: the machine itself wants to look at its devices. */
#define MACHINE_ATTENTION IRQ_COUNT

/* Makes an interrupt pending. Also inside signal handlers. */
void machine_irq_raise(unsigned irq);
static inline bool machine_irq_waits(void)
{
  return (__atomic_load_n(&host_crossing.pending, __ATOMIC_RELAXED) & host_crossing.unmasked) != 0;
}
/* Dispatches everything that waits. Interrupts disabled. */
void machine_deliver(struct trapframe *tf);

/* ---- crossings: called by entry.S (arch_trap.c) ---- */

void machine_user_trap(struct trapframe *tf);
void machine_user_pending(struct trapframe *tf);
void machine_kernel_trap(struct trapframe *tf);
NORETURN void machine_return(void);
extern const char machine_user_entry[], machine_kernel_entry[];

/* The last thing before user mode. Interrupts disabled. */
void machine_leave_kernel(void);

/* ---- translation (arch_mmu.c) ---- */

void machine_mmu_init(void);
/* A page fault of the host at va with hardware error bits. True: translated, try again. False: *error is what the
 * processor pushes for #PF. Only for addresses of a window. Inside signal handlers. */
bool machine_mmu_fault(vaddr_t va, uint64_t access, uint64_t *error);
bool machine_mmu_in_window(vaddr_t va);
/* The kernel resolved a page fault: translates before the program tries again, which spares a signal. */
void machine_mmu_prefill(vaddr_t va, uint64_t access);
/* Makes the page-table register's tables and the host's user mappings agree; checks them when asked. */
void machine_mmu_leave_kernel(void);
/* How many translations there are now, and at most. */
size_t machine_mmu_live(size_t *most);
/* A kernel stack stays translated while its context lives: the host writes to it. */
void machine_mmu_pin(vaddr_t va, size_t size);
void machine_mmu_unpin(vaddr_t va, size_t size);

/* ---- time (arch_time.c) ---- */

/* epoch: nanoseconds since 1970 at boot. */
void machine_time_init(bool virtual_clock, uint64_t epoch);
void machine_time_start(void);
/* Virtual time: a step of at most `most` ns. */
void machine_time_pass(unsigned most);
/* The kernel was entered from user mode. */
void machine_time_entry(void);
/* Waits for an interrupt or a device. */
void machine_time_wait(void);
/* Looks at the devices between two interrupts. */
void machine_time_poll(void);
/* Signals; inside the handler. */
void machine_time_alarm(void);
void machine_time_tick(const struct host_signal *s);
/* The running program is to be preempted; inside a signal handler. */
void machine_time_preempt(void);
/* Real clock: the timer's deadline has come. And: the timer's interrupt is raised, whatever the time. */
bool machine_time_due(void);
void machine_time_fire(void);
/* The time, without it being an occasion for a fault. */
uint64_t machine_time_read(void);
/* `by` ns after `at`, at most the last time that comes. */
uint64_t machine_time_later(uint64_t at, int64_t by);
/* Virtual clock: time jumps to the timer's deadline, if one is set and at most `most` ns away. */
bool machine_time_jump(uint64_t most);

/* ---- input (arch_input.c) ---- */

/* Takes what comes until host time `when`; answers whether something came. */
bool machine_input_take(uint64_t when);
/* Virtual clock: takes what is due before time may move. `may_block`: time does not move but by input. */
bool machine_input_take_due(bool may_block);
/* Virtual clock: when a byte that comes late does; UINT64_MAX when there is none, or no room for it. */
uint64_t machine_input_held_until(void);

/* ---- points, records and replays (arch_record.c) ---- */

/* Where the machine looks for interrupts in kernel mode. A run that is recorded, replayed or preempted on purpose counts
 * these points, and pending interrupts may become more at one. */
void machine_point_slow(void);
static inline void machine_point(void)
{
  if (machine.record != RECORD_NONE || machine.preempts) machine_point_slow();
}
/* Counts, and writes or replays what belongs to the point; answers its number. */
uint64_t machine_record_point(void);

/* Reads the record: the machine's options become those of its run. Fatal when it is none. */
void machine_replay_open(const char *path, struct machine_options *options);
/* Begins to record or to replay, as `options` say; answers the epoch to use. */
uint64_t machine_record_start(const struct machine_options *options, const struct bootinfo *bi, uint64_t epoch);
/* Writes what waits. Inside signal handlers too. */
void machine_record_flush(void);
/* The run ends. False when it was to be another's repetition and was not. */
bool machine_record_end(void);

/* From here to machine_record_preempt only while recording or replaying, as the names say. */

/* The next point is to look for input. Inside signal handlers. */
void machine_record_want_poll(void);
/* The clock's reading: noted, or the record's in its place. */
uint64_t machine_record_clock(uint64_t reading);
/* Random numbers of the host's: noted, or the record's in their place. */
void machine_record_random(void *bytes, size_t size);
/* Input was taken; none: it ended. */
void machine_record_input(const uint8_t *bytes, size_t count);
enum host_input machine_replay_input(uint8_t *bytes, size_t room, size_t *count);
/* Real clock: raises the timer's interrupt when its deadline has come, or when the record has it here; replay: answers so. */
void machine_record_timer(void);
bool machine_replay_timer(void);
/* A program was preempted where its next instruction is rip and its state has that fingerprint. */
void machine_record_preempt(uint64_t rip, uint64_t fingerprint);
/* Whether that is what comes next; and that it was done. */
bool machine_replay_preempt(uint64_t *rip, uint64_t *fingerprint);
void machine_replay_preempted(void);
/* The run does not do what its record has next. */
NORETURN void machine_replay_lost(const char *what);

/* ---- preemption of a program that does not enter the kernel (arch_step.c) ---- */

/* Inside a signal handler: writes where the program is. */
void machine_step_record(const struct host_signal *s);
/* On the way to user mode: steps the program if it is to be preempted before it enters the kernel. And on the way in. */
void machine_step_begin(void);
void machine_step_end(struct trapframe *tf);
bool machine_step_active(void);
/* After a step: the program is where it was preempted. */
bool machine_step_arrived(const struct host_signal *s);

/* ---- preemption on purpose (arch_preempt.c) ---- */

void machine_preempt_init(const struct machine_options *options);
void machine_preempt_point(uint64_t point);
/* On stderr: the points where the rate chose to. */
void machine_preempt_report(void);

/* ---- faults on purpose (arch_inject.c) ---- */

/* The options' faults become part of options->cmdline. Fatal when they are wrong. */
void machine_inject_options(struct machine_options *options);
/* At the points where interrupts are enabled or user mode is left: lines that interrupt without a cause. Not where the
 * machine waits or goes back to user mode, which would then never be. */
void machine_inject_irq(void);

/* ---- choices and their trace (arch_trace.c) ---- */

enum machine_event { EVENT_TRAP = 1, EVENT_IRQ, EVENT_SWITCH, EVENT_INPUT, EVENT_POWER, EVENT_FAULT };

void machine_seed(uint64_t seed);
/* 0 .. bound - 1; the same sequence for the same seed. */
uint64_t machine_choose(uint64_t bound);
/* The next of the words that stand for random bits from outside: the seed's too, but a sequence of their own. */
uint64_t machine_secret(void);
/* The same by a generator of the caller's own. */
uint64_t machine_choose_from(uint64_t *generator, uint64_t bound);
/* FNV-1a. */
uint64_t machine_hash(const void *bytes, size_t size);
/* Of all events so far. */
uint64_t machine_trace_hash(void);
void machine_print_error(const char *text);
void machine_trace(enum machine_event event, uint64_t a, uint64_t b);
/* Something the seed does not determine had a say. */
void machine_trace_spoiled(const char *why);

/* ---- devices (dev/) ---- */

/* An edge-triggered interrupt line: raises on false -> true. */
struct irq_wire {
  unsigned irq;
  bool level;
};
void machine_wire_set(struct irq_wire *wire, bool level);

void uart_reset(void);
uint8_t uart_read(unsigned reg);
void uart_write(unsigned reg, uint8_t value);
/* Room for bytes from the line, 0 when the guest does not listen or the line is gone. */
unsigned uart_room(void);
void uart_receive(const uint8_t *bytes, unsigned count);
void uart_hang_up(void);

bool debugcon_present(void);
void debugcon_open(const char *path);
void debugcon_write(uint8_t byte);

/* A framebuffer behind `memory` bytes of RAM: how long physical memory is with it. */
uint64_t display_create(uint64_t memory, unsigned width, unsigned height);
/* Where display_dump is to write. */
void display_open(const char *path);
void display_describe(struct bootinfo *bi);
/* Writes the picture, if there is a framebuffer and a file. */
void display_dump(void);

#endif
