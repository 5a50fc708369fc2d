/*
 * differ [seed [programs [shown]]]: generated programs, for two machines to be compared (build-aux/differ).
 *
 * Program n of a seed is the same sequence of calls and instructions on every machine. Each runs in a process of its own, which
 * logs what it does and gets into memory it has in common with the driver, so that the driver has the log however the program
 * ends. The driver prints a line for each: how it ended, the hash of its log, and what is left of it in the kernel. Of the program
 * `shown` it prints the log itself.
 *
 *   main.c      the driver            program.c   a generated program: its places in memory, its steps
 *   watch.c     how a program ends    generate.c  which call a step makes; arguments.c, names.c: with what
 *   report.c    what is printed       call.c      makes a call; what is hashed of what it answers
 *                                     trap.c      instructions a program may not execute
 */
#ifndef DIFFER_H
#define DIFFER_H

#include <stdbool.h>
#include <stdint.h>
#include <veridian.h>

#define SELF "/bin/differ"

/* ---- the log, shared by the driver and one program ---- */

#define LOG_AT 0x60000000ull
#define LOG_SIZE 8192u
#define STEPS_MAX 64u

/* What a step did: a call's number, or one of these. */
enum { DID_TOUCH = 0x100, DID_TRAP = 0x101, DID_RUN = 0x102, DID_CROWD = 0x103 };

enum touch { TOUCH_READ, TOUCH_WRITE, TOUCH_EXECUTE };

struct step {
  uint16_t what;
  bool by_int80;
  bool done;        /* it came back */
  uint64_t args[6]; /* DID_TOUCH: enum touch, address. DID_TRAP: place in the list of traps */
  int64_t result;
  uint64_t out; /* hash of the bytes the call wrote into the program's memory; of the registers it lost */
};

struct log {
  uint32_t count;
  struct step steps[STEPS_MAX];
};
_Static_assert(sizeof(struct log) <= LOG_SIZE, "the log is mapped whole");

/* ---- random choices: the same everywhere ---- */

struct chance {
  uint64_t state;
};
uint64_t chance_next(struct chance *c);
/* 0 .. below - 1 */
unsigned chance_below(struct chance *c, unsigned below);
#define CHOOSE(c, list) ((list)[chance_below((c), sizeof(list) / sizeof *(list))])

#define HASH_START 0xCBF29CE484222325ull
uint64_t hash_bytes(uint64_t hash, const void *data, size_t len);

/* ---- a generated program ---- */

/* Its memory: pages to read and write, one to read, one that is there and no more, and nothing behind. */
#define ARENA_AT 0x50000000ull
#define ARENA_PAGES 6u
#define ARENA_END (ARENA_AT + ARENA_PAGES * USER_PAGE_SIZE)
#define READ_ONLY_AT ARENA_END
#define NO_ACCESS_AT (READ_ONLY_AT + USER_PAGE_SIZE)
#define NOTHING_AT (NO_ACCESS_AT + USER_PAGE_SIZE)
#define FIXED_AT 0x58000000ull /* where it maps with MAP_FIXED */

#define HANDLES_KNOWN 48u
#define MAPS_KNOWN 12u

struct known_handle {
  int handle;
  uint32_t type; /* enum object_type; OBJECT_NONE: closed */
};

struct program {
  struct chance chance;
  struct log *log;
  struct known_handle handles[HANDLES_KNOWN];
  unsigned nhandles;
  uint64_t maps[MAPS_KNOWN]; /* addresses that were mapped once */
  unsigned nmaps;
  bool has_children;
};

/* Runs program `number` of `seed` in this process, which it ends. */
_Noreturn void program_run(uint64_t seed, unsigned number);
/* What the programs' children do: `differ --helper WHAT`. */
int program_help(const char *what);

/* A sleep is shorter than the one, and its end is waited for, or longer than the other, and whoever sleeps so is killed. With one
 * between, it would depend on the machine's speed which comes first. */
#define SLEEP_SHORT_NS 1000000ull
#define SLEEP_LONG_NS 1000000000000ull

/* Chooses a call and its arguments. */
unsigned generate_call(struct program *p, uint64_t args[6]);
/* An address as good as the edges of what a program has can be. */
uint64_t generate_address(struct program *p);
void program_learn(struct program *p, int handle, uint32_t type);
/* Whether it will go on by itself. Without threads it has ended, and the last one is clearing away. */
static inline bool process_is_running(const struct process_info *p)
{
  return p->state == PROCESS_RUNNING || (p->state == PROCESS_BLOCKED && p->threads == 0);
}
/* Calls without an entry in the generator's list: none. */
unsigned generate_missing(void);

/* Makes the call and completes the step. */
void call_make(struct program *p, struct step *step);

/* Instructions that end a program, or must not. */
unsigned trap_count(void);
const char *trap_name(unsigned i);
void trap_execute(unsigned i);

/* ---- the driver ---- */

/* What the kernel has handed out. */
struct account {
  int64_t processes, heap_objects, heap_bytes;
  int64_t pages[MEMORY_OWNERS];
};

struct ending {
  struct wait_status status;
  bool stuck; /* it would have slept for ever, and was killed */
  struct account left;
};

/* Starts the program, waits until it and all it started are gone, and removes the files it left. */
struct ending watch_program(uint64_t seed, unsigned number, int log_handle, const struct log *log);

void report_line(unsigned number, const struct log *log, const struct ending *e);
void report_steps(const struct log *log);
/* Counts in which ways each call has ended; prints that. */
void report_count(const struct log *log);
void report_counted(void);

#endif
