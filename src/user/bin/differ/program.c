/* A generated program, from inside: the memory and the handles it begins with, its steps, its end. */
#include "differ.h"

#include <string.h>

#define LOG_HANDLE 3   /* slot of the log, as watch.c gives it */
#define STEPS_LEAST 8u /* what begin() does and some more */

static uint64_t map_fixed(uint64_t at, uint64_t pages, int prot)
{
  return (uint64_t)mmap((void *)at, pages * USER_PAGE_SIZE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static struct log *find_log(void)
{
  void *at = vmo_map(LOG_HANDLE, 0, (void *)LOG_AT, LOG_SIZE, PROT_READ | PROT_WRITE, MAP_FIXED);
  if (at != (void *)LOG_AT || close(LOG_HANDLE) < 0) _exit(255);
  return at;
}

static void lay_out(struct program *p)
{
  if (map_fixed(ARENA_AT, ARENA_PAGES, PROT_READ | PROT_WRITE) != ARENA_AT ||
      map_fixed(READ_ONLY_AT, 1, PROT_READ) != READ_ONLY_AT || map_fixed(NO_ACCESS_AT, 1, PROT_NONE) != NO_ACCESS_AT)
    _exit(254);
  for (uint64_t at = ARENA_AT; at < ARENA_END; at += 512) *(uint64_t *)at = chance_next(&p->chance);
}

void program_learn(struct program *p, int handle, uint32_t type)
{
  unsigned at = p->nhandles < HANDLES_KNOWN ? p->nhandles++ : 3 + chance_below(&p->chance, HANDLES_KNOWN - 3);
  p->handles[at] = (struct known_handle){handle, type};
}

/* ---- steps ---- */

static struct step *begin_step(struct program *p, unsigned what)
{
  struct step *step = &p->log->steps[p->log->count];
  *step = (struct step){.what = (uint16_t)what};
  return step;
}

/* From here on the step counts, even if it does not come back. */
static void commit_step(struct program *p)
{
  __atomic_store_n(&p->log->count, p->log->count + 1, __ATOMIC_RELEASE);
}

static int64_t make_call(struct program *p, unsigned call, const uint64_t args[6])
{
  struct step *step = begin_step(p, call);
  memcpy(step->args, args, sizeof step->args);
  step->by_int80 = chance_below(&p->chance, 4) == 0;
  commit_step(p);
  call_make(p, step);
  return step->result;
}
#define CALL(p, call, ...) make_call((p), (call), (const uint64_t[6]){__VA_ARGS__})

static void step_call(struct program *p)
{
  uint64_t args[6];
  unsigned call = generate_call(p, args);
  make_call(p, call, args);
}

static void step_touch(struct program *p, unsigned how, uint64_t at)
{
  struct step *step = begin_step(p, DID_TOUCH);
  step->args[0] = how;
  step->args[1] = at;
  commit_step(p);
  /* What could be executed there is data: it would be another instruction each time, and perhaps go round for ever. */
  if (how == TOUCH_EXECUTE) mprotect((void *)(at - at % USER_PAGE_SIZE), USER_PAGE_SIZE, PROT_READ);
  if (how == TOUCH_READ)
    step->result = *(volatile unsigned char *)at;
  else if (how == TOUCH_WRITE)
    *(volatile unsigned char *)at = 0x5A;
  else
    ((void (*)(void))at)();
  step->done = true;
}

static void step_trap(struct program *p)
{
  unsigned which = chance_below(&p->chance, trap_count());
  struct step *step = begin_step(p, DID_TRAP);
  step->args[0] = which;
  commit_step(p);
  trap_execute(which);
  step->done = true;
}

/* Code is written, made executable, run, and written anew: what ran before must not run again. */
static void step_run(struct program *p)
{
  struct step *step = begin_step(p, DID_RUN);
  commit_step(p);
  unsigned char *code = mmap(NULL, USER_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int32_t answer = 1; code != MAP_FAILED && answer <= 3; answer++) {
    code[0] = 0xB8; /* mov $answer, %eax; ret */
    memcpy(code + 1, &answer, sizeof answer);
    code[5] = 0xC3;
    if (mprotect(code, USER_PAGE_SIZE, PROT_READ | PROT_EXEC) < 0) break;
    step->result = step->result * 10 + ((int (*)(void))(uintptr_t)code)();
    if (mprotect(code, USER_PAGE_SIZE, PROT_READ | PROT_WRITE) < 0) break;
  }
  step->done = true;
}

/* ---- what chance alone would seldom come to ---- */

/* A file that may be executed: it cannot be written any more. */
static void begin_with_code(struct program *p)
{
  int64_t file = CALL(p, SYS_open, (uint64_t) "/tmp/b", O_RDWR | O_CREAT, 0755);
  CALL(p, SYS_write, (uint64_t)file, ARENA_AT, 600);
  CALL(p, SYS_mmap, 0, USER_PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED, (uint64_t)file, 0);
  CALL(p, SYS_write, (uint64_t)file, ARENA_AT, 600);
  CALL(p, SYS_open, (uint64_t) "/tmp/b", O_RDWR | O_TRUNC, 0);
}

static void begin_with_folder(struct program *p)
{
  CALL(p, SYS_mkdir, (uint64_t) "/tmp/d", 0755);
  CALL(p, SYS_mkdir, (uint64_t) "d/d", 0755);
  CALL(p, SYS_unlink, (uint64_t) "/tmp/d");
}

/* Nearly as many handles as there may be; what opens one more or two is soon refused. */
static void begin_with_crowd(struct program *p)
{
  struct step *step = begin_step(p, DID_CROWD);
  commit_step(p);
  int last = -1;
  for (int h; (h = dup(2, RIGHT_READ | RIGHT_WRITE)) >= 0; last = h) step->result++;
  close(last);
  step->done = true;
}

static void begin(struct program *p)
{
  switch (chance_below(&p->chance, 40)) {
  case 0:
  case 1: begin_with_code(p); break;
  case 2:
  case 3: begin_with_folder(p); break;
  case 4: begin_with_crowd(p); break;
  }
}

static uint64_t somewhere(struct program *p)
{
  unsigned known = p->nmaps < MAPS_KNOWN ? p->nmaps : MAPS_KNOWN;
  if (known == 0 || chance_below(&p->chance, 3) == 0) return ARENA_AT + chance_below(&p->chance, 6 * USER_PAGE_SIZE);
  return p->maps[chance_below(&p->chance, known)] + chance_below(&p->chance, 2 * USER_PAGE_SIZE);
}

static void step_any(struct program *p)
{
  unsigned kind = chance_below(&p->chance, 100);
  if (kind < 6)
    step_touch(p, chance_below(&p->chance, 2), somewhere(p));
  else if (kind < 8)
    step_run(p);
  else
    step_call(p);
}

static void last_step(struct program *p)
{
  unsigned kind = chance_below(&p->chance, 10);
  if (kind < 4)
    step_trap(p);
  else if (kind < 7)
    step_touch(p, chance_below(&p->chance, 3), generate_address(p));
}

_Noreturn void program_run(uint64_t seed, unsigned number)
{
  static struct program p;
  p.chance.state = (seed << 32) + number;
  p.log = find_log();
  lay_out(&p);
  program_learn(&p, 0, OBJECT_PIPE);
  program_learn(&p, 1, OBJECT_FILE);
  program_learn(&p, 2, OBJECT_FILE);
  unsigned steps = STEPS_LEAST + chance_below(&p.chance, STEPS_MAX - STEPS_LEAST);
  begin(&p);
  while (p.log->count + 1 < steps) step_any(&p);
  last_step(&p);
  _exit((int)chance_below(&p.chance, 256));
}

/* ---- the programs' children ---- */

static int count_input(void)
{
  char bytes[64];
  ssize_t n, total = 0;
  while ((n = read(0, bytes, sizeof bytes)) > 0) total += n;
  return n < 0 ? 200 : (int)(total & 0x7F);
}

/* Not to the console: the driver's lines are there. */
static int fill_output(void)
{
  static const char bytes[100] = "from a child";
  struct stat st;
  if (fstat(1, &st) < 0) return 1;
  return st.st_type == FILE_DEVICE || write(1, bytes, sizeof bytes) == (ssize_t)sizeof bytes ? 0 : 2;
}

int program_help(const char *what)
{
  if (strcmp(what, "exit7") == 0) return 7;
  if (strcmp(what, "count") == 0) return count_input();
  if (strcmp(what, "fill") == 0) return fill_output();
  if (strcmp(what, "fault") == 0) __asm__ volatile("movb $0, 16");
  if (strcmp(what, "sleep") == 0) nanosleep(3600000000000ull);
  if (strcmp(what, "trap") == 0) __asm__ volatile("ud2");
  return 0;
}
