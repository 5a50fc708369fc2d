/* Memory that lives as long as a line: taken piece by piece, given back at once. */
#include "sh.h"
#include <err.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE 2048

struct arena_chunk {
  struct arena_chunk *next;
  size_t used, size;
  _Alignas(16) char bytes[];
};

void *arena_alloc(struct arena *a, size_t size)
{
  size = (size + 15) & ~(size_t)15;
  struct arena_chunk *c = a->chunks;
  if (c == NULL || c->size - c->used < size) {
    size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
    c = malloc(sizeof *c + room);
    if (c == NULL) err(2, "line");
    *c = (struct arena_chunk){.next = a->chunks, .size = room};
    a->chunks = c;
  }
  void *p = c->bytes + c->used;
  c->used += size;
  return memset(p, 0, size);
}

char *arena_text(struct arena *a, const char *text, size_t len)
{
  char *copy = arena_alloc(a, len + 1);
  memcpy(copy, text, len);
  return copy;
}

void arena_free(struct arena *a)
{
  while (a->chunks != NULL) {
    struct arena_chunk *c = a->chunks;
    a->chunks = c->next;
    free(c);
  }
}

void text_add(struct text *t, const char *bytes, size_t len)
{
  if (t->room - t->len <= len) {
    t->room = (t->len + len) * 2 + 32;
    char *bigger = arena_alloc(t->arena, t->room);
    if (t->len > 0) memcpy(bigger, t->bytes, t->len);
    t->bytes = bigger;
  }
  memcpy(t->bytes + t->len, bytes, len);
  t->len += len;
}

char *text_end(struct text *t)
{
  text_add(t, "", 1);
  t->len--;
  return t->bytes;
}

void words_add(struct words *w, char *word)
{
  if (w->count + 1 >= w->room) {
    w->room = w->room * 2 + 8;
    char **bigger = arena_alloc(w->arena, w->room * sizeof *bigger);
    if (w->count > 0) memcpy(bigger, w->list, w->count * sizeof *bigger);
    w->list = bigger;
  }
  w->list[w->count++] = word;
  w->list[w->count] = NULL;
}
