/* Starting programs: what the child gets; files that are no programs, and the one line each leaves in the log. */
#include "../../src/kern/elf/elf_format.h"
#include "../../src/kern/syscall/sys.h"
#include "guest.h"
#include <kern/ktest.h>
#include <kern/log.h>
#include <kern/string.h>
#include <kern/vfs.h>

/* Whether the log has grown by a line with this text since *from. */
static bool logged(uint64_t from, const char *text)
{
  static char buf[1024];
  size_t n = log_copy(&from, buf, sizeof(buf)), len = strlen(text);
  for (size_t i = 0; i + len <= n; i++)
    if (memcmp(buf + i, text, len) == 0) return true;
  return false;
}

static uint64_t log_end(void)
{
  static char buf[512];
  uint64_t at = 0;
  while (log_copy(&at, buf, sizeof(buf)) > 0) continue;
  return at;
}

/* A good program's file, to be spoilt. */
static uint8_t file_bytes[2560];

static size_t load_good(void)
{
  struct vnode *v;
  struct stat st = {0};
  if (guest_write_program("/tmp-exit7", guest_exit_7, sizeof(guest_exit_7)) != 0) return 0;
  if (vfs_lookup("/tmp-exit7", &v) != 0) return 0;
  if (vnode_stat(v, &st) != 0 || st.st_size > sizeof(file_bytes)) st.st_size = 0;
  if (st.st_size > 0 && vnode_read_exact(v, 0, file_bytes, st.st_size) != 0) st.st_size = 0;
  vnode_unref(v);
  return st.st_size;
}

/* Spawning these bytes fails so, says so, and leaves nothing. */
static bool refused(size_t size, int error, const char *line)
{
  if (guest_write_file("/tmp-bad", file_bytes, size, 0755) != 0) return false;
  if (guest_spawn("/tmp-bad", NULL) != error) return false;
  struct guest_resources before = guest_resources();
  uint64_t from = log_end();
  int got = guest_spawn("/tmp-bad", NULL);
  bool said = logged(from, line);
  struct guest_resources after = guest_resources();
  return got == error && said && guest_same(&before, &after);
}

static void malformed(void)
{
  struct elf64_header *h = (struct elf64_header *)(void *)file_bytes;
  struct elf64_phdr *ph = (struct elf64_phdr *)(void *)(file_bytes + 64);
  size_t size = load_good();
  log_set_level(LOG_ERROR); /* the lines are for the log here, not for the console */
  ktest_check(size > 0);
  ktest_check(refused(0, -ENOEXEC, "/tmp-bad: File too short for an ELF header"));
  ktest_check(refused(size / 2, -ENOEXEC, "/tmp-bad: Segment extends beyond file size"));
  h->e_machine = 40;
  ktest_check(refused(size, -ENOEXEC, "/tmp-bad: Not for x86-64"));
  h->e_machine = EM_X86_64;
  ph[1].p_type = PT_INTERP;
  ktest_check(refused(size, -ENOEXEC, "/tmp-bad: Dynamically linked: needs an interpreter"));
  ph[1].p_type = 0;
  ktest_check(refused(size, -ENOEXEC, "/tmp-bad: built for another system"));
  ph[1].p_type = PT_NOTE;
  file_bytes[ph[1].p_offset + 24]++;
  ktest_check(refused(size, -ENOEXEC, "/tmp-bad: built for ABI version 2, this is 1"));
  file_bytes[ph[1].p_offset + 24]--;
  ph[0].p_flags |= PF_W;
  ktest_check(refused(size, -ENOEXEC, "/tmp-bad: Segment both writable and executable"));
  memcpy(file_bytes, "#!/bin/sh\necho no interpreter lines here, and long enough to be a header\n", 72);
  ktest_check(refused(72, -ENOEXEC, "/tmp-bad: Not an ELF file"));
}
KTEST(proc_spawn_malformed)
{
  guest_run(malformed);
  log_set_level(LOG_WARN);
}

/* The child's slots are exactly the ones asked for, with the parent's rights. */
static void handles(void)
{
  struct process *self = process_current(), *p;
  struct wait_status status;
  struct object *obj;
  unsigned rights;
  int a, b;
  ktest_check(guest_write_program("/tmp-sleep", guest_sleep, sizeof(guest_sleep)) == 0);
  ktest_check(process_find(self->pid, &p) == 0);
  ktest_check(handle_install(&self->handles, &p->object, RIGHT_READ | RIGHT_GRANT, &a) == 0);
  ktest_check(handle_install(&self->handles, &p->object, RIGHT_DELETE | RIGHT_GRANT, &b) == 0);
  object_unref(&p->object);
  uint32_t refs = self->object.refs;
  const struct spawn_options options = {.nhandles = 4, .handles = {b, -1, a, a}};
  int pid = guest_spawn("/tmp-sleep", &options);
  ktest_check(pid > 0 && process_find(pid, &p) == 0);
  ktest_check(p->handles.used == 3);
  ktest_check(handle_get(&p->handles, 0, OBJECT_PROCESS, 0, &obj, &rights) == 0);
  ktest_check(obj == &self->object && rights == (RIGHT_DELETE | RIGHT_GRANT));
  object_unref(obj);
  ktest_check(handle_get(&p->handles, 1, OBJECT_NONE, 0, &obj, &rights) == -EBADF);
  ktest_check(handle_get(&p->handles, 3, OBJECT_PROCESS, RIGHT_READ, &obj, &rights) == 0);
  object_unref(obj);
  ktest_check(self->object.refs == refs + 3);
  ktest_check(process_kill(p, EXIT_KILLED, 1) == 0 && process_wait(p, 0, &status) == pid);
  ktest_check(self->object.refs == refs); /* closed when it ended, not when it was freed */
  object_unref(&p->object);
  ktest_check(handle_close(&self->handles, a) == 0 && handle_close(&self->handles, b) == 0);
}
KTEST(proc_spawn_handles)
{
  guest_run(handles);
}

/* The file is free to go once the program runs, or was refused. */
static void file(void)
{
  struct wait_status status;
  for (int i = 0; i < 2; i++) { /* caches are warm the second time */
    struct guest_resources before = guest_resources();
    ktest_check(load_good() > 0 && guest_spawn("/tmp-exit7", NULL) > 0);
    ktest_check(vfs_unlink("/tmp-exit7") == 0);
    ktest_check(process_wait(NULL, 0, &status) > 0 && status.code == 7);
    ktest_check(guest_write_file("/tmp-exit7", file_bytes, 100, 0755) == 0);
    log_set_level(LOG_ERROR);
    ktest_check(guest_spawn("/tmp-exit7", NULL) == -ENOEXEC);
    ktest_check(vfs_unlink("/tmp-exit7") == 0);
    struct guest_resources after = guest_resources();
    ktest_check(i == 0 || guest_same(&before, &after));
  }
}
KTEST(proc_spawn_lets_go_of_the_file)
{
  guest_run(file);
  log_set_level(LOG_WARN);
}
