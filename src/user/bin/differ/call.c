/*
 * Makes a call and writes down what it did: the result, and a hash of what it wrote into the program's memory and of the registers
 * it did not keep.
 *
 * What the machines may answer differently is taken out here, each with its reason, and nothing else.
 */
#include "differ.h"

#include <string.h>
#include <uapi/kinds.h>

uint64_t hash_bytes(uint64_t hash, const void *data, size_t len)
{
  const unsigned char *p = data;
  for (size_t i = 0; i < len; i++) hash = (hash ^ p[i]) * 0x100000001B3ull;
  return hash;
}

/* Size of what an OUT argument points to, 0 for any other. */
#define ARGS(...) __VA_ARGS__
#define SIZE_IF_OUT(type) sizeof(*(type)0)
#define SIZE_IF_INT(type) 0
#define SIZE_IF_FLAGS(type) 0
#define SIZE_IF_HANDLE(type) 0
#define SIZE_IF_PID(type) 0
#define SIZE_IF_SIZE(type) 0
#define SIZE_IF_PATH(type) 0
#define SIZE_IF_STRV(type) 0
#define SIZE_IF_IN(type) 0
#define SIZE_IF_ADDR(type) 0
#define ARG(kind, type, name) SIZE_IF_##kind(type)
#define SYSCALL(number, name, argc, args, text) [number] = {ARGS args},
static const unsigned short out_sizes[SYSCALL_COUNT][6] = {
#include <uapi/syscalls.def>
};
#undef SYSCALL
#undef ARG

/* The call by either door; answers its result, and in *lost a bit for each register it should have kept and did not. */
static int64_t enter(unsigned number, const uint64_t args[6], bool by_int80, uint64_t *lost)
{
  uint64_t rdi = args[0], rsi = args[1], rdx = args[2], vector = ~args[0];
  register uint64_t r10 __asm__("r10") = args[3];
  register uint64_t r8 __asm__("r8") = args[4];
  register uint64_t r9 __asm__("r9") = args[5];
  int64_t result;
  if (by_int80)
    __asm__ volatile("movq %[v], %%xmm7; int $0x80; movq %%xmm7, %[v]"
                     : "=a"(result), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9), [v] "+r"(vector)
                     : "a"(number)
                     : "xmm7", "memory");
  else
    __asm__ volatile("movq %[v], %%xmm7; syscall; movq %%xmm7, %[v]"
                     : "=a"(result), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10), "+r"(r8), "+r"(r9), [v] "+r"(vector)
                     : "a"(number)
                     : "rcx", "r11", "xmm7", "memory");
  *lost = (rdi != args[0]) | (rsi != args[1]) << 1 | (rdx != args[2]) << 2 | (r10 != args[3]) << 3 |
          (r8 != args[4]) << 4 | (r9 != args[5]) << 5 | (uint64_t)(vector != ~args[0]) << 6;
  return result;
}

static bool is_console(int handle)
{
  struct stat st;
  return fstat(handle, &st) == 0 && st.st_type == FILE_DEVICE && st.st_ino == 2;
}

/* Calls whose answer is in part the machine's own. */
static bool tells_of_the_machine(unsigned call)
{
  return call == SYS_clock_gettime || call == SYS_memory_info || call == SYS_memory_stats || call == SYS_log_read ||
         call == SYS_random_get || call == SYS_stat || call == SYS_fstat || call == SYS_process_list;
}

/* Their answer is taken out of the program's memory once they have succeeded. One that fails half-way would leave some of it, so
 * what they write lies in one page. */
static void keep_in_one_page(const struct step *step, uint64_t args[6])
{
  unsigned i = 0;
  while (call_infos[step->what].kinds[i] != KIND_OUT) i++;
  uint64_t elements = i + 1 < call_infos[step->what].argc ? args[i + 1] : 1, size = out_sizes[step->what][i];
  if (elements > (step->what == SYS_random_get ? RANDOM_MAX : INT64_MAX))
    return; /* refused before anything is written */
  if (elements <= (USER_PAGE_SIZE - args[i] % USER_PAGE_SIZE) / size) return;
  args[i] -= args[i] % USER_PAGE_SIZE;
  if (elements > USER_PAGE_SIZE / size) args[i + 1] = USER_PAGE_SIZE / size;
}

/* Changes what would end the comparison instead of the program. */
static void make_harmless(const struct step *step, uint64_t args[6])
{
  if (tells_of_the_machine(step->what)) keep_in_one_page(step, args);
  if (step->what == SYS_log_read && args[0] >> 32 == 0) args[0] = 0; /* the other machine's log may end before */
  if (step->what == SYS_write && is_console((int)args[0]))
    args[2] = 0; /* the bytes would be among the driver's lines */
  if (step->what == SYS_process_open && (int)args[0] > 1 && (int)args[0] < getpid())
    args[0] = 1; /* the driver and the shell */
}

/* Until every process this one has started sleeps or has ended: what happens next depends on nobody's speed. */
static void settle(void)
{
  static struct process_info list[64];
  int self = getpid();
  for (bool busy = true; busy;) {
    ssize_t n = process_list(list, 64);
    busy = false;
    for (ssize_t i = 0; i < n && i < 64; i++) busy |= list[i].pid > self && process_is_running(&list[i]);
    if (busy) yield();
  }
}

/* Bytes the call has written where argument `i` points. */
static size_t written(const struct step *step, unsigned i)
{
  size_t size = out_sizes[step->what][i];
  uint64_t result = (uint64_t)step->result, length = i < 5 ? step->args[i + 1] : 0;
  if (size == 0 || step->args[i] == 0 || (step->what == SYS_wait && result == 0)) return 0;
  if (step->what == SYS_log_read) return result > 0 ? length : 0; /* all of the room: logs are not equally long */
  if (step->what == SYS_process_list) return (result < length ? result : length) * size;
  if (call_infos[step->what].kinds[i + 1] == KIND_SIZE) return result < length ? result : length;
  return size;
}

static uint64_t disk_time(void)
{
  static struct stat st;
  if (st.st_ino == 0) stat(SELF, &st);
  return st.st_mtime;
}

/* Takes out of what a call wrote what is the machine's own. */
static void take_the_machine_out(const struct step *step, void *answer, size_t len)
{
  struct stat *st = answer;
  struct process_info *list = answer;
  switch (step->what) {
  case SYS_stat: /* when files were made; those of the RAM disk have its date */
  case SYS_fstat:
    if (st->st_mtime != disk_time()) st->st_mtime = 0;
    break;
  case SYS_process_list: /* processor time */
    for (size_t i = 0; i < len / sizeof *list; i++) list[i].cpu_ns = 0;
    break;
  default: /* the time; memory the machine's kernel leaves; what it found and when, in the log; chance */
    if (tells_of_the_machine(step->what)) memset(answer, 0, len);
  }
}

static uint64_t hash_written(const struct step *step)
{
  uint64_t hash = HASH_START;
  for (unsigned i = 0; i < call_infos[step->what].argc; i++) {
    size_t len = written(step, i);
    void *answer = (void *)step->args[i];
    if (len > 0) take_the_machine_out(step, answer, len);
    hash = hash_bytes(hash, answer, len);
  }
  return hash;
}

static uint32_t type_of(const struct program *p, int handle)
{
  for (unsigned i = 0; i < p->nhandles; i++)
    if (p->handles[i].handle == handle) return p->handles[i].type;
  return OBJECT_NONE;
}

static void forget(struct program *p, int handle)
{
  for (unsigned i = 0; i < p->nhandles; i++)
    if (p->handles[i].handle == handle) p->handles[i].type = OBJECT_NONE;
}

/* What later steps can use. */
static void learn(struct program *p, const struct step *step)
{
  int result = (int)step->result;
  const int *ends = (const int *)step->args[0];
  switch (step->what) {
  case SYS_open: program_learn(p, result, OBJECT_FILE); break;
  case SYS_spawn: p->has_children = true; /* fall through */
  case SYS_process_open: program_learn(p, result, OBJECT_PROCESS); break;
  case SYS_vmo_create:
  case SYS_vmo_clone: program_learn(p, result, OBJECT_VMO); break;
  case SYS_dup: program_learn(p, result, type_of(p, (int)step->args[0])); break;
  case SYS_close: forget(p, (int)step->args[0]); break;
  case SYS_pipe:
    program_learn(p, ends[0], OBJECT_PIPE);
    program_learn(p, ends[1], OBJECT_PIPE);
    break;
  case SYS_mmap:
  case SYS_vmo_map: p->maps[p->nmaps++ % MAPS_KNOWN] = (uint64_t)step->result; break;
  }
}

void call_make(struct program *p, struct step *step)
{
  uint64_t lost;
  make_harmless(step, step->args);
  step->result = enter(step->what, step->args, step->by_int80, &lost);
  step->out = lost;
  bool known = step->what < SYSCALL_COUNT && step->result >= 0;
  if (known) step->out += hash_written(step);
  if (known) learn(p, step);
  if (step->what == SYS_log_read && step->result > 0) step->result = 1; /* something */
  step->done = true;
  if (p->has_children) settle();
}
