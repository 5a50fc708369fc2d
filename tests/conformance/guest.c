/* Processes for tests inside the kernel. */
#include "guest.h"
#include "../../src/kern/elf/elf_format.h"
#include "../../src/kern/proc/tree.h"
#include <kern/aspace.h>
#include <kern/kmem.h>
#include <kern/ktest.h>
#include <kern/log.h>
#include <kern/pmm.h>
#include <kern/string.h>
#include <kern/vfs.h>

const uint8_t guest_exit_7[9] = {0xBF, 7, 0, 0, 0, 0x31, 0xC0, 0x0F, 0x05}; /* mov edi, 7; xor eax, eax; syscall */
const uint8_t guest_spin[2] = {0xEB, 0xFE};                                 /* jmp . */
const uint8_t guest_sleep[14] = {
  0x48, 0xC7, 0xC7, 0xFF, 0xFF, 0xFF, 0xFF, /* mov rdi, -1 */
  0xB8, 15,   0,    0,    0,    0x0F, 0x05, /* mov eax, SYS_nanosleep; syscall */
};

/* An archive with nothing in it: header fields all 0 but the name's length, 11. */
static const char empty_archive[] = "070701"
                                    "000000000000000000000000000000000000000100000000"
                                    "0000000000000000000000000000000000000000"
                                    "0000000B00000000"
                                    "TRAILER!!!\0\0\0";

static struct process *init;
static struct {
  struct spinlock lock;
  struct waitq ended;
  bool done;
  void (*body)(void);
} run = {.lock = SPINLOCK_INIT("guest"), .ended = WAITQ_INIT(run.ended)};

static int map_memory(struct aspace *as, vaddr_t at, size_t size, int prot)
{
  struct vmo *vmo;
  vaddr_t where;
  int err = vmo_create(size, &vmo);
  if (err != 0) return err;
  err = aspace_map(as, vmo, 0, at, size, prot, true, &where);
  vmo_unref(vmo);
  return err;
}

static int setup(void)
{
  struct vnode *root;
  int err = vfs_lookup("/", &root);
  if (err == 0)
    vnode_unref(root);
  else
    err = vfs_init(empty_archive, sizeof(empty_archive) - 1);
  if (err == 0) err = process_create("init", &init);
  if (err != 0) return err;
  init->cwd = kstrdup("/");
  if (init->cwd == NULL) return -ENOMEM;
  err = map_memory(init->aspace, GUEST_MEMORY, GUEST_MEMORY_SIZE, PROT_READ | PROT_WRITE);
  if (err == 0) err = map_memory(init->aspace, GUEST_READ_ONLY, PAGE_SIZE, PROT_READ);
  if (err == 0) err = tree_add(init, NULL, NULL);
  return err;
}

static void run_body(void *arg)
{
  (void)arg;
  run.body();
  spin_lock(&run.lock);
  run.done = true;
  waitq_wake_all(&run.ended);
  thread_current()->process = NULL; /* leaves alone: PID 1 goes on */
  spin_unlock(&run.lock);
}

void guest_run(void (*body)(void))
{
  struct thread *t;
  if (init == NULL) ktest_check(setup() == 0);
  run.body = body;
  run.done = false;
  ktest_check(thread_create(init, "guest", CLASS_USER, run_body, NULL, &t) == 0);
  sched_start(t);
  spin_lock(&run.lock);
  while (!run.done) waitq_sleep_uninterruptible(&run.ended, &run.lock);
  spin_unlock(&run.lock);
}

int guest_write_file(const char *path, const void *bytes, size_t size, unsigned mode)
{
  struct file *file;
  int err = vfs_unlink(path);
  if (err != 0 && err != -ENOENT) return err;
  err = vfs_open(path, O_WRONLY | O_CREAT | O_TRUNC, mode, &file);
  if (err != 0) return err;
  struct uio uio = uio_kernel((void *)(uintptr_t)bytes, size);
  ssize_type n = file_write(file, &uio);
  object_unref(&file->object);
  return n < 0 ? (int)n : (size_t)n == size ? 0 : -EIO;
}

int guest_write_program(const char *path, const void *code, size_t size)
{
  static struct {
    struct elf64_header header;
    struct elf64_phdr phdr[2];
    struct {
      struct elf64_note header;
      char name[12];
      uint32_t version;
    } note;
    uint8_t pad[0x200 - 64 - 2 * 56 - 28];
    uint8_t code[2048];
  } file;
  _Static_assert(offsetof(__typeof__(file), code) == 0x200, "code begins at 0x400200");
  if (size > sizeof(file.code)) return -EFBIG;
  memset(&file, 0, sizeof(file));
  file.header = (struct elf64_header){.e_ident = {0x7F, 'E', 'L', 'F', 2, 1, 1},
                                      .e_type = ET_EXEC,
                                      .e_machine = EM_X86_64,
                                      .e_version = 1,
                                      .e_entry = 0x400200,
                                      .e_phoff = 64,
                                      .e_ehsize = 64,
                                      .e_phentsize = 56,
                                      .e_phnum = 2};
  file.phdr[0] = (struct elf64_phdr){PT_LOAD, PF_R | PF_X, 0, 0x400000, 0, sizeof(file), sizeof(file), 0x1000};
  file.phdr[1] = (struct elf64_phdr){PT_NOTE, PF_R, offsetof(__typeof__(file), note), 0, 0, sizeof(file.note), 0, 4};
  file.note.header = (struct elf64_note){sizeof(ABI_NOTE_NAME), sizeof(uint32_t), ABI_NOTE_TYPE};
  memcpy(file.note.name, ABI_NOTE_NAME, sizeof(ABI_NOTE_NAME));
  file.note.version = ABI_VERSION;
  memcpy(file.code, code, size);
  return guest_write_file(path, &file, sizeof(file), 0755);
}

int guest_spawn(const char *path, const struct spawn_options *options)
{
  static const struct spawn_options alone = {.nhandles = 0};
  const struct process_args args = {.path = path,
                                    .strings = path,
                                    .strings_size = strlen(path) + 1,
                                    .argc = 1,
                                    .options = options != NULL ? options : &alone};
  struct process *p;
  int err = process_spawn(init, &args, &p);
  if (err != 0) return err;
  int pid = p->pid;
  object_unref(&p->object);
  return pid;
}

void guest_end(int pid)
{
  struct process *p;
  struct wait_status status;
  if (process_find(pid, &p) != 0) return;
  int err = process_kill(p, EXIT_KILLED, FAULT_KILL);
  if (err == 0 || err == -ESRCH) process_wait(p, 0, &status);
  object_unref(&p->object);
}

bool guest_info(int pid, struct process_info *out)
{
  size_t room = process_list(NULL, 0) + 8;
  struct process_info *all = kcalloc(room, sizeof(*all));
  bool found = false;
  if (all == NULL) return false;
  size_t n = process_list(all, room);
  for (size_t i = 0; i < n && i < room && !found; i++) {
    found = all[i].pid == pid;
    if (found) *out = all[i];
  }
  kfree(all);
  return found;
}

struct guest_resources guest_resources(void)
{
  struct kmem_stats heap;
  struct pmm_stats pages;
  sched_yield(); /* a thread that ended is freed by the next to run */
  kmem_get_stats(&heap);
  pmm_get_stats(&pages);
  return (struct guest_resources){.heap_objects = heap.objects,
                                  .free_pages = pages.free_pages,
                                  .files = object_count(OBJECT_FILE),
                                  .pipes = object_count(OBJECT_PIPE),
                                  .processes = object_count(OBJECT_PROCESS),
                                  .handles = init->handles.used};
}

bool guest_same(const struct guest_resources *a, const struct guest_resources *b)
{
  if (memcmp(a, b, sizeof(*a)) == 0) return true;
  log_warn("heap objects %lu -> %lu, free pages %lu -> %lu, files %lu -> %lu, pipes %lu -> %lu, processes %lu -> %lu, "
           "handles %lu -> %lu",
           a->heap_objects, b->heap_objects, a->free_pages, b->free_pages, a->files, b->files, a->pipes, b->pipes,
           a->processes, b->processes, a->handles, b->handles);
  return false;
}
