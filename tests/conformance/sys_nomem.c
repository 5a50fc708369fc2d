/*
 * Every call while memory runs out: made again and again, the 1st, the 2nd, the 3rd ... allocation failing, until none failed
 * any more; once alone, once together with all after it. A call that fails says so by its error for it and changes nothing;
 * one that gets by does its work. In the end: which places of the source that allocate have failed so, and which never did.
 */
#include "../../src/kern/syscall/sys.h"
#include "guest.h"
#include <kern/alloc_fault.h>
#include <kern/kmem.h>
#include <kern/ktest.h>
#include <kern/log.h>
#include <kern/sched.h>
#include <kern/string.h>
#include <kern/vmo.h>
#include <uapi/syscalls.h>

#define PATH_AT (GUEST_MEMORY + 0x1000)
#define OUT (GUEST_MEMORY + 0x2000)
#define PROGRAM_AT (GUEST_MEMORY + 0x4000) /* path and argument vector of the program to start */
#define MAP_AT 0x28000000ull
#define SCRATCH "/tmp-nomem"
#define PROGRAM "/tmp-nomem-exit7"
#define RW (PROT_READ | PROT_WRITE)

static int file, directory, scratch, child; /* handles */
static int child_pid;
static struct vmo *original, *copy;

static bool path(const char *text)
{
  return copy_to_user(PATH_AT, text, strlen(text) + 1) == 0;
}

/* ---- what stands ready before a call, and is taken away after it ---- */

static bool with_scratch_name(void)
{
  return path(SCRATCH);
}
static bool with_scratch(void)
{
  scratch = path(SCRATCH) ? (int)sys_open(PATH_AT, O_RDWR | O_CREAT | O_EXCL, 0644) : -1;
  return scratch >= 0;
}
static void without_scratch(int64_t r)
{
  (void)r;
  sys_close(scratch);
  sys_unlink(PATH_AT);
}

/* With a page at its beginning, so that what comes far behind makes its tree grow. */
static bool with_begun_scratch(void)
{
  return with_scratch() && sys_write(scratch, GUEST_MEMORY, 1) == 1;
}

#define CROWD 16 /* the next entry makes a directory's table grow */

static bool crowd_path(unsigned i)
{
  char name[] = SCRATCH "/a";
  name[sizeof(name) - 2] = (char)('a' + i);
  return path(name);
}
/* A directory, and the name of one more file in it. */
static bool with_crowd(void)
{
  if (!path(SCRATCH) || sys_mkdir(PATH_AT, 0755) != 0) return false;
  for (unsigned i = 0; i < CROWD; i++) {
    int64_t handle = crowd_path(i) ? sys_open(PATH_AT, O_RDWR | O_CREAT, 0644) : -1;
    if (handle < 0 || sys_close((int)handle) != 0) return false;
  }
  return crowd_path(CROWD);
}
static void without_crowd(int64_t handle)
{
  if (handle >= 0) sys_close((int)handle);
  for (unsigned i = 0; i <= CROWD; i++)
    if (crowd_path(i)) sys_unlink(PATH_AT);
  if (path(SCRATCH)) sys_unlink(PATH_AT);
}

static bool with_closed_scratch(void)
{
  return with_scratch() && sys_close(scratch) == 0;
}
static void unlink_path(int64_t r)
{
  (void)r;
  sys_unlink(PATH_AT);
}
static void close_and_unlink(int64_t handle)
{
  if (handle >= 0) sys_close((int)handle);
  sys_unlink(PATH_AT);
}
static void close_result(int64_t handle)
{
  if (handle >= 0) sys_close((int)handle);
}

static bool with_root(void)
{
  return path("/");
}

/* Memory nobody has touched. */
static bool with_mapping(void)
{
  return sys_mmap(MAP_AT, 0x3000, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == (int64_t)MAP_AT;
}
static bool with_mapping_and_file(void)
{
  return with_mapping() && sys_seek(file, 0, SEEK_SET) == 0;
}
static void without_mapping(int64_t r)
{
  (void)r;
  sys_munmap(MAP_AT, 0x3000);
}
static void unmap_result(int64_t where)
{
  if (where >= 0) sys_munmap((uaddr_t)where, 0x3000);
}

/* A page that an object shares with its clone. */
static bool with_clone(void)
{
  static const char text[] = "shared";
  return vmo_create(PAGE_SIZE, &original) == 0 && vmo_write(original, 0, text, sizeof(text)) == 0 &&
         vmo_clone(original, 0, PAGE_SIZE, &copy) == 0;
}
static void without_clone(int64_t r)
{
  (void)r;
  vmo_unref(original);
  vmo_unref(copy);
}

static bool with_vmo(void)
{
  scratch = (int)sys_vmo_create(0x4000);
  return scratch >= 0;
}
static bool with_written_vmo(void)
{
  return with_vmo() && sys_vmo_write(scratch, 0, GUEST_MEMORY, 0x2800) == 0x2800;
}
static bool with_vmo_and_mapping(void)
{
  return with_written_vmo() && with_mapping();
}
static void without_vmo(int64_t r)
{
  (void)r;
  sys_close(scratch);
}
static void without_vmo_and_mapping(int64_t r)
{
  without_mapping(r);
  without_vmo(r);
}
static void without_both_vmos(int64_t handle)
{
  close_result(handle);
  without_vmo(0);
}
static void without_mapped_vmo(int64_t where)
{
  unmap_result(where);
  without_vmo(0);
}

static bool child_sleeps(void)
{
  struct process_info info;
  return guest_info(child_pid, &info) && info.state != PROCESS_RUNNING; /* or is over already */
}
/* A child that sleeps: until it is killed, or 20 milliseconds. */
static bool with_child(const void *code, size_t size)
{
  struct handle_info info;
  if (guest_write_program(SCRATCH, code, size) != 0 || !path(SCRATCH)) return false;
  child = (int)sys_spawn(PATH_AT, 0, 0, 0);
  if (child < 0 || sys_handle_info(child, OUT) != 0 || copy_from_user(&info, OUT, sizeof(info)) != 0) return false;
  child_pid = (int)info.id;
  while (!child_sleeps()) sched_yield();
  return true;
}
static bool with_sleeper(void)
{
  return with_child(guest_sleep, sizeof(guest_sleep));
}
static bool with_napper(void)
{
  static const uint8_t code[] = {
    0xBF, 0x00, 0x2D, 0x31, 0x01, 0xB8, 15,   0,    0,
    0,    0x0F, 0x05,                                     /* mov edi, 20000000; mov eax, SYS_nanosleep; syscall */
    0xBF, 7,    0,    0,    0,    0x31, 0xC0, 0x0F, 0x05, /* mov edi, 7; xor eax, eax; syscall */
  };
  return with_child(code, sizeof(code));
}
static void without_child(int64_t r)
{
  (void)r;
  sys_kill(child, 0);
  sys_wait(child, OUT, 0);
  sys_close(child);
  sys_unlink(PATH_AT);
}
static void reap_result(int64_t handle)
{
  if (handle < 0) return;
  sys_wait((int)handle, OUT, 0);
  sys_close((int)handle);
}

/* The handle table is full: the next handle makes it grow. */
static bool with_full_table(void)
{
  struct handle_table *table = &process_current()->handles;
  handle_table_destroy(table);
  if (handle_table_init(table) != 0) return false;
  while (table->used < table->capacity)
    if (sys_process_open(1, RIGHT_READ) < 0) return false;
  return true;
}
static void without_full_table(int64_t r)
{
  struct handle_table *table = &process_current()->handles;
  (void)r;
  handle_table_destroy(table);
  ktest_check(handle_table_init(table) == 0);
}

static void back_to_root(int64_t r)
{
  (void)r;
  if (path("/")) sys_chdir(PATH_AT);
}

static void close_ends(int64_t r)
{
  int ends[2];
  if (r != 0 || copy_from_user(ends, OUT, sizeof(ends)) != 0) return;
  sys_close(ends[0]);
  sys_close(ends[1]);
}

/* ---- the calls ---- */

/* In static functions, because the handlers' types differ. */
#define CALL(name, ...)            \
  static int64_t call_##name(void) \
  {                                \
    return __VA_ARGS__;            \
  }
CALL(write, sys_write(scratch, GUEST_MEMORY, 0x2800))
CALL(write_sparse, sys_seek(scratch, 0x400000, SEEK_SET) < 0 ? -EIO : sys_write(scratch, GUEST_MEMORY, 1))
CALL(read, sys_read(file, MAP_AT, 0x2800))
CALL(open_new, sys_open(PATH_AT, O_RDWR | O_CREAT, 0644))
CALL(open, sys_open(PATH_AT, O_RDONLY, 0))
CALL(close, sys_close(scratch))
CALL(yield, sys_yield())
CALL(spawn, sys_spawn(PROGRAM_AT, PROGRAM_AT + 0x40, PROGRAM_AT + 0x40, 0))
CALL(wait, sys_wait(child, OUT, 0))
CALL(kill, sys_kill(child, 0))
CALL(process_open, sys_process_open(1, RIGHT_READ))
CALL(getpid, sys_getpid())
CALL(mmap, sys_mmap(0, 0x3000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
CALL(mmap_file, sys_mmap(0, 0x3000, PROT_READ, MAP_PRIVATE, file, 0))
CALL(copy_on_write, vmo_write(copy, 0, "own", 3))
CALL(munmap, sys_munmap(MAP_AT + 0x1000, 0x1000))
CALL(mprotect, sys_mprotect(MAP_AT + 0x1000, 0x1000, PROT_READ))
CALL(clock_gettime, sys_clock_gettime(CLOCK_MONOTONIC, MAP_AT))
CALL(nanosleep, sys_nanosleep(1000))
CALL(stat, sys_stat(PATH_AT, OUT))
CALL(fstat, sys_fstat(file, OUT))
CALL(readdir, sys_seek(directory, 0, SEEK_SET) < 0 ? -EIO : sys_readdir(directory, OUT, 0x400))
CALL(seek, sys_seek(file, 0, SEEK_SET))
CALL(mkdir, sys_mkdir(PATH_AT, 0755))
CALL(unlink, sys_unlink(PATH_AT))
CALL(chdir, sys_chdir(PATH_AT))
CALL(getcwd, sys_getcwd(OUT, PATH_MAX))
CALL(dup, sys_dup(file, RIGHT_READ))
CALL(pipe, sys_pipe(OUT))
CALL(console_ctl, sys_console_ctl(file, CONSOLE_GET_MODE, 0))
CALL(process_list, sys_process_list(OUT, 4))
CALL(memory_info, sys_memory_info(OUT))
CALL(memory_stats, sys_memory_stats(OUT, sizeof(struct memory_stats)))
CALL(log_read, sys_log_read(0, OUT, 0x800))
CALL(power, sys_power(POWER_OFF, 256))
CALL(handle_info, sys_handle_info(file, OUT))
CALL(tls_set, sys_tls_set(0))
CALL(random_get, sys_random_get(OUT, 64))
CALL(mmap_shared, sys_mmap(0, 0x3000, RW, MAP_SHARED, file, 0))
CALL(vmo_create, sys_vmo_create(0x4000))
CALL(vmo_read, sys_vmo_read(scratch, 0, MAP_AT, 0x2800))
CALL(vmo_write, sys_vmo_write(scratch, 0x1000, GUEST_MEMORY, 0x2800))
CALL(vmo_clone, sys_vmo_clone(scratch, 0x1000, 0x2000))
CALL(vmo_resize, sys_vmo_resize(scratch, 0x1000000))
CALL(vmo_map, sys_vmo_map(scratch, 0, 0, 0x3000, RW, 0))
CALL(vmo_size, sys_vmo_size(scratch))

static const struct sweep {
  unsigned number;
  const char *what; /* the case */
  int64_t (*call)(void);
  bool (*prepare)(void);
  void (*undo)(int64_t r); /* after a call that answered r, also when it failed */
  int error;               /* beside ENOMEM, what the call answers without memory */
  int answer;              /* what it fails with anyway */
} sweeps[] = {
  {SYS_exit, "exit", call_wait, with_napper, without_child, 0, 0},
  {SYS_write, "write", call_write, with_scratch, without_scratch, ENOSPC, 0},
  {SYS_write, "write far out", call_write_sparse, with_begun_scratch, without_scratch, ENOSPC, 0},
  {SYS_read, "read to fresh memory", call_read, with_mapping_and_file, without_mapping, 0, 0},
  {SYS_open, "open a new file", call_open_new, with_scratch_name, close_and_unlink, 0, 0},
  {SYS_open, "open a new file in a crowd", call_open_new, with_crowd, without_crowd, 0, 0},
  {SYS_open, "open", call_open, with_root, close_result, 0, 0},
  {SYS_close, "close", call_close, with_scratch, unlink_path, 0, 0},
  {SYS_yield, "yield", call_yield, NULL, NULL, 0, 0},
  {SYS_spawn, "spawn", call_spawn, NULL, reap_result, 0, 0},
  {SYS_wait, "wait", call_wait, with_napper, without_child, 0, 0},
  {SYS_kill, "kill", call_kill, with_sleeper, without_child, 0, 0},
  {SYS_process_open, "process_open", call_process_open, NULL, close_result, 0, 0},
  {SYS_getpid, "getpid", call_getpid, NULL, NULL, 0, 0},
  {SYS_mmap, "mmap", call_mmap, NULL, unmap_result, 0, 0},
  {SYS_mmap, "mmap of a file", call_mmap_file, NULL, unmap_result, 0, 0},
  {SYS_mmap, "write to a clone", call_copy_on_write, with_clone, without_clone, 0, 0},
  {SYS_munmap, "munmap", call_munmap, with_mapping, without_mapping, 0, 0},
  {SYS_mprotect, "mprotect", call_mprotect, with_mapping, without_mapping, 0, 0},
  {SYS_clock_gettime, "clock_gettime to fresh memory", call_clock_gettime, with_mapping, without_mapping, 0, 0},
  {SYS_nanosleep, "nanosleep", call_nanosleep, NULL, NULL, 0, 0},
  {SYS_stat, "stat", call_stat, with_root, NULL, 0, 0},
  {SYS_fstat, "fstat", call_fstat, NULL, NULL, 0, 0},
  {SYS_readdir, "readdir", call_readdir, NULL, NULL, 0, 0},
  {SYS_seek, "seek", call_seek, NULL, NULL, 0, 0},
  {SYS_mkdir, "mkdir", call_mkdir, with_scratch_name, unlink_path, 0, 0},
  {SYS_unlink, "unlink", call_unlink, with_closed_scratch, unlink_path, 0, 0},
  {SYS_chdir, "chdir", call_chdir, with_root, back_to_root, 0, 0},
  {SYS_getcwd, "getcwd", call_getcwd, NULL, NULL, 0, 0},
  {SYS_dup, "dup", call_dup, NULL, close_result, 0, 0},
  {SYS_pipe, "pipe", call_pipe, NULL, close_ends, 0, 0},
  {SYS_console_ctl, "console_ctl", call_console_ctl, NULL, NULL, 0, ENOTTY},
  {SYS_process_list, "process_list", call_process_list, NULL, NULL, 0, 0},
  {SYS_memory_info, "memory_info", call_memory_info, NULL, NULL, 0, 0},
  {SYS_memory_stats, "memory_stats", call_memory_stats, NULL, NULL, 0, 0},
  {SYS_log_read, "log_read", call_log_read, NULL, NULL, 0, 0},
  {SYS_power, "power", call_power, NULL, NULL, 0, EINVAL},
  {SYS_handle_info, "handle_info", call_handle_info, NULL, NULL, 0, 0},
  {SYS_tls_set, "tls_set", call_tls_set, NULL, NULL, 0, 0},
  {SYS_random_get, "random_get", call_random_get, NULL, NULL, 0, 0},
  {SYS_mmap, "mmap of a file, shared", call_mmap_shared, NULL, unmap_result, 0, 0},
  {SYS_vmo_create, "vmo_create", call_vmo_create, NULL, close_result, 0, 0},
  {SYS_vmo_read, "vmo_read to fresh memory", call_vmo_read, with_vmo_and_mapping, without_vmo_and_mapping, 0, 0},
  {SYS_vmo_write, "vmo_write", call_vmo_write, with_written_vmo, without_vmo, 0, 0},
  {SYS_vmo_clone, "vmo_clone", call_vmo_clone, with_written_vmo, without_both_vmos, 0, 0},
  {SYS_vmo_resize, "vmo_resize", call_vmo_resize, with_written_vmo, without_vmo, 0, 0},
  {SYS_vmo_map, "vmo_map", call_vmo_map, with_vmo, without_mapped_vmo, 0, 0},
  {SYS_vmo_size, "vmo_size", call_vmo_size, with_vmo, without_vmo, 0, 0},
  /* the last: it closes all handles */
  {SYS_process_open, "process_open with a full table", call_process_open, with_full_table, without_full_table, 0, 0},
};

/* ---- the sweep ---- */

/* With what the heap keeps for later given back. */
static struct guest_resources settled(void)
{
  struct guest_resources r = guest_resources();
  kmem_reclaim();
  return guest_resources().free_pages >= r.free_pages ? guest_resources() : r;
}

static bool complain(const struct sweep *s, uint64_t n, bool forever, int64_t r)
{
  log_warn("%s, allocation %llu fails%s: answers %lld", s->what, (unsigned long long)n,
           forever ? " with all others" : "", (long long)r);
  return false;
}

/* One attempt; *failures: how many allocations failed in it. */
static bool attempt(const struct sweep *s, uint64_t n, bool forever, uint64_t *failures)
{
  struct guest_resources before = settled();
  if (s->prepare && !s->prepare()) return complain(s, 0, forever, 0);
  struct guest_resources prepared = settled();
  alloc_fault_arm(n, forever);
  int64_t r = s->call();
  *failures = alloc_fault_failures();
  alloc_fault_arm(0, false);
  bool worked = s->answer ? r == -s->answer : r >= 0;
  bool refused = *failures > 0 && (r == -ENOMEM || (s->error && r == -s->error));
  bool unchanged = true;
  if (refused) {
    struct guest_resources now = settled();
    unchanged = guest_same(&prepared, &now);
  }
  if (s->undo) s->undo(r);
  struct guest_resources after = settled();
  return ((worked || refused) && unchanged && guest_same(&before, &after)) || complain(s, n, forever, r);
}

/* What is made once and stays for good is made. */
static bool warm_up(const struct sweep *s)
{
  for (int i = 0; i < 2; i++) {
    if (s->prepare && !s->prepare()) return complain(s, 0, false, 0);
    int64_t r = s->call();
    if (s->undo) s->undo(r);
  }
  return true;
}

static bool sweep(const struct sweep *s, bool forever, uint64_t *total)
{
  for (uint64_t n = 1, failures = 1; failures > 0; n++) {
    if (!attempt(s, n, forever, &failures)) return false;
    *total += failures > 0;
  }
  return true;
}

static void setup(void)
{
  static const uint64_t vector[] = {PROGRAM_AT, PROGRAM_AT, 0};
  struct handle_table *table = &process_current()->handles;
  handle_table_destroy(table);
  ktest_check(handle_table_init(table) == 0);
  ktest_check(guest_write_program(PROGRAM, guest_exit_7, sizeof(guest_exit_7)) == 0);
  ktest_check(copy_to_user(PROGRAM_AT, PROGRAM, sizeof(PROGRAM)) == 0);
  ktest_check(copy_to_user(PROGRAM_AT + 0x40, vector, sizeof(vector)) == 0);
  ktest_check(path("/tmp-nomem-file"));
  file = (int)sys_open(PATH_AT, O_RDWR | O_CREAT, 0644);
  ktest_check(file >= 0 && sys_write(file, GUEST_MEMORY, 0x2800) == 0x2800);
  ktest_check(path("/") && (directory = (int)sys_open(PATH_AT, O_RDONLY, 0)) >= 0);
}

static void calls(void)
{
  bool swept[SYSCALL_COUNT] = {false}, good = true;
  setup();
  for (size_t i = 0; i < ARRAY_SIZE(sweeps); i++) {
    const struct sweep *s = &sweeps[i];
    uint64_t total = 0;
    swept[s->number] = true;
    bool passed = warm_up(s) && sweep(s, false, &total) && sweep(s, true, &total);
    log_debug("%s: %llu calls with failing allocations", s->what, (unsigned long long)total);
    good = good && passed;
  }
  for (unsigned i = 0; i < SYSCALL_COUNT; i++) {
    if (!swept[i]) log_warn("sys_nomem.c does not try call %u", i);
    good = good && swept[i];
  }
  ktest_check(path("/tmp-nomem-file") && sys_unlink(PATH_AT) == 0 && sys_unlink(PROGRAM_AT) == 0);
  ktest_check(good);
}

/* ---- the places ---- */

/* From "src/" on; null: of a test. */
static const char *kernel_file(const char *file_name)
{
  static const char *const trees[] = {"src/kern/", "src/arch/", "src/sim/"};
  for (const char *p = file_name; *p; p++)
    for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
      if (strncmp(p, trees[i], strlen(trees[i])) == 0) return p;
  return NULL;
}

static void report_places(void)
{
  size_t count, places = 0, failed = 0;
  struct alloc_site *const *site = alloc_fault_sites(&count);
  for (size_t i = 0; i < count; i++) {
    const char *name = kernel_file(site[i]->file);
    if (!name) continue;
    places++;
    failed += site[i]->failed > 0;
    if (!site[i]->failed) log_notice("never failed: %s at %s:%u", site[i]->function, name, site[i]->line);
  }
  log_notice("%zu of %zu places that allocate failed", failed, places);
  ktest_check(failed > places / 2);
}

KTEST(sys_out_of_memory)
{
  guest_run(calls);
  report_places();
}
