/*
 * The console's input side and its controls; console_output.c is the other half.
 *
 * Bytes wait in `ring` as they came. Whoever reads moves them through `line` in the mode of that moment: cooked, until a
 * line is complete; raw, as many as the reader asked for. What is complete is copied to the reader without the lock (the
 * copy may sleep), under the claim `copying`, and leaves `line` only when the copy succeeded: a reader with a bad buffer
 * loses nothing. ^C may empty both meanwhile; `generation` tells.
 */
#include <kern/console.h>
#include <kern/log.h>
#include <kern/process.h>
#include <kern/spinlock.h>
#include <kern/string.h>
#include <kern/waitq.h>

#include "console_line.h"
#include "console_output.h"

#define RING_SIZE 4096u
#define RING_RESUME (RING_SIZE / 2) /* fill at which a stopped driver goes on */
#define ECHO_PIECE 128u
#define INTERRUPT_BYTE 0x03 /* ^C */
#define LINE_ROWS 24u
#define LINE_COLUMNS 80u

_Static_assert((RING_SIZE & (RING_SIZE - 1)) == 0, "ring positions wrap by masking");

/* Everything under `lock`; also taken in interrupts. */
static struct {
  struct spinlock lock;
  struct waitq readers;
  uint8_t ring[RING_SIZE];
  uint32_t head, tail; /* bytes ever put and taken; head - tail wait */
  struct line line;
  bool copying;        /* a reader copies out of line.bytes */
  uint32_t generation; /* how often ^C emptied it */
  bool stopped;        /* a driver was told that there is no room */
  bool hangup;
  unsigned mode;            /* CONSOLE_* */
  int foreground;           /* job; 0: none */
  enum console_place place; /* where the last byte was typed */
  struct console_input *inputs;
} console = {.lock = SPINLOCK_INIT("console"), .mode = CONSOLE_COOKED};

static struct log_sink console_sink = {.write = console_output_write};

void console_init(void)
{
  waitq_init(&console.readers);
  line_reset(&console.line);
  log_add_sink(&console_sink);
}

void console_add_input(struct console_input *in)
{
  spin_lock(&console.lock);
  in->next = console.inputs;
  console.inputs = in;
  spin_unlock(&console.lock);
}

static uint32_t ring_used(void)
{
  return console.head - console.tail;
}

/* Lets stopped drivers go on once there is enough room to be worth it. */
static void resume_drivers_locked(void)
{
  if (!console.stopped || ring_used() > RING_RESUME) return;
  console.stopped = false;
  for (struct console_input *in = console.inputs; in; in = in->next) in->resume();
}

size_t console_input_room(void)
{
  spin_lock(&console.lock);
  size_t room = RING_SIZE - ring_used();
  if (room == 0) console.stopped = true;
  spin_unlock(&console.lock);
  return room;
}

/* What was typed and not yet delivered is forgotten. */
static void discard_input_locked(void)
{
  console.tail = console.head;
  line_reset(&console.line);
  console.generation++;
  resume_drivers_locked();
}

/* ^C typed while a job is in the foreground. Called without the lock: killing takes locks that come before it. */
static void interrupt_job(int job)
{
  console_output_write("^C", 2);
  process_kill_job(job, EXIT_KILLED, FAULT_INTERRUPT);
}

/* Buffers bytes up to a ^C that has a job to end; answers the bytes taken and that job, else 0. */
static size_t buffer_bytes_locked(const uint8_t *bytes, size_t len, int *job)
{
  int target = console.mode & CONSOLE_SIGNAL ? console.foreground : 0;
  *job = 0;
  for (size_t i = 0; i < len; i++) {
    if (bytes[i] == INTERRUPT_BYTE && target > 0) {
      discard_input_locked();
      *job = target;
      return i + 1;
    }
    if (ring_used() < RING_SIZE) console.ring[console.head++ & (RING_SIZE - 1)] = bytes[i];
  }
  return len;
}

void console_input_bytes(const uint8_t *bytes, size_t len, enum console_place place)
{
  while (len > 0) {
    int job;
    spin_lock(&console.lock);
    console.place = place;
    size_t taken = buffer_bytes_locked(bytes, len, &job);
    waitq_wake_all(&console.readers);
    spin_unlock(&console.lock);
    if (job) interrupt_job(job);
    bytes += taken;
    len -= taken;
  }
}

void console_input_hangup(void)
{
  spin_lock(&console.lock);
  console.hangup = true;
  waitq_wake_all(&console.readers);
  spin_unlock(&console.lock);
}

/* ---- reading ---- */

/* What one turn of interpretation leaves to be done without the lock. */
struct turn {
  char echo[ECHO_PIECE];
  size_t echo_length;
  bool interrupted; /* a ^C was read */
};

static uint8_t take_byte_locked(void)
{
  return console.ring[console.tail++ & (RING_SIZE - 1)];
}

/* A ^C that was typed before anybody could be interrupted by it takes effect when it is read. */
static bool is_interrupt_locked(uint8_t byte)
{
  return byte == INTERRUPT_BYTE && (console.mode & CONSOLE_SIGNAL);
}

/* Edits the line until it is complete, the ring is empty or there is no room for more echo. */
static void take_cooked_locked(struct turn *turn)
{
  struct line *l = &console.line;
  while (!l->complete && turn->echo_length + LINE_ECHO_MAX <= ECHO_PIECE) {
    uint8_t byte = 0;
    if (!line_is_erasing(l)) {
      if (ring_used() == 0) return;
      byte = take_byte_locked();
      if (is_interrupt_locked(byte)) {
        line_reset(l);
        turn->interrupted = true;
        return;
      }
    }
    size_t n = line_feed(l, byte, turn->echo + turn->echo_length);
    if (console.mode & CONSOLE_ECHO) turn->echo_length += n;
  }
}

/* Takes what is there, up to what the reader wants. What was typed for a cooked reader that went away comes first. */
static void take_raw_locked(struct turn *turn, size_t want)
{
  struct line *l = &console.line;
  bool echo = console.mode & CONSOLE_ECHO;
  want = MIN(want, echo ? ECHO_PIECE : LINE_SIZE);
  while (l->length < want && ring_used() > 0) {
    if (is_interrupt_locked(console.ring[console.tail & (RING_SIZE - 1)])) {
      turn->interrupted = l->length == 0;
      if (turn->interrupted) (void)take_byte_locked();
      break;
    }
    l->bytes[l->length] = take_byte_locked();
    if (echo) turn->echo[turn->echo_length++] = (char)l->bytes[l->length];
    l->length++;
  }
  if (l->length > 0) l->complete = true;
}

/* Writes the echo and acts on a ^C, without the lock. -EINTR: the ^C had no job to end, the reader is to know of it. */
static int finish_turn(const struct turn *turn)
{
  int job = console.foreground;
  spin_unlock(&console.lock);
  if (turn->echo_length) console_output_write(turn->echo, turn->echo_length);
  if (turn->interrupted && job > 0)
    interrupt_job(job);
  else if (turn->interrupted)
    console_output_write("^C", 2);
  spin_lock(&console.lock);
  return turn->interrupted && job == 0 ? -EINTR : 0;
}

/* Answers 1 when console.line is complete and nobody copies out of it, 0 when no more input will ever come. */
static int wait_for_input_locked(size_t want)
{
  for (;;) {
    struct turn turn;
    turn.echo_length = 0;
    turn.interrupted = false;
    if (!console.copying && !console.line.complete) {
      if (console.mode & CONSOLE_CANON)
        take_cooked_locked(&turn);
      else
        take_raw_locked(&turn, want);
      resume_drivers_locked();
    }
    int r = 0;
    if (turn.echo_length > 0 || turn.interrupted) {
      r = finish_turn(&turn);
    } else if (console.copying) {
      r = waitq_sleep(&console.readers, &console.lock, DEADLINE_NONE);
    } else if (console.line.complete) {
      return 1;
    } else if (console.hangup) {
      if (console.line.length == 0) return 0;
      console.line.complete = true; /* the carrier went in the middle of a line */
    } else {
      r = waitq_sleep(&console.readers, &console.lock, DEADLINE_NONE);
    }
    if (r) return r;
  }
}

/* Copies from the complete line to the reader. */
static ssize_type deliver_locked(struct uio *uio)
{
  struct line *l = &console.line;
  size_t n = MIN(uio->left, l->length - l->start);
  int r = 0;
  if (n > 0) {
    const uint8_t *from = l->bytes + l->start;
    unsigned generation = console.generation;
    console.copying = true;
    spin_unlock(&console.lock);
    r = uio_put(uio, from, n);
    spin_lock(&console.lock);
    console.copying = false;
    if (!r && generation == console.generation) l->start += n;
  }
  if (l->start == l->length) line_reset(l);
  waitq_wake_all(&console.readers);
  return r ? r : (ssize_type)n;
}

ssize_type console_read(struct uio *uio)
{
  if (uio->left == 0) return 0;
  spin_lock(&console.lock);
  ssize_type r = wait_for_input_locked(uio->left);
  if (r > 0) r = deliver_locked(uio);
  spin_unlock(&console.lock);
  return r;
}

static int64_t set_mode(uint64_t mode)
{
  if (mode & ~(uint64_t)CONSOLE_COOKED) return -EINVAL;
  spin_lock(&console.lock);
  console.mode = (unsigned)mode;
  waitq_wake_all(&console.readers); /* who waits goes on in the new mode */
  spin_unlock(&console.lock);
  return 0;
}

static int64_t set_foreground(uint64_t job)
{
  if (job > INT32_MAX) return -EINVAL;
  spin_lock(&console.lock);
  console.foreground = (int)job;
  spin_unlock(&console.lock);
  return 0;
}

static int64_t get_size(void)
{
  unsigned rows = LINE_ROWS, columns = LINE_COLUMNS;
  spin_lock(&console.lock);
  bool at_screen = console.place == CONSOLE_AT_SCREEN || !console.inputs;
  spin_unlock(&console.lock);
  if (at_screen) console_output_size(&rows, &columns);
  return (int64_t)rows << 16 | columns;
}

int64_t console_control(int op, uint64_t arg)
{
  switch (op) {
  case CONSOLE_GET_MODE: return console.mode;
  case CONSOLE_SET_MODE: return set_mode(arg);
  case CONSOLE_SET_FOREGROUND: return set_foreground(arg);
  case CONSOLE_GET_SIZE: return get_size();
  default: return -EINVAL;
  }
}
