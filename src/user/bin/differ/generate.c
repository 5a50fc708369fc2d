/*
 * Which call a step makes, and where each of its arguments is from. Now and then it is from another source, or a number from
 * nowhere.
 */
#include "generate.h"

#include <string.h>
#include <uapi/kinds.h>

#define MISTAKE_ONE_IN 14u

static const struct {
  unsigned weight;
  uint8_t from[6]; /* enum source */
} plans[SYSCALL_COUNT] = {
  [SYS_exit] = {1, {CODE}},
  [SYS_write] = {24, {STREAM, DATA, LENGTH}},
  [SYS_read] = {16, {STREAM, ROOM, LENGTH}},
  [SYS_open] = {40, {PATH, OPEN_FLAGS, MODE}},
  [SYS_close] = {8, {ANY_HANDLE}},
  [SYS_yield] = {2, {0}},
  [SYS_spawn] = {8, {PROGRAM, STRINGS, STRINGS, OPTIONS}},
  [SYS_wait] = {6, {PROCESS, ROOM, WAIT_FLAGS}},
  [SYS_kill] = {6, {PROCESS, CODE}},
  [SYS_process_open] = {8, {PID, RIGHTS}},
  [SYS_getpid] = {2, {0}},
  [SYS_mmap] = {30, {ADDRESS, MAP_LENGTH, PROTECTION, MAP_FLAGS, MAPPABLE, PAGE_OFFSET}},
  [SYS_munmap] = {8, {ADDRESS, MAP_LENGTH}},
  [SYS_mprotect] = {12, {ADDRESS, MAP_LENGTH, PROTECTION}},
  [SYS_clock_gettime] = {3, {CLOCK, ROOM}},
  [SYS_nanosleep] = {2, {NANOSECONDS}},
  [SYS_stat] = {10, {PATH, ROOM}},
  [SYS_fstat] = {8, {ANY_HANDLE, ROOM}},
  [SYS_readdir] = {10, {FILE_HANDLE, ROOM, LENGTH}},
  [SYS_seek] = {12, {STREAM, POSITION, WHENCE}},
  [SYS_mkdir] = {10, {SCRATCH_PATH, MODE}},
  [SYS_unlink] = {10, {SCRATCH_PATH}},
  [SYS_chdir] = {8, {FOLDER}},
  [SYS_getcwd] = {4, {ROOM, LENGTH}},
  [SYS_dup] = {14, {ANY_HANDLE, RIGHTS}},
  [SYS_pipe] = {8, {ROOM}},
  [SYS_console_ctl] = {8, {CONSOLE, CONSOLE_OP, CONSOLE_ARG}},
  [SYS_process_list] = {4, {ROOM, COUNT}},
  [SYS_memory_info] = {3, {ROOM}},
  [SYS_log_read] = {4, {LOG_OFFSET, ROOM, LENGTH}},
  [SYS_power] = {2, {POWER_OP, CODE}},
  [SYS_handle_info] = {8, {ANY_HANDLE, ROOM}},
  [SYS_tls_set] = {3, {ADDRESS}},
  [SYS_random_get] = {4, {ROOM, LENGTH}},
  [SYS_memory_stats] = {3, {ROOM, LENGTH}},
  [SYS_vmo_create] = {10, {SIZE}},
  [SYS_vmo_read] = {12, {MEMORY, OFFSET, ROOM, LENGTH}},
  [SYS_vmo_write] = {14, {MEMORY, OFFSET, DATA, LENGTH}},
  [SYS_vmo_clone] = {10, {MEMORY, PAGE_OFFSET, SIZE}},
  [SYS_vmo_resize] = {10, {MEMORY, SIZE}},
  [SYS_vmo_map] = {16, {MEMORY, PAGE_OFFSET, ADDRESS, MAP_LENGTH, PROTECTION, VMO_MAP_FLAGS}},
  [SYS_vmo_size] = {4, {MEMORY}},
};

uint64_t chance_next(struct chance *c)
{
  uint64_t z = c->state += 0x9E3779B97F4A7C15ull; /* splitmix64 */
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

unsigned chance_below(struct chance *c, unsigned below)
{
  return (unsigned)((chance_next(c) >> 32) % below);
}

unsigned generate_missing(void)
{
  for (unsigned i = 0; i < SYSCALL_COUNT; i++) {
    unsigned given = 0;
    while (given < 6 && plans[i].from[given] != NOTHING) given++;
    if (plans[i].weight == 0 || given != call_infos[i].argc) return i + 1;
  }
  return 0;
}

/* ---- calls ---- */

/* What one argument means for another. */
static void agree(struct program *p, unsigned call, uint64_t args[6])
{
  struct chance *c = &p->chance;
  if (call == SYS_mmap && (args[3] & MAP_ANONYMOUS) != 0 && !one_in(c, 12)) {
    args[4] = (uint64_t)-1;
    args[5] = 0;
  }
  if (call == SYS_nanosleep && args[0] >= SLEEP_SHORT_NS && args[0] < SLEEP_LONG_NS) args[0] %= SLEEP_SHORT_NS;
  /* The RAM disk's files are everybody's: they are read and run, never written, and none is added. */
  if (call == SYS_open && (args[1] & (O_ACCMODE | O_CREAT | O_TRUNC)) != 0)
    if (name_is_shared(args[0])) args[0] = (uint64_t)name_to_change;
}

static unsigned choose_call(struct chance *c)
{
  static unsigned total;
  if (total == 0)
    for (unsigned i = 0; i < SYSCALL_COUNT; i++) total += plans[i].weight;
  unsigned at = chance_below(c, total), call = 0;
  while (at >= plans[call].weight) at -= plans[call++].weight;
  return call;
}

unsigned generate_call(struct program *p, uint64_t args[6])
{
  struct chance *c = &p->chance;
  memset(args, 0, 6 * sizeof *args);
  if (one_in(c, 200)) return SYSCALL_COUNT + chance_below(c, 300);
  unsigned call = choose_call(c);
  for (unsigned i = 0; i < call_infos[call].argc; i++) {
    enum source source = plans[call].from[i];
    if (one_in(c, 4 * MISTAKE_ONE_IN) && source != PROGRAM && source != PATH && source != SCRATCH_PATH)
      source = 1 + chance_below(c, SOURCES - 1);
    args[i] = generate_argument(p, source);
  }
  agree(p, call, args);
  return call;
}
