/* An argument from its source: mostly what the call can use, now and then what it cannot. */
#include "generate.h"

/* ---- numbers ---- */

static uint64_t any_number(struct chance *c)
{
  unsigned shift = chance_below(c, 64);
  switch (chance_below(c, 5)) {
  case 0: return chance_below(c, 16);
  case 1: return (uint64_t)-1 - chance_below(c, 16);
  case 2: return 1ull << shift;
  case 3: return (1ull << shift) - 1;
  default: return chance_next(c);
  }
}

uint64_t generate_address(struct program *p)
{
  static const uint64_t edges[] = {0,
                                   1,
                                   USER_BASE,
                                   0x400000, /* its own code */
                                   ARENA_AT - 1,
                                   ARENA_END - 4,
                                   READ_ONLY_AT,
                                   READ_ONLY_AT + 8,
                                   NO_ACCESS_AT,
                                   NO_ACCESS_AT - 4,
                                   NOTHING_AT,
                                   USER_MMAP_BASE,
                                   USER_STACK_TOP - USER_STACK_SIZE - 8,
                                   USER_TOP - 1,
                                   USER_TOP,
                                   0x7FFFFFFFF000ull,
                                   0x800000000000ull,
                                   0xFFFF800000000000ull,
                                   0xFFFFFFFF80100000ull,
                                   UINT64_MAX - 7};
  return CHOOSE(&p->chance, edges);
}

static uint64_t in_arena(struct chance *c)
{
  if (one_in(c, 4)) return ARENA_AT + chance_below(c, ARENA_PAGES * USER_PAGE_SIZE - 2048);
  return ARENA_AT + USER_PAGE_SIZE * (1 + chance_below(c, ARENA_PAGES - 2)) + 8 * chance_below(c, 300);
}

static uint64_t mapped_once(struct program *p)
{
  unsigned known = p->nmaps < MAPS_KNOWN ? p->nmaps : MAPS_KNOWN;
  return known ? p->maps[chance_below(&p->chance, known)] : FIXED_AT;
}

/* Room: what cannot be written, too. */
static uint64_t memory_for(struct program *p)
{
  switch (chance_below(&p->chance, 16)) {
  case 0: return generate_address(p);
  case 1: return mapped_once(p);
  case 2: return one_in(&p->chance, 2) ? READ_ONLY_AT : NO_ACCESS_AT;
  default: return in_arena(&p->chance);
  }
}

static uint64_t address_to_map(struct program *p)
{
  switch (chance_below(&p->chance, 8)) {
  case 0: return 0;
  case 1: return generate_address(p);
  case 2: return ARENA_AT + USER_PAGE_SIZE * chance_below(&p->chance, ARENA_PAGES + 4);
  case 3:
  case 4: return FIXED_AT + USER_PAGE_SIZE * chance_below(&p->chance, 24);
  default: return mapped_once(p) + (one_in(&p->chance, 3) ? USER_PAGE_SIZE : 0);
  }
}

static uint64_t length(struct chance *c)
{
  static const uint64_t large[] = {
    USER_PAGE_SIZE - 1, USER_PAGE_SIZE,   USER_PAGE_SIZE + 1, 3 * USER_PAGE_SIZE, 65536,     RANDOM_MAX + 1,
    1ull << 47,         (1ull << 63) - 1, 1ull << 63,         UINT64_MAX - 4095,  UINT64_MAX};
  switch (chance_below(c, 8)) {
  case 0: return CHOOSE(c, large);
  case 1: return chance_below(c, 4);
  default: return chance_below(c, 300);
  }
}

/* Objects in the tests' own sizes, in pages mostly, and those too large. */
static uint64_t size(struct chance *c)
{
  static const uint64_t large[] = {1ull << 30, 1ull << 36, (1ull << 36) + 1, UINT64_MAX, UINT64_MAX - 4095, 1ull << 63};
  if (one_in(c, 12)) return CHOOSE(c, large);
  return USER_PAGE_SIZE * (uint64_t)chance_below(c, 9) + (one_in(c, 4) ? chance_below(c, USER_PAGE_SIZE) : 0);
}

static uint64_t bits_of(struct chance *c, const uint16_t *usual, unsigned count)
{
  if (one_in(c, 12)) return chance_next(c) & 0xFFFF;
  return usual[chance_below(c, count)];
}
#define USUALLY(c, ...) \
  bits_of((c), (const uint16_t[]){__VA_ARGS__}, sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))

/* ---- handles ---- */

static bool fits(uint32_t type, enum source source)
{
  switch (source) {
  case FILE_HANDLE: return type == OBJECT_FILE;
  case STREAM: return type == OBJECT_FILE || type == OBJECT_PIPE;
  case MEMORY: return type == OBJECT_VMO;
  case MAPPABLE: return type == OBJECT_VMO || type == OBJECT_FILE;
  case PROCESS: return type == OBJECT_PROCESS;
  default: return true;
  }
}

static uint64_t handle(struct program *p, enum source source)
{
  struct chance *c = &p->chance;
  unsigned start = chance_below(c, p->nhandles);
  if (one_in(c, 16)) return any_number(c);
  if (one_in(c, 10)) return (uint64_t)p->handles[start].handle; /* of any type; closed, too */
  for (unsigned i = 0; i < p->nhandles; i++) {
    const struct known_handle *k = &p->handles[(start + i) % p->nhandles];
    if (k->type != OBJECT_NONE && fits(k->type, source)) return (uint64_t)k->handle;
  }
  return source == PROCESS ? (uint64_t)WAIT_ANY : (uint64_t)p->handles[start].handle;
}

static uint64_t spawn_options(struct program *p)
{
  static struct spawn_options options;
  struct chance *c = &p->chance;
  if (one_in(c, 5)) return one_in(c, 4) ? generate_address(p) : 0;
  options.flags = one_in(c, 8) ? (uint32_t)any_number(c) : SPAWN_NEW_JOB * chance_below(c, 2);
  options.job = one_in(c, 6) ? (int32_t)any_number(c) : 0;
  options.nhandles = one_in(c, 16) ? (uint32_t)any_number(c) : chance_below(c, 5);
  for (unsigned i = 0; i < SPAWN_MAX_HANDLES; i++)
    options.handles[i] = one_in(c, 3) ? -1 : (int32_t)handle(p, one_in(c, 3) ? ANY_HANDLE : STREAM);
  return (uint64_t)&options;
}

static uint64_t pid(struct program *p)
{
  uint64_t self = (uint64_t)getpid();
  switch (chance_below(&p->chance, 6)) {
  case 0: return 1;
  case 1: return self;
  case 2: return any_number(&p->chance);
  default: return self + 1 + chance_below(&p->chance, 3);
  }
}

static uint64_t position(struct chance *c)
{
  static const uint64_t far[] = {(1ull << 36) - 10, 1ull << 36, (1ull << 63) - 1, (1ull << 63) - 20, 1ull << 63};
  if (one_in(c, 6)) return CHOOSE(c, far);
  return (uint64_t)((int64_t)chance_below(c, 600) - (one_in(c, 4) ? 300 : 0));
}

/* What may leave a gap; in the middle of one, the next page is another one. */
static uint64_t offset(struct chance *c)
{
  return one_in(c, 12) ? any_number(c) : chance_below(c, 3 * USER_PAGE_SIZE);
}

uint64_t generate_argument(struct program *p, enum source source)
{
  struct chance *c = &p->chance;
  switch (source) {
  case FILE_HANDLE:
  case STREAM:
  case MEMORY:
  case MAPPABLE:
  case ANY_HANDLE: return handle(p, source);
  case PROCESS: return one_in(c, 4) ? (uint64_t)WAIT_ANY : handle(p, source);
  case CONSOLE: return one_in(c, 3) ? handle(p, ANY_HANDLE) : 1;
  case PATH:
  case SCRATCH_PATH:
  case FOLDER:
  case PROGRAM: return (uint64_t)generate_name(p, source);
  case OPEN_FLAGS:
    if (one_in(c, 12)) return one_in(c, 2) ? O_RDWR | O_CREAT | O_EXCL : O_RDONLY | O_DIRECTORY;
    return USUALLY(c, O_RDONLY, O_RDWR | O_CREAT, O_RDWR | O_CREAT, O_WRONLY | O_CREAT | O_TRUNC, O_RDWR,
                   O_WRONLY | O_APPEND);
  case MODE: return USUALLY(c, 0644, 0755, 0755, 0, 0777);
  case DATA:
  case ROOM: return memory_for(p);
  case LENGTH: return length(c);
  case STRINGS: return generate_strings(p);
  case OPTIONS: return spawn_options(p);
  case PID: return pid(p);
  case RIGHTS:
    return USUALLY(c, RIGHT_READ | RIGHT_GRANT, RIGHT_READ, RIGHT_WRITE, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT,
                   RIGHT_READ | RIGHT_DELETE | RIGHT_GRANT, RIGHT_EXECUTE | RIGHT_READ, 0, RIGHTS_ALL);
  case ADDRESS: return address_to_map(p);
  case MAP_LENGTH: return one_in(c, 10) ? length(c) : USER_PAGE_SIZE * (uint64_t)(1 + chance_below(c, 4));
  case PROTECTION:
    return USUALLY(c, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC, PROT_NONE,
                   PROT_WRITE | PROT_EXEC);
  case MAP_FLAGS:
    return USUALLY(c, MAP_PRIVATE | MAP_ANONYMOUS, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, MAP_SHARED | MAP_ANONYMOUS,
                   MAP_SHARED, MAP_PRIVATE, MAP_SHARED | MAP_FIXED, MAP_PRIVATE | MAP_FIXED, 0);
  case VMO_MAP_FLAGS: return USUALLY(c, 0, 0, MAP_FIXED);
  case PAGE_OFFSET: return one_in(c, 12) ? any_number(c) : USER_PAGE_SIZE * (uint64_t)chance_below(c, 3);
  case OFFSET: return offset(c);
  case POSITION: return position(c);
  case WHENCE: return one_in(c, 12) ? any_number(c) : chance_below(c, 3);
  case COUNT: return one_in(c, 8) ? any_number(c) : chance_below(c, 8);
  case CLOCK: return one_in(c, 6) ? any_number(c) : chance_below(c, 2);
  case NANOSECONDS: return one_in(c, 30) ? 3600000000000ull : chance_below(c, 50000);
  case CODE: return one_in(c, 4) ? any_number(c) : chance_below(c, 256);
  case WAIT_FLAGS: return one_in(c, 12) ? any_number(c) : one_in(c, 6) ? 0 : WAIT_NOHANG;
  case CONSOLE_OP: return one_in(c, 8) ? any_number(c) : 1 + chance_below(c, 4);
  case CONSOLE_ARG: return one_in(c, 4) ? any_number(c) : chance_below(c, 8);
  case POWER_OP: return chance_below(c, 4);
  case SIZE: return size(c);
  case LOG_OFFSET: return one_in(c, 2) ? any_number(c) : 0;
  default: return any_number(c);
  }
}
