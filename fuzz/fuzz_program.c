/*
 * Programs against the booted kernel: a sequence of traps, made by whichever process runs. There are two from the start, which
 * share a pipe and a memory object (handles 3, 4 and 5 of both), and may start more. Two bytes of seed place the timer's
 * interrupts and say how often a thread is preempted besides, in the middle of a call too, so that the next trap is another's
 * and both are in the kernel. Then records of RECORD bytes:
 *
 *   0      what: a call's number, POKE, TOUCH or EXCEPTION
 *   1-12   a call: how and value of each argument (machine/calls.h); POKE: bytes for the memory at 16 * record[13]
 *
 * The kernel answers every one; when all programs have ended, or were killed because they would sleep for ever, nothing of them
 * is left.
 */
#include "machine/calls.h"

#include <kern/uaccess.h>
#include <string.h>

#define timespec uapi_timespec /* the host's is another */
#include <uapi/abi.h>
#undef timespec
#include <uapi/syscalls.h>

#define HEAD 2u
#define RECORD 14u
#define RECORDS_MAX 64u
#define PIDS 64

enum special { POKE = 0xFD, TOUCH = 0xFE, EXCEPTION = 0xFF };

static struct {
  const uint8_t *next, *end;
  struct call_memory memory;
  bool keeps;          /* a call has succeeded that may leave something behind ... */
  bool may_keep[PIDS]; /* ... or is being made by a process */
} run;

static void poke(const uint8_t *record)
{
  uint8_t bytes[12];
  memcpy(bytes, record + 1, sizeof bytes);
  (void)copy_to_user(GUEST_DATA + record[13] * 16ull, bytes, sizeof bytes);
}

static void touch(const uint8_t *record, struct trapframe *tf)
{
  tf->vector = VECTOR_PF;
  tf->cr2 = call_argument(&run.memory, KIND_ADDR, record[1], record[2]);
  tf->error = PF_USER | (record[3] & (PF_PRESENT | (record[3] & PF_FETCH ? PF_FETCH : PF_WRITE))); /* never both */
}

static void raise_exception(const uint8_t *record, struct trapframe *tf)
{
  static const uint8_t vectors[] = {VECTOR_DE, VECTOR_DB, VECTOR_BP, VECTOR_OF, VECTOR_BR, VECTOR_UD,
                                    VECTOR_GP, VECTOR_SS, VECTOR_MF, VECTOR_AC, VECTOR_XM};
  tf->vector = vectors[record[1] % sizeof vectors];
  tf->error = 0;
}

static void call(int pid, const uint8_t *record, struct trapframe *tf)
{
  const struct call_info *info = call_info(record[0]);
  uint64_t args[6] = {0};
  for (unsigned i = 0; info && i < info->argc; i++)
    args[i] = call_argument(&run.memory, info->kinds[i], record[1 + 2 * i], record[2 + 2 * i]);
  run.may_keep[pid % PIDS] = call_keeps(record[0], args);
  guest_set_call(tf, record[0], args);
}

/* ---- what there is from the start ---- */

enum { SETUP_PIPE, SETUP_OBJECT, SETUP_SPAWN, SETUP_DONE };
static unsigned setup_next;
static int setup_pid;

/* For the other process. Handles are numbered from 0, as they are made. */
static const struct spawn_options setup_options = {.nhandles = 6, .handles = {0, 1, 2, 3, 4, 5}};

static bool setup_step(int pid, struct trapframe *tf)
{
  static const uint64_t calls[SETUP_DONE][6] = {
    [SETUP_PIPE] = {GUEST_DATA},
    [SETUP_OBJECT] = {4 * PAGE_SIZE},
    [SETUP_SPAWN] = {GUEST_STRINGS + SLOT_CHILD * GUEST_SLOT, 0, 0, GUEST_DATA},
  };
  static const uint64_t numbers[SETUP_DONE] = {SYS_pipe, SYS_vmo_create, SYS_spawn};
  if (!setup_pid) setup_pid = pid;
  if (pid != setup_pid) {
    guest_set_call(tf, SYS_yield, (uint64_t[6]){0});
    return true;
  }
  if (setup_next == SETUP_DONE) return false;
  if (setup_next == SETUP_SPAWN) (void)copy_to_user(GUEST_DATA, &setup_options, sizeof setup_options);
  guest_set_call(tf, numbers[setup_next], calls[setup_next]);
  setup_next++;
  return true;
}

static void setup_result(int pid, const struct trapframe *tf)
{
  REQUIRE(pid != setup_pid || (int64_t)tf->rax >= 0);
}

/* ---- one run ---- */

static bool step(int pid, struct trapframe *tf)
{
  while (run.end - run.next >= (ptrdiff_t)RECORD) {
    const uint8_t *record = run.next;
    run.next += RECORD;
    switch (record[0]) {
    case POKE: poke(record); continue;
    case TOUCH: touch(record, tf); return true;
    case EXCEPTION: raise_exception(record, tf); return true;
    default: call(pid, record, tf); return true;
    }
  }
  return false;
}

static void result(int pid, const struct trapframe *tf)
{
  bool succeeded = tf->vector == VECTOR_SYSCALL && (int64_t)tf->rax >= 0;
  if (succeeded) call_remember(&run.memory, tf->rax);
  run.keeps |= succeeded && run.may_keep[pid % PIDS];
  run.may_keep[pid % PIDS] = false;
}

/* A process that was killed in a call may have left something, too. */
static bool may_have_kept(void)
{
  bool may = run.keeps;
  for (unsigned i = 0; i < PIDS; i++) may |= run.may_keep[i];
  return may;
}

static void start(const uint8_t *data, size_t size)
{
  memset(&run, 0, sizeof run);
  run.next = data;
  run.end = data + (size < RECORDS_MAX * RECORD ? size : RECORDS_MAX * RECORD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct guest_user setup = {.step = setup_step, .result = setup_result};
  static const struct guest_user user = {.step = step, .result = result};
  static const unsigned rates[] = {0, 0, 0, 32, 16, 8, 4, 2};
  static bool booted;
  uint16_t seed;
  if (!booted) {
    booted = true;
    guest_boot(&setup);
  }
  if (size < HEAD) return 0;
  memcpy(&seed, data, sizeof seed);
  start(data + HEAD, size - HEAD);
  REQUIRE(guest_run(&user, seed, rates[seed % ARRAY_SIZE(rates)]) == GUEST_DONE);
  REQUIRE(may_have_kept() || guest_left_nothing());
  return 0;
}

/* ---- the mutator: records come, go, move, and change ---- */

static unsigned draw(unsigned *state, unsigned below)
{
  *state = *state * 1664525u + 1013904223u;
  return (*state >> 8) % below;
}

static void random_record(uint8_t *record, unsigned *state)
{
  for (unsigned i = 0; i < RECORD; i++) record[i] = (uint8_t)draw(state, 256);
  unsigned calls = 0;
  while (call_info(calls)) calls++;
  unsigned what = draw(state, calls + 3);
  record[0] = (uint8_t)(what < calls ? what : POKE + (what - calls));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
  unsigned state = seed;
  if (max_size < HEAD + RECORD) return LLVMFuzzerMutate(data, size, max_size);
  if (size < HEAD) memset(data + size, 0, HEAD - size), size = HEAD;
  size_t count = (size - HEAD) / RECORD;
  uint8_t *records = data + HEAD;
  bool room = HEAD + (count + 1) * RECORD <= max_size && count < RECORDS_MAX;
  uint8_t *at = records + draw(&state, (unsigned)count + 1) * RECORD;
  size_t behind = (size_t)(records + count * RECORD - at);
  switch (draw(&state, 6)) {
  case 0: /* insert */
    if (!room) break;
    memmove(at + RECORD, at, behind);
    random_record(at, &state);
    return HEAD + (count + 1) * RECORD;
  case 1: /* repeat */
    if (!room || behind == 0) break;
    memmove(at + RECORD, at, behind);
    return HEAD + (count + 1) * RECORD;
  case 2: /* delete */
    if (behind == 0) break;
    memmove(at, at + RECORD, behind - RECORD);
    return HEAD + (count - 1) * RECORD;
  case 3: /* another call, or another argument */
    if (behind == 0) break;
    at[draw(&state, RECORD)] = (uint8_t)draw(&state, 256);
    return HEAD + count * RECORD;
  case 4: LLVMFuzzerMutate(data, HEAD, HEAD); return HEAD + count * RECORD;
  }
  if (behind == 0) {
    if (!room) return HEAD + count * RECORD;
    random_record(at, &state);
    return HEAD + (count + 1) * RECORD;
  }
  LLVMFuzzerMutate(at, RECORD, RECORD);
  return HEAD + count * RECORD;
}
