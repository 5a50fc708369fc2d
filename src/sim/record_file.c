/*
 * Entries are written as: kind, points since the last entry, value (numbers of seven bits a byte, lowest first, bit 7: more
 * follow), for some kinds bytes, and a check of two bytes, made from the trace hash and all entries up to here. So a record
 * that does not fit the run that replays it, because it is damaged or from another kernel, is found where it first matters.
 */
#include "record.h"

#include <kern/panic.h>
#include <kern/string.h>
#include <plant.h>

static const char magic[16] = "veridian rec 1\n";

static const char *const kind_names[ENTRY_KINDS] = {
  [ENTRY_CLOCK] = "a reading of the clock",
  [ENTRY_TIMER] = "a timer interrupt",
  [ENTRY_POLL] = "a look for input",
  [ENTRY_INPUT] = "input",
  [ENTRY_HANG_UP] = "the end of input",
  [ENTRY_RANDOM] = "random numbers",
  [ENTRY_PREEMPT] = "a preemption",
  [ENTRY_CHECK] = "a check",
  [ENTRY_END] = "its end",
};

uint64_t record_point;

static struct {
  uint64_t last_point; /* of the last entry */
  uint64_t entries;
  uint64_t hash; /* of the entries up to here */
  /* writing */
  int fd;
  size_t count; /* bytes that wait in buffer */
  uint8_t buffer[8192];
  /* reading */
  const uint8_t *bytes;
  size_t size, at;
  struct record_entry next; /* size 0: not read yet */
  bool checked;             /* next was, against the run */
} file;

/* Of an entry, and everything that led to it. */
static uint16_t check_next(const uint8_t *entry, size_t size)
{
  file.hash = file.hash * 31 + machine_hash(entry, size);
  uint64_t both = file.hash ^ machine_trace_hash();
  return (uint16_t)(both ^ both >> 32);
}

static void begin(void)
{
  file.last_point = file.entries = file.hash = 0;
  file.count = file.next.size = 0;
  file.checked = false;
}

static size_t bytes_after(enum record_kind kind, uint64_t value)
{
  switch (kind) {
  case ENTRY_INPUT:
  case ENTRY_RANDOM: return MIN(value, (uint64_t)ENTRY_BYTES_MOST + 1);
  case ENTRY_PREEMPT: return sizeof(uint64_t);
  default: return 0;
  }
}

/* ---- writing ---- */

void record_flush(void)
{
  size_t count = file.count;
  int fd = file.fd;
  if (!count || fd < 0) return;
  file.count = 0;
  file.fd = -1; /* a write that fails ends the run, and with it would come here again */
  host_file_write(fd, file.buffer, count, "record");
  file.fd = fd;
}

static size_t put_number(uint8_t *to, uint64_t n)
{
  size_t size = 0;
  for (; n >= 0x80; n >>= 7) to[size++] = (uint8_t)(n | 0x80);
  to[size++] = (uint8_t)n;
  return size;
}

void record_put(enum record_kind kind, uint64_t value, const void *bytes)
{
  uint8_t entry[32 + ENTRY_BYTES_MOST] = {(uint8_t)kind};
  size_t n = 1, more = bytes_after(kind, value);
  kassert(more <= ENTRY_BYTES_MOST);
  n += put_number(entry + n, record_point - file.last_point);
  n += put_number(entry + n, value);
  if (more) memcpy(entry + n, bytes, more);
  n += more;
  uint16_t check = check_next(entry, n);
  if (file.count + n + sizeof check > sizeof file.buffer) record_flush();
  memcpy(file.buffer + file.count, entry, n);
  memcpy(file.buffer + file.count + n, &check, sizeof check);
  file.count += n + sizeof check;
  file.last_point = record_point;
}

void record_file_create(const char *path, struct record_header *header)
{
  char error[256];
  begin();
  memcpy(header->magic, magic, sizeof magic);
  header->hash = machine_hash(header, offsetof(struct record_header, hash));
  file.fd = host_file_create(path, error, sizeof error);
  if (file.fd < 0) host_fatal(HOST_EXIT_USAGE, "record: %s", error);
  host_file_write(file.fd, header, sizeof *header, "record");
}

/* ---- reading ---- */

void record_diverged(const char *what)
{
  const struct record_entry *e = &file.next;
  machine.record = RECORD_NONE; /* what is done on the way out is no longer in it */
  if (e->size)
    host_fatal(
      HOST_EXIT_DIVERGED,
      "replay diverged at entry %llu, byte %llu of the record: it has %s at point %llu; the run %s at point %llu",
      (unsigned long long)file.entries, (unsigned long long)file.at, kind_names[e->kind], (unsigned long long)e->point,
      what, (unsigned long long)record_point);
  host_fatal(HOST_EXIT_DIVERGED, "replay: the record %s at byte %llu, entry %llu; the run %s",
             file.at == file.size ? "ends without an end" : "is damaged or cut off", (unsigned long long)file.at,
             (unsigned long long)file.entries, what);
}

/* False when there is no whole number. */
static bool get_number(size_t *at, uint64_t *n)
{
  *n = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (*at >= file.size) return false;
    uint8_t byte = file.bytes[(*at)++];
    *n |= (uint64_t)(byte & 0x7F) << shift;
    if (!(byte & 0x80)) return true;
  }
  return false;
}

const struct record_entry *record_next(void)
{
  struct record_entry *e = &file.next;
  size_t at = file.at;
  if (e->size) return e;
  if (at == file.size) return NULL;
  e->kind = file.bytes[at++];
  if (e->kind == 0 || e->kind >= ENTRY_KINDS || !get_number(&at, &e->point) || !get_number(&at, &e->value)) return NULL;
  e->point += file.last_point;
  size_t more = bytes_after(e->kind, e->value);
  if (more > ENTRY_BYTES_MOST || more + sizeof e->check > file.size - at + PLANTED(record)) return NULL;
  e->bytes = file.bytes + at;
  memcpy(&e->check, e->bytes + more, sizeof e->check);
  e->size = at + more - file.at;
  return e;
}

const struct record_entry *record_here(enum record_kind kind)
{
  const struct record_entry *e = record_next();
  if (!e || e->kind != kind || e->point != record_point) return NULL;
  if (!file.checked && e->check != check_next(file.bytes + file.at, e->size)) record_diverged("has another trace");
  file.checked = true;
  return e;
}

void record_done(void)
{
  struct record_entry *e = &file.next;
  file.last_point = e->point;
  file.at += e->size + sizeof e->check;
  file.entries++;
  file.checked = false;
  e->size = 0;
}

uint64_t record_entries(void)
{
  return file.entries;
}

static NORETURN void no_record(const char *path, const char *why)
{
  host_fatal(HOST_EXIT_USAGE, "replay: %s: %s", path, why);
}

void record_file_open(const char *path, struct record_header *header)
{
  char error[256];
  int64_t size = host_file_size(path, error, sizeof error);
  uint8_t *bytes = size < 0 ? NULL : host_alloc((size_t)size + 1);
  if (size >= 0) size = host_file_load(path, bytes, (uint64_t)size, error, sizeof error);
  if (size < 0) host_fatal(HOST_EXIT_USAGE, "replay: %s", error);
  if ((size_t)size < sizeof *header || memcmp(bytes, magic, sizeof magic) != 0)
    no_record(path, "not a record of this version");
  memcpy(header, bytes, sizeof *header);
  if (header->hash != machine_hash(header, offsetof(struct record_header, hash)))
    no_record(path, "its head is damaged");
  if (header->memory < MACHINE_MEMORY_LEAST || header->memory > MACHINE_MEMORY_MOST ||
      !IS_ALIGNED(header->memory, PAGE_SIZE) || header->virtual_clock > 1 ||
      header->screen_width > MACHINE_SCREEN_MOST || header->screen_height > MACHINE_SCREEN_MOST ||
      !memchr(header->cmdline, '\0', sizeof header->cmdline))
    no_record(path, "its head makes no sense");
  begin();
  file.bytes = bytes;
  file.size = (size_t)size;
  file.at = sizeof *header;
}
