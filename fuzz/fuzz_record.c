/*
 * A record to be replayed: its head, then entries until there is no next one. What is refused is refused with a message, and
 * an entry lies inside the file. What the entries say, written to another record, is read and replayed from there; then a run
 * comes to the points of the input's own entries, until one diverges or there is no more. The hash of the head is whatever the
 * file says: here it is none, like the trace's. No input at all is a file that cannot be read.
 */
#include "fuzz.h"

#include "../src/sim/record.h"
#include <kern/panic.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_LEAST 5u /* bytes: kind, point, value, check */

struct file {
  uint8_t *bytes;
  size_t size;
};
static struct file input, output;
static const struct file *source; /* the one that is read */
static uint8_t *copy;             /* the machine's, of its own size */

static struct record_entry *entries; /* the input's */
static size_t count, replayed;

static jmp_buf ended;
static int end_status;

/* Until it returns, or the run ends: with this status. */
static int attempt(void (*part)(void))
{
  end_status = 0;
  if (!setjmp(ended)) part();
  return end_status;
}

static void open_record(struct record_header *header)
{
  free(copy);
  copy = NULL;
  record_file_open("input", header);
}

static size_t bytes_of(const struct record_entry *e)
{
  switch (e->kind) {
  case ENTRY_INPUT:
  case ENTRY_RANDOM: return e->value;
  case ENTRY_PREEMPT: return sizeof(uint64_t);
  default: return 0;
  }
}

static void read_entries(void)
{
  struct record_header header;
  const struct record_entry *e;
  open_record(&header);
  REQUIRE(memchr(header.cmdline, '\0', sizeof header.cmdline));
  entries = malloc(input.size / ENTRY_LEAST * sizeof *entries);
  REQUIRE(entries);
  for (size_t at = sizeof header; (e = record_next()); record_done()) {
    size_t whole = e->size + sizeof e->check;
    REQUIRE(record_next() == e && e->kind > 0 && e->kind < ENTRY_KINDS && whole <= input.size - at);
    REQUIRE(bytes_of(e) <= ENTRY_BYTES_MOST && e->bytes + bytes_of(e) == copy + at + e->size);
    entries[count] = *e;
    entries[count++].bytes = input.bytes + (e->bytes - copy);
    at += whole;
  }
  REQUIRE(record_entries() == count);
}

static void write_entries(void)
{
  struct record_header header = {.memory = MACHINE_MEMORY_LEAST};
  record_file_create("output", &header);
  for (size_t i = 0; i < count; i++) {
    record_point = entries[i].point;
    record_put(entries[i].kind, entries[i].value, entries[i].bytes);
  }
  record_flush();
}

/* A run that comes to each entry's point and does there what it says, and then goes on. */
static void replay_entries(void)
{
  struct record_header header;
  open_record(&header);
  for (replayed = 0; replayed < count; replayed++) {
    const struct record_entry *want = &entries[replayed], *e;
    record_point = want->point + 1;
    REQUIRE(!record_here(want->kind));
    record_point = want->point;
    REQUIRE(!record_here(want->kind == ENTRY_END ? ENTRY_CLOCK : ENTRY_END));
    e = record_here(want->kind);
    REQUIRE(e && record_here(want->kind) == e && e->value == want->value);
    REQUIRE(memcmp(e->bytes, want->bytes, bytes_of(e)) == 0);
    record_done();
  }
  record_diverged("goes on");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  input = (struct file){.bytes = (uint8_t *)(uintptr_t)data, .size = size};
  output = (struct file){0};
  entries = NULL;
  count = 0;
  source = &input;
  int status = attempt(read_entries);
  REQUIRE(status == 0 || (status == HOST_EXIT_USAGE && count == 0));
  if (status == 0) {
    REQUIRE(attempt(replay_entries) == HOST_EXIT_DIVERGED);
    REQUIRE(attempt(write_entries) == 0);
    source = &output;
    REQUIRE(attempt(replay_entries) == HOST_EXIT_DIVERGED && replayed == count);
  }
  free(entries);
  free(output.bytes);
  free(copy);
  copy = NULL;
  return 0;
}

/* ---- the machine and its host ---- */

struct machine machine;

void panic(const char *fmt, ...)
{
  REQUIRE(!fmt);
  __builtin_unreachable();
}

uint64_t machine_hash(const void *bytes, size_t size)
{
  (void)bytes, (void)size;
  return 0;
}

uint64_t machine_trace_hash(void)
{
  return 0;
}

int64_t host_file_size(const char *path, char *error, size_t error_size)
{
  (void)path, (void)error, (void)error_size;
  return source->size > 0 ? (int64_t)source->size : -1;
}

/* One more than the file's, for one that is empty. */
void *host_alloc(size_t size)
{
  REQUIRE(size == source->size + 1);
  copy = malloc(source->size);
  REQUIRE(copy);
  return copy;
}

int64_t host_file_load(const char *path, void *where, uint64_t room, char *error, size_t error_size)
{
  (void)path, (void)error, (void)error_size;
  REQUIRE(room == source->size);
  memcpy(where, source->bytes, source->size);
  return (int64_t)source->size;
}

void host_fatal(int status, const char *fmt, ...)
{
  REQUIRE(status != 0 && fmt);
  end_status = status;
  longjmp(ended, 1);
}

int host_file_create(const char *path, char *error, size_t error_size)
{
  (void)path, (void)error, (void)error_size;
  return 3;
}

void host_file_write(int fd, const void *data, size_t size, const char *what)
{
  (void)fd, (void)what;
  output.bytes = realloc(output.bytes, output.size + size);
  REQUIRE(output.bytes);
  memcpy(output.bytes + output.size, data, size);
  output.size += size;
}
