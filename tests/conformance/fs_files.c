/* Files in the running kernel: several threads at one file or directory, programs' buffers, and nothing left behind. */
#include "crew.h"
#include "guest.h"

#include <kern/kmem.h>
#include <kern/ktest.h>
#include <kern/pmm.h>
#include <kern/print.h>
#include <kern/string.h>
#include <kern/vfs.h>

#define WORKERS 6u
#define RECORDS 40u
#define RECORD_SIZE 64u

static struct crew crew;
static unsigned failures; /* atomic */

static void note_failure(void)
{
  __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
}

static ssize_type put(struct file *f, const void *bytes, size_t n)
{
  struct uio uio = uio_kernel((void *)(uintptr_t)bytes, n);
  return file_write(f, &uio);
}

static ssize_type take(struct file *f, void *bytes, size_t n)
{
  struct uio uio = uio_kernel(bytes, n);
  return file_read(f, &uio);
}

static bool run_workers(void (*work)(void *), void *arg)
{
  failures = 0;
  crew_init(&crew);
  for (unsigned i = 0; i < WORKERS; i++)
    if (!crew_start(&crew, CLASS_USER, work, arg)) note_failure();
  crew_wait(&crew);
  return failures == 0;
}

KTEST(fs_tree_is_mounted)
{
  struct stat st;
  ktest_check(vfs_stat("/", &st) == 0 && st.st_type == FILE_DIRECTORY);
  ktest_check(vfs_stat("/tmp", &st) == 0 && st.st_type == FILE_DIRECTORY);
  ktest_check(vfs_stat("/dev/console", &st) == 0 && st.st_type == FILE_DEVICE);
  ktest_check(vfs_stat("/dev/null", &st) == 0 && vfs_stat("/dev/zero", &st) == 0);
  ktest_check(vfs_stat("/tmp/nobody", &st) == -ENOENT);
}

/* A file of a megabyte and its memory: all of it comes back when the last name and the last user are gone. */
KTEST(fs_file_memory_comes_back)
{
  struct kmem_stats heap_before, heap_after;
  struct pmm_stats before, during, after;
  static uint8_t piece[4096];
  struct file *f;
  uint64_t files = object_count(OBJECT_FILE);
  memset(piece, 0x5A, sizeof(piece));
  ktest_check(vfs_mkdir("/tmp/first", 0700) == 0 &&
              vfs_unlink("/tmp/first") == 0); /* /tmp has its table of names now */
  kmem_get_stats(&heap_before);
  pmm_get_stats(&before);
  ktest_check(vfs_open("/tmp/large", O_RDWR | O_CREAT | O_EXCL, 0600, &f) == 0);
  for (unsigned i = 0; i < 256; i++) ktest_check(put(f, piece, sizeof(piece)) == (ssize_type)sizeof(piece));
  pmm_get_stats(&during);
  ktest_check(during.zone_free[PMM_USER] <= before.zone_free[PMM_USER] - 256);
  ktest_check(vfs_unlink("/tmp/large") == 0);
  ktest_check(file_seek(f, 1000000, SEEK_SET) == 1000000);
  ktest_check(take(f, piece, 1) == 1 && piece[0] == 0x5A); /* still there for who has it open */
  object_unref(&f->object);
  pmm_get_stats(&after);
  kmem_get_stats(&heap_after);
  ktest_check(after.zone_free[PMM_USER] == before.zone_free[PMM_USER]);
  ktest_check(heap_after.objects == heap_before.objects);
  ktest_check(object_count(OBJECT_FILE) == files);
}

/* ---- several at one file ---- */

static void append_records(void *arg)
{
  struct file *f;
  char record[RECORD_SIZE];
  memset(record, 'a' + (int)(__atomic_fetch_add((unsigned *)arg, 1, __ATOMIC_RELAXED)), sizeof(record));
  for (unsigned i = 0; i < RECORDS; i++) {
    if (vfs_open("/tmp/appended", O_WRONLY | O_CREAT | O_APPEND, 0600, &f) != 0) {
      note_failure();
      return;
    }
    if (put(f, record, sizeof(record)) != (ssize_type)sizeof(record)) note_failure();
    object_unref(&f->object);
    sched_yield();
  }
}

/* Every record is whole, and each worker's are all there. */
KTEST(fs_appends_do_not_overwrite)
{
  unsigned names = 0, seen[WORKERS] = {0};
  struct file *f;
  char record[RECORD_SIZE];
  ktest_check(run_workers(append_records, &names));
  ktest_check(vfs_open("/tmp/appended", O_RDONLY, 0, &f) == 0);
  ssize_type n;
  bool whole = true;
  while ((n = take(f, record, sizeof(record))) == (ssize_type)sizeof(record)) {
    for (unsigned i = 1; i < sizeof(record); i++) whole = whole && record[i] == record[0];
    unsigned worker = (unsigned)(record[0] - 'a');
    if (worker < WORKERS) seen[worker]++;
  }
  object_unref(&f->object);
  ktest_check(vfs_unlink("/tmp/appended") == 0);
  ktest_check(whole && n == 0);
  for (unsigned i = 0; i < WORKERS; i++) ktest_check(seen[i] == RECORDS);
}

struct shared_reading {
  struct file *file;
  unsigned taken[WORKERS * RECORDS]; /* atomic; how often each record was read */
};

static void read_records(void *arg)
{
  struct shared_reading *s = arg;
  unsigned record;
  while (take(s->file, &record, sizeof(record)) == (ssize_type)sizeof(record)) {
    if (record < ARRAY_SIZE(s->taken))
      __atomic_fetch_add(&s->taken[record], 1, __ATOMIC_RELAXED);
    else
      note_failure();
    sched_yield();
  }
}

/* Readers that share an open file share its position: every record goes to exactly one of them. */
KTEST(fs_shared_position)
{
  static struct shared_reading s;
  memset(&s, 0, sizeof(s));
  ktest_check(vfs_open("/tmp/shared", O_RDWR | O_CREAT, 0600, &s.file) == 0);
  for (unsigned i = 0; i < ARRAY_SIZE(s.taken); i++) ktest_check(put(s.file, &i, sizeof(i)) == (ssize_type)sizeof(i));
  ktest_check(file_seek(s.file, 0, SEEK_SET) == 0);
  bool fine = run_workers(read_records, &s);
  object_unref(&s.file->object);
  ktest_check(vfs_unlink("/tmp/shared") == 0);
  ktest_check(fine);
  for (unsigned i = 0; i < ARRAY_SIZE(s.taken); i++) ktest_check(s.taken[i] == 1);
}

/* ---- several at one directory ---- */

static void churn_names(void *arg)
{
  unsigned me = __atomic_fetch_add((unsigned *)arg, 1, __ATOMIC_RELAXED);
  for (unsigned i = 0; i < RECORDS; i++) {
    struct file *f;
    char own[64];
    format_text(own, sizeof(own), "/tmp/churn/%u-%u", me, i);
    if (vfs_open(own, O_RDWR | O_CREAT | O_EXCL, 0600, &f) != 0) {
      note_failure();
      return;
    }
    int r = vfs_mkdir("/tmp/churn/everybody", 0700); /* one of them at a time */
    if (r != 0 && r != -EEXIST) note_failure();
    sched_yield();
    if (r == 0 && vfs_unlink("/tmp/churn/everybody") != 0) note_failure();
    if (put(f, own, 5) != 5 || vfs_unlink(own) != 0) note_failure();
    object_unref(&f->object);
  }
}

KTEST(fs_directory_with_many_hands)
{
  unsigned names = 0;
  ktest_check(vfs_mkdir("/tmp/churn", 0700) == 0);
  ktest_check(run_workers(churn_names, &names));
  ktest_check(vfs_unlink("/tmp/churn") == 0); /* so it is empty */
}

/* ---- programs' buffers ---- */

/* A buffer that turns bad in the middle: what was taken counts, and a call that fails changes nothing. */
static void user_buffers(void)
{
  struct file *f;
  char text[16] = "";
  ktest_check(vfs_open("/tmp/buffers", O_RDWR | O_CREAT | O_TRUNC, 0600, &f) == 0);
  ktest_check(copy_to_user(GUEST_MEMORY, "0123456789", 10) == 0);
  struct uio uio = uio_user(GUEST_MEMORY, 10);
  ktest_check(file_write(f, &uio) == 10 && uio.left == 0);
  uio = uio_user(USER_TOP, 10);
  ktest_check(file_write(f, &uio) == -EFAULT);
  ktest_check(file_seek(f, 0, SEEK_CUR) == 10 && file_seek(f, 0, SEEK_END) == 10);
  ktest_check(file_seek(f, 2, SEEK_SET) == 2);
  uio = uio_user(GUEST_READ_ONLY, 4);
  ktest_check(file_read(f, &uio) == -EFAULT);
  uio = uio_user(GUEST_MEMORY + 100, 4);
  ktest_check(file_read(f, &uio) == 4);
  ktest_check(copy_from_user(text, GUEST_MEMORY + 100, 4) == 0 && memcmp(text, "2345", 4) == 0);
  object_unref(&f->object);
  ktest_check(vfs_unlink("/tmp/buffers") == 0);

  ktest_check(vfs_open("/dev/zero", O_RDONLY, 0, &f) == 0);
  uio = uio_user(GUEST_MEMORY, GUEST_MEMORY_SIZE);
  ktest_check(file_read(f, &uio) == (ssize_type)GUEST_MEMORY_SIZE);
  ktest_check(copy_from_user(text, GUEST_MEMORY, 4) == 0 && memcmp(text, "\0\0\0\0", 4) == 0);
  uio = uio_user(GUEST_READ_ONLY, 4);
  ktest_check(file_read(f, &uio) == -EFAULT);
  object_unref(&f->object);
}
KTEST(fs_user_buffers)
{
  guest_run(user_buffers);
}
