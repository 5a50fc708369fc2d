/*
 * Text to the devices that show it. The output lock is the innermost of all: the log's sink, echo and programs' writes
 * all come here, from any context, and each call's text stays together. A program's write is cut into pieces at line
 * ends, so that writers take turns by lines and interrupts are not held off for longer than a piece takes.
 */
#include "console_output.h"

#include <kern/arch.h>
#include <kern/console.h>
#include <kern/process.h>
#include <kern/spinlock.h>
#include <kern/string.h>

#define PIECE_MAX 256u

static struct spinlock output_lock = SPINLOCK_INIT("console output");
static struct console_output *outputs; /* output_lock */

void console_add_output(struct console_output *out)
{
  spin_lock(&output_lock);
  out->next = outputs;
  outputs = out;
  spin_unlock(&output_lock);
}

void console_output_size(unsigned *rows, unsigned *columns)
{
  spin_lock(&output_lock);
  for (const struct console_output *out = outputs; out; out = out->next) {
    if (out->rows == 0) continue;
    *rows = out->rows;
    *columns = out->columns;
  }
  spin_unlock(&output_lock);
}

static void emit_locked(const char *text, size_t len)
{
  for (struct console_output *out = outputs; out; out = out->next) out->write(text, len);
  if (outputs) return;
  for (size_t i = 0; i < len; i++) arch_early_putc(text[i]);
}

static void show_locked(void)
{
  for (struct console_output *out = outputs; out; out = out->next)
    if (out->show) out->show();
}

void console_output_write(const char *text, size_t len)
{
  char expanded[64];
  size_t n = 0;
  spin_lock(&output_lock);
  for (size_t i = 0; i < len; i++) {
    if (n + 2 > sizeof(expanded)) {
      emit_locked(expanded, n);
      n = 0;
    }
    if (text[i] == '\n') expanded[n++] = '\r';
    expanded[n++] = text[i];
  }
  if (n > 0) emit_locked(expanded, n);
  show_locked();
  spin_unlock(&output_lock);
}

/* Bytes up to and with the last newline; all of them when there is none. */
static size_t whole_lines(const char *text, size_t len)
{
  size_t n = len;
  while (n > 0 && text[n - 1] != '\n') n--;
  return n > 0 ? n : len;
}

static bool being_killed(void)
{
  const struct process *p = process_current();
  return p && __atomic_load_n(&p->killed, __ATOMIC_RELAXED);
}

ssize_type console_write(struct uio *uio)
{
  char piece[PIECE_MAX];
  size_t have = 0;
  ssize_type done = 0;
  int r = 0;
  while (!r && (have > 0 || uio->left > 0)) {
    size_t n = MIN(uio->left, sizeof(piece) - have);
    r = uio_get(uio, piece + have, n);
    if (!r) have += n;
    size_t cut = !r && uio->left > 0 ? whole_lines(piece, have) : have;
    console_output_write(piece, cut);
    done += (ssize_type)cut;
    have -= cut;
    memmove(piece, piece + cut, have);
    if (!r && being_killed()) r = -EINTR;
  }
  return done > 0 ? done : r;
}
