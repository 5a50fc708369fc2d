/*
 * A record to be replayed: its head, then entries until there is no next one. What is refused is refused with a message, and
 * an entry lies inside the file. The hash of the head is whatever the file says: here it is none.
 */
#include "fuzz.h"

#include "../src/sim/record.h"
#include <kern/panic.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

static struct {
  const uint8_t *data;
  size_t size;
  uint8_t *copy; /* the machine's, of its own size */
} input;
static jmp_buf refused;

static void read_entries(void)
{
  const struct record_entry *e;
  for (size_t at = sizeof(struct record_header); (e = record_next()); record_done()) {
    size_t whole = e->size + sizeof e->check;
    REQUIRE(e->kind > 0 && e->kind < ENTRY_KINDS && whole <= input.size - at);
    REQUIRE(e->bytes >= input.copy + at && e->bytes < input.copy + at + whole);
    REQUIRE((e->kind != ENTRY_INPUT && e->kind != ENTRY_RANDOM) || e->value <= ENTRY_BYTES_MOST);
    at += whole;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct record_header header;
  input.data = data;
  input.size = size;
  input.copy = NULL;
  if (!setjmp(refused)) {
    record_file_open("input", &header);
    REQUIRE(memchr(header.cmdline, '\0', sizeof header.cmdline));
    read_entries();
  }
  free(input.copy);
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
  return (int64_t)input.size;
}

void *host_alloc(size_t size)
{
  (void)size; /* one more than the file's, so that an empty one has an address, too */
  input.copy = malloc(input.size ? input.size : 1);
  REQUIRE(input.copy);
  return input.copy;
}

int64_t host_file_load(const char *path, void *where, uint64_t room, char *error, size_t error_size)
{
  (void)path, (void)error, (void)error_size;
  REQUIRE(room == input.size);
  memcpy(where, input.data, input.size);
  return (int64_t)input.size;
}

void host_fatal(int status, const char *fmt, ...)
{
  REQUIRE(status == HOST_EXIT_USAGE && fmt);
  longjmp(refused, 1);
}

int host_file_create(const char *path, char *error, size_t error_size)
{
  (void)path, (void)error, (void)error_size;
  return -1;
}

void host_file_write(int fd, const void *data, size_t size, const char *what)
{
  (void)fd, (void)data, (void)size, (void)what;
}
