/*
 * The record file: a header that says what machine the run was on, then entries, each at a point of the run. arch_record.c
 * says what they mean; record_file.c how they are written and read.
 */
#ifndef SIM_RECORD_H
#define SIM_RECORD_H

#include "machine.h"

enum record_kind {
  ENTRY_CLOCK = 1, /* value: nanoseconds since the last reading */
  ENTRY_TIMER,     /* the timer's deadline has come */
  ENTRY_POLL,      /* time to look for input */
  ENTRY_INPUT,     /* value: how many bytes, which follow */
  ENTRY_HANG_UP,   /* input ended */
  ENTRY_RANDOM,    /* value: how many bytes of the host's, which follow */
  ENTRY_PREEMPT,   /* value: the program's next instruction; eight bytes of its state's fingerprint follow */
  ENTRY_CHECK,     /* that the run is still the same */
  ENTRY_END,       /* value: the trace hash */
  ENTRY_KINDS
};
#define ENTRY_BYTES_MOST 64u

struct record_entry {
  enum record_kind kind;
  uint64_t point, value;
  const uint8_t *bytes; /* of INPUT, RANDOM and PREEMPT */
  uint16_t check;
  size_t size; /* in the file, all of it but the check */
};

/* The machine the record is of. */
struct record_header {
  char magic[16];
  uint64_t memory, seed, preempt_rate, virtual_clock, screen_width, screen_height, initrd_size, initrd_hash, epoch;
  char cmdline[BOOTINFO_CMDLINE_MAX];
  uint64_t hash; /* of what is before it */
};
_Static_assert(sizeof(struct record_header) == offsetof(struct record_header, hash) + 8,
               "no padding in what is written");

/* How many points the run has come to. */
extern uint64_t record_point;

/* Fatal when the file cannot be written, or is no record. */
void record_file_create(const char *path, struct record_header *header);
void record_file_open(const char *path, struct record_header *header);

/* Writes an entry at this point. Bytes are the kind's own number of them. Inside signal handlers too, if the interrupted code
 * is not in here. */
void record_put(enum record_kind kind, uint64_t value, const void *bytes);
void record_flush(void);

/* The next entry, which stays next; null where the record ends without ENTRY_END, or was damaged so that it seems to. */
const struct record_entry *record_next(void);
/* The next entry if it is of that kind and belongs to this point. Then it was made by a run with the same trace and the same
 * entries up to here, or the run ends with a message. */
const struct record_entry *record_here(enum record_kind kind);
/* The next entry was acted on. */
void record_done(void);
uint64_t record_entries(void);

/* The run does not do what comes next in the record: `what` says what it does instead. */
NORETURN void record_diverged(const char *what);

#endif
