/*
 * The line editor. It knows what the terminal shows: the prompt, the line, and the cursor at a cell counted from the
 * prompt's start. Every change prints only what differs, so a line typed at its end is plain text on any terminal. Bytes are
 * taken one at a time: what follows the newline belongs to the program the line starts.
 */
#include "sh.h"
#include <ctype.h>
#include <plant.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CTRL(letter) ((letter)&0x1F)
#define ESCAPE 0x1B

/* What escape sequences mean, beyond the bytes. */
enum key {
  KEY_UP = 256,
  KEY_DOWN,
  KEY_LEFT,
  KEY_RIGHT,
  KEY_HOME,
  KEY_END,
  KEY_DELETE,
  KEY_NONE,
};

static bool continuation(char c)
{
  return ((unsigned char)c & 0xC0) == 0x80; /* a UTF-8 character's further bytes take no cell */
}

static size_t cells(const char *text, size_t len)
{
  size_t n = 0;
  for (size_t i = 0; i < len; i++) n += !continuation(text[i]);
  return n;
}

static size_t cell_of(const struct editor *e, size_t position)
{
  return cells(e->prompt, strlen(e->prompt)) + cells(e->line, position);
}

static void put(struct editor *e, const char *text)
{
  e->write(text, strlen(text));
}

static void put_sequence(struct editor *e, size_t n, char final)
{
  char text[24];
  if (n > 0) e->write(text, (size_t)snprintf(text, sizeof text, "\033[%zu%c", n, final));
}

/* Moves the terminal's cursor from one cell to another. */
static void move(struct editor *e, size_t from, size_t to)
{
  if (from == to) return;
  if (e->at_margin) put(e, " \b"); /* into the next row, where it is counted already */
  e->at_margin = false;
  size_t row_from = from / e->columns, row_to = to / e->columns;
  if (row_from == row_to && to <= from) {
    for (size_t n = from - to; n > 0; n--) put(e, "\b");
    return;
  }
  if (row_to < row_from)
    put_sequence(e, row_from - row_to, 'A');
  else
    put_sequence(e, row_to - row_from, 'B');
  put(e, "\r");
  put_sequence(e, to % e->columns, 'C');
}

/* Prints line bytes [from, to) where the cursor stands. */
static void show(struct editor *e, size_t from, size_t to)
{
  if (to == from) return;
  e->write(e->line + from, to - from);
  e->at_margin = cell_of(e, to) % e->columns == 0;
}

static void move_to(struct editor *e, size_t position)
{
  move(e, cell_of(e, e->cursor), cell_of(e, position));
  e->cursor = position;
}

/* After the line changed from `position` on: prints that, blanks `erased` cells behind it, cursor to e->cursor. */
static void redraw_from(struct editor *e, size_t position, size_t erased)
{
  show(e, position, e->len);
  if (erased > 0) {
    size_t end = cell_of(e, e->len);
    for (size_t i = 0; i < erased; i++) put(e, " ");
    e->at_margin = (end + erased) % e->columns == 0;
    move(e, end + erased, end);
  }
  move(e, cell_of(e, e->len), cell_of(e, e->cursor));
}

static void insert(struct editor *e, char c)
{
  if (e->len + 1 >= EDIT_MAX) {
    put(e, "\a");
    return;
  }
  memmove(e->line + e->cursor + 1, e->line + e->cursor, e->len - e->cursor);
  e->line[e->cursor++] = c;
  e->len++;
  redraw_from(e, e->cursor - 1, 0);
}

/* Deletes [from, to); the cursor goes to `from`. */
static void delete (struct editor *e, size_t from, size_t to)
{
  if (from == to) return;
  move_to(e, from);
  size_t gone = cells(e->line + from, to - from);
  memmove(e->line + from, e->line + to, e->len - to);
  e->len -= to - from;
  redraw_from(e, from, gone);
}

static size_t before(const struct editor *e, size_t position)
{
  while (position > 0 && continuation(e->line[--position]))
    ;
  return position;
}

static size_t after(const struct editor *e, size_t position)
{
  if (position < e->len) position++;
  while (position < e->len && continuation(e->line[position])) position++;
  return position;
}

static size_t word_start(const struct editor *e)
{
  size_t p = e->cursor;
  while (p > 0 && isspace(e->line[p - 1])) p--;
  while (p > 0 && !isspace(e->line[p - 1])) p--;
  return p;
}

/* Puts another text in the line's place. */
static void replace(struct editor *e, const char *text)
{
  size_t old = cells(e->line, e->len);
  move_to(e, 0);
  e->len = strlcpy(e->line, text, EDIT_MAX);
  if (e->len >= EDIT_MAX) e->len = EDIT_MAX - 1;
  e->cursor = e->len;
  size_t new = cells(e->line, e->len);
  redraw_from(e, 0, old > new ? old - new : 0);
}

static void browse(struct editor *e, bool up)
{
  if (up ? e->browsing == 0 : e->browsing == e->history_count) return;
  if (e->browsing == e->history_count) {
    free(e->unfinished);
    e->line[e->len] = '\0';
    e->unfinished = strdup(e->line);
  }
  e->browsing = up ? e->browsing - 1 : e->browsing + 1;
  if (e->browsing < e->history_count)
    replace(e, e->history[e->browsing]);
  else
    replace(e, e->unfinished != NULL ? e->unfinished : "");
}

static void remember(struct editor *e, const char *line)
{
  if (line[strspn(line, " ")] == '\0' || (e->history_count > 0 && strcmp(e->history[e->history_count - 1], line) == 0))
    return;
  char *copy = strdup(line);
  if (copy == NULL) return;
  if (e->history_count == EDIT_HISTORY + PLANTED(shell)) {
    free(e->history[0]);
    memmove(e->history, e->history + 1, (EDIT_HISTORY - 1) * sizeof *e->history);
    e->history_count--;
  }
  e->history[e->history_count++] = copy;
}

static int sequence_key(int final, int number)
{
  switch (final) {
  case 'A': return KEY_UP;
  case 'B': return KEY_DOWN;
  case 'C': return KEY_RIGHT;
  case 'D': return KEY_LEFT;
  case 'H': return KEY_HOME;
  case 'F': return KEY_END;
  case '~':
    return number == 1 || number == 7   ? KEY_HOME
           : number == 4 || number == 8 ? KEY_END
           : number == 3                ? KEY_DELETE
                                        : KEY_NONE;
  default: return KEY_NONE;
  }
}

/* A byte, or what an escape sequence stands for. */
static int read_key(struct editor *e)
{
  int c = e->read_byte();
  if (c != ESCAPE) return c;
  c = e->read_byte();
  if (c != '[' && c != 'O') return c < 0 ? c : KEY_NONE;
  int number = 0;
  while ((c = e->read_byte()) >= 0 && (isdigit(c) || c == ';'))
    number = isdigit(c) && number < 1000 ? number * 10 + c - '0' : 0;
  return c < 0 ? c : sequence_key(c, number);
}

static void edit_key(struct editor *e, int key)
{
  switch (key) {
  case KEY_LEFT:
  case CTRL('B'): move_to(e, before(e, e->cursor)); break;
  case KEY_RIGHT:
  case CTRL('F'): move_to(e, after(e, e->cursor)); break;
  case KEY_HOME:
  case CTRL('A'): move_to(e, 0); break;
  case KEY_END:
  case CTRL('E'): move_to(e, e->len); break;
  case KEY_UP:
  case CTRL('P'): browse(e, true); break;
  case KEY_DOWN:
  case CTRL('N'): browse(e, false); break;
  case CTRL('H'):
  case 0x7F: delete (e, before(e, e->cursor), e->cursor); break;
  case KEY_DELETE:
  case CTRL('D'): delete (e, e->cursor, after(e, e->cursor)); break;
  case CTRL('K'): delete (e, e->cursor, e->len); break;
  case CTRL('U'): delete (e, 0, e->cursor); break;
  case CTRL('W'): delete (e, word_start(e), e->cursor); break;
  case CTRL('L'):
    put(e, "\033[H\033[2J");
    e->at_margin = false;
    put(e, e->prompt);
    redraw_from(e, 0, 0);
    break;
  case '\t': insert(e, ' '); break;
  default:
    if (key >= ' ' && key < 256) insert(e, (char)key);
  }
}

static void finish(struct editor *e)
{
  move_to(e, e->len);
  e->at_margin = false;
  put(e, "\n");
  e->line[e->len] = '\0';
}

enum edit_result edit_line(struct editor *e, const char *prompt, char *line)
{
  e->prompt = prompt;
  e->line = line;
  e->len = e->cursor = 0;
  e->browsing = e->history_count;
  e->at_margin = false;
  put(e, prompt);
  for (;;) {
    int key = read_key(e);
    bool second_half = e->after_return && key == '\n';
    e->after_return = key == '\r';
    if (second_half) continue;
    if (key < 0 || (key == CTRL('D') && e->len == 0)) {
      finish(e);
      return e->len == 0 ? EDIT_END : EDIT_LINE;
    }
    if (key == '\r' || key == '\n') {
      finish(e);
      remember(e, line);
      return EDIT_LINE;
    }
    if (key == CTRL('C')) {
      move_to(e, e->len);
      put(e, "^C");
      finish(e);
      return EDIT_INTERRUPT;
    }
    edit_key(e, key);
  }
}
