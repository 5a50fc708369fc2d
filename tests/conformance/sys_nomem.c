/*
 * Calls while memory runs out: each is made again and again, the nth allocation failing, for every n until it
 * succeeds. The failed ones answer -ENOMEM and change nothing.
 */
#include "../../src/kern/syscall/sys.h"
#include "guest.h"
#include <kern/alloc_fault.h>
#include <kern/ktest.h>
#include <kern/string.h>

#define PATH_AT (GUEST_MEMORY + 0x1000)
#define OUT (GUEST_MEMORY + 0x2000)

static int64_t open_new(void)
{
  return sys_open(PATH_AT, O_RDWR | O_CREAT, 0644);
}
static int64_t make_directory(void)
{
  return sys_mkdir(PATH_AT, 0755);
}
static int64_t make_pipe(void)
{
  return sys_pipe(OUT);
}
static int64_t change_directory(void)
{
  return sys_chdir(PATH_AT);
}
static int64_t list(void)
{
  return sys_process_list(OUT, 4);
}
static int64_t open_process(void)
{
  return sys_process_open(1, RIGHT_READ);
}
static int64_t map_anonymous(void)
{
  return sys_mmap(0, 0x5000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static int64_t map_file(void)
{
  return sys_mmap(0, 0x3000, PROT_READ, MAP_PRIVATE, 0, 0);
}
static int64_t protect_middle(void)
{
  return sys_mprotect(GUEST_MEMORY + 0x5000, 0x1000, PROT_READ);
}
static int64_t unmap_middle(void)
{
  return sys_munmap(GUEST_MEMORY + 0x8000, 0x1000);
}
static int64_t start(void)
{
  return sys_spawn(PATH_AT, 0, 0, 0);
}

static bool path(const char *text)
{
  return copy_to_user(PATH_AT, text, strlen(text) + 1) == 0;
}

/* Answers what the call answered in the end; *failures counts the failed ones before, UINT64_MAX: one left a trace. */
static int64_t persist(int64_t (*call)(void), uint64_t *failures)
{
  for (*failures = 0;; ++*failures) {
    struct guest_resources before = guest_resources();
    alloc_fault_arm(*failures + 1, false);
    int64_t r = call();
    alloc_fault_arm(0, false);
    if (r != -ENOMEM) return r;
    struct guest_resources after = guest_resources();
    if (!guest_same(&before, &after)) {
      *failures = UINT64_MAX;
      return r;
    }
  }
}

/* Once for the caches; `undo` takes back what success made; then failing. */
#define check_persists(call, undo) \
  do {                             \
    uint64_t failures_;            \
    int64_t r = call();            \
    ktest_check(r >= 0);           \
    undo;                          \
    r = persist(call, &failures_); \
    ktest_check(r >= 0);           \
    ktest_check(failures_ > 0);    \
    undo;                          \
  } while (0)

static int ends[2];

static void calls(void)
{
  struct wait_status status;
  struct guest_resources before = guest_resources();
  for (int round = 0; round < 2; round++) {
    if (round == 1) before = guest_resources();
    ktest_check(path("/tmp-nomem"));
    check_persists(open_new, ktest_check(sys_close((int)r) == 0 && sys_unlink(PATH_AT) == 0));
    check_persists(make_directory, ktest_check(sys_unlink(PATH_AT) == 0));
    check_persists(make_pipe, ktest_check(copy_from_user(ends, OUT, sizeof(ends)) == 0 && sys_close(ends[0]) == 0 &&
                                          sys_close(ends[1]) == 0));
    check_persists(list, (void)r);
    check_persists(map_anonymous, ktest_check(sys_munmap((uaddr_t)r, 0x5000) == 0));
    ktest_check(path("/"));
    check_persists(change_directory, (void)r);
    ktest_check(guest_write_program("/tmp-exit7", guest_exit_7, sizeof(guest_exit_7)) == 0 && path("/tmp-exit7"));
    check_persists(start, ktest_check(sys_close((int)r) == 0 && process_wait(NULL, 0, &status) > 0));
    ktest_check(sys_unlink(PATH_AT) == 0);
  }
  struct guest_resources after = guest_resources();
  ktest_check(guest_same(&before, &after));
}
KTEST(sys_out_of_memory)
{
  guest_run(calls);
}

/* A file mapping; splitting a mapping and growing the handle table, which succeed only once. */
static void single_calls(void)
{
  uint64_t failures;
  struct handle_table *table = &process_current()->handles;
  handle_table_destroy(table); /* a new, small one */
  ktest_check(handle_table_init(table) == 0);
  ktest_check(path("/tmp-map") && open_new() == 0 && sys_write(0, GUEST_MEMORY, 0x2800) == 0x2800);
  check_persists(map_file, ktest_check(sys_munmap((uaddr_t)r, 0x3000) == 0));
  ktest_check(persist(protect_middle, &failures) == 0 && failures > 0);
  ktest_check(sys_mprotect(GUEST_MEMORY + 0x5000, 0x1000, PROT_READ | PROT_WRITE) == 0);
  ktest_check(persist(unmap_middle, &failures) == 0);
  ktest_check(sys_mmap(GUEST_MEMORY + 0x8000, 0x1000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                       -1, 0) == GUEST_MEMORY + 0x8000);
  while (table->used < table->capacity) ktest_check(open_process() >= 0);
  unsigned capacity = table->capacity;
  ktest_check(persist(open_process, &failures) >= 0 && failures > 0 && table->capacity > capacity);
  for (unsigned slot = 0; slot < table->capacity; slot++) {
    const struct handle_slot *s = &table->slots[slot];
    if (s->object != NULL) ktest_check(sys_close((int)(slot | s->generation << HANDLE_SLOT_BITS)) == 0);
  }
  ktest_check(sys_unlink(PATH_AT) == 0);
}
KTEST(sys_out_of_memory_once)
{
  guest_run(single_calls);
}
