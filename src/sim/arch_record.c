/*
 * Records and replays. A run depends on its options, its RAM disk and what comes from outside: readings of the clock, random
 * numbers, input, and interrupts that the host's timers caused. A record holds those, each with the point of the run where
 * it was taken in, and a replay takes them in at the same points instead of asking the host.
 *
 * A point is where the machine looks for interrupts in kernel mode: interrupts enabled, idle, the way in from user mode and
 * out to it. Points are counted; between two of them a run repeats by itself. So that this is true, signals of the host's
 * timers only leave a note while a run is recorded, and the next point acts on it. A program that does not come to a point
 * for long is preempted where it is: arch_step.c.
 */
#include "record.h"

#include <kern/string.h>

#define CHECK_POINTS 4096u /* points between two checks */

static struct record_header header;
static uint64_t last_reading; /* of the clock */
static bool poll_wanted;      /* by a signal handler */

/* ---- points ---- */

void machine_record_timer(void)
{
  if (!machine_time_due()) return;
  record_put(ENTRY_TIMER, 0, NULL);
  machine_time_fire();
}

static void write_point(void)
{
  machine_record_timer();
  if (__atomic_exchange_n(&poll_wanted, false, __ATOMIC_RELAXED)) {
    record_put(ENTRY_POLL, 0, NULL);
    machine_irq_raise(MACHINE_ATTENTION);
  }
  if (record_point % CHECK_POINTS == 0) record_put(ENTRY_CHECK, 0, NULL);
}

static bool replayed(enum record_kind kind)
{
  if (!record_here(kind)) return false;
  record_done();
  return true;
}

bool machine_replay_timer(void)
{
  if (!replayed(ENTRY_TIMER)) return false;
  machine_time_fire();
  return true;
}

static void replay_point(void)
{
  (void)machine_replay_timer();
  if (replayed(ENTRY_POLL)) machine_irq_raise(MACHINE_ATTENTION);
  (void)replayed(ENTRY_CHECK);
  const struct record_entry *e = record_next();
  if (e && e->point < record_point) record_diverged("went on");
}

uint64_t machine_record_point(void)
{
  record_point++;
  if (machine.record == RECORD_WRITE)
    write_point();
  else if (machine.record == RECORD_REPLAY)
    replay_point();
  return record_point;
}

void machine_record_want_poll(void)
{
  __atomic_store_n(&poll_wanted, true, __ATOMIC_RELAXED);
}

/* ---- what comes from outside ---- */

uint64_t machine_record_clock(uint64_t reading)
{
  if (machine.record == RECORD_WRITE) {
    record_put(ENTRY_CLOCK, reading - last_reading, NULL);
    return last_reading = reading;
  }
  const struct record_entry *e = record_here(ENTRY_CLOCK);
  if (!e) record_diverged("reads the clock");
  last_reading += e->value;
  record_done();
  return last_reading;
}

void machine_record_random(void *bytes, size_t size)
{
  if (machine.record == RECORD_WRITE) {
    record_put(ENTRY_RANDOM, size, bytes);
    return;
  }
  const struct record_entry *e = record_here(ENTRY_RANDOM);
  if (!e || e->value != size) record_diverged("takes random numbers");
  memcpy(bytes, e->bytes, size);
  record_done();
}

void machine_record_input(const uint8_t *bytes, size_t count)
{
  record_put(count ? ENTRY_INPUT : ENTRY_HANG_UP, count, bytes);
}

enum host_input machine_replay_input(uint8_t *bytes, size_t room, size_t *count)
{
  const struct record_entry *e = record_here(ENTRY_INPUT);
  *count = 0;
  if (e) {
    if (e->value == 0 || e->value > room) record_diverged("takes less input");
    memcpy(bytes, e->bytes, *count = e->value);
    record_done();
    return HOST_INPUT_READY;
  }
  if (replayed(ENTRY_HANG_UP)) return HOST_INPUT_ENDED;
  if (record_here(ENTRY_END)) host_exit(0); /* somebody left by a key that only the host saw */
  return HOST_INPUT_NONE;
}

/* ---- preemption ---- */

void machine_record_preempt(uint64_t rip, uint64_t fingerprint)
{
  record_put(ENTRY_PREEMPT, rip, &fingerprint);
}

bool machine_replay_preempt(uint64_t *rip, uint64_t *fingerprint)
{
  const struct record_entry *e = record_here(ENTRY_PREEMPT);
  if (!e) return false;
  *rip = e->value;
  memcpy(fingerprint, e->bytes, sizeof *fingerprint);
  return true;
}

void machine_replay_preempted(void)
{
  record_done();
}

void machine_replay_lost(const char *what)
{
  record_diverged(what);
}

/* ---- begin and end ---- */

static uint64_t initrd_hash(const struct bootinfo *bi)
{
  return bi->initrd ? machine_hash(phys_to_virt(bi->initrd), bi->initrd_size) : 0;
}

void machine_replay_open(const char *path, struct machine_options *options)
{
  record_file_open(path, &header);
  machine.record = RECORD_REPLAY;
  options->memory = header.memory;
  options->seed = header.seed;
  options->virtual_clock = header.virtual_clock;
  options->screen_width = (unsigned)header.screen_width;
  options->screen_height = (unsigned)header.screen_height;
  options->preempt_rate = header.preempt_rate;
  options->cmdline = header.cmdline;
}

static void replay_start(const struct bootinfo *bi)
{
  if (header.initrd_size == bi->initrd_size && header.initrd_hash == initrd_hash(bi)) return;
  machine.record = RECORD_NONE;
  host_fatal(HOST_EXIT_USAGE, "the record is of a run with another initial RAM disk, of %llu bytes",
             (unsigned long long)header.initrd_size);
}

static void write_start(const struct machine_options *options, const struct bootinfo *bi, uint64_t epoch)
{
  header.memory = options->memory;
  header.seed = options->seed;
  header.preempt_rate = options->preempt_rate;
  header.virtual_clock = options->virtual_clock;
  header.screen_width = options->screen_width;
  header.screen_height = options->screen_height;
  header.initrd_size = bi->initrd_size;
  header.initrd_hash = initrd_hash(bi);
  header.epoch = epoch;
  memcpy(header.cmdline, bi->cmdline, sizeof header.cmdline);
  record_file_create(options->record, &header);
  machine.record = RECORD_WRITE;
}

uint64_t machine_record_start(const struct machine_options *options, const struct bootinfo *bi, uint64_t epoch)
{
  if (machine.record == RECORD_REPLAY)
    replay_start(bi);
  else if (options->record)
    write_start(options, bi, epoch);
  else
    return epoch;
  return header.epoch;
}

void machine_record_flush(void)
{
  if (machine.record == RECORD_WRITE) record_flush();
}

static bool replay_end(uint64_t hash)
{
  const struct record_entry *e = record_here(ENTRY_END);
  if (e && e->value == hash) {
    host_note("replayed to the end, %llu entries", (unsigned long long)record_entries());
    return true;
  }
  host_note("replay diverged: the run ends at point %llu, the record %s", (unsigned long long)record_point,
            e               ? "has another trace"
            : record_next() ? "goes on"
                            : "is damaged or cut off");
  return false;
}

bool machine_record_end(void)
{
  enum record_mode mode = machine.record;
  machine.record = RECORD_NONE; /* what may fail now does not come here again */
  if (mode == RECORD_REPLAY) return replay_end(machine_trace_hash());
  if (mode == RECORD_NONE) return true;
  record_put(ENTRY_END, machine_trace_hash(), NULL);
  record_flush();
  return true;
}
