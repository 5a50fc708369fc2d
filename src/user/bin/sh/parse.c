/*
 * The grammar, by recursive descent:
 *   list     = { item ( ; | & | newline ) }
 *   item     = pipeline { ( && | || ) newlines pipeline }
 *   pipeline = command { | newlines command }
 *   command  = ( word | redirection word ) { ... }
 */
#include "sh.h"
#include <string.h>

struct parser {
  struct arena *arena;
  const char *p;        /* after `token` */
  const char *last_end; /* of the token before `token` */
  struct token token;
};

static void advance(struct parser *ps)
{
  ps->last_end = ps->p;
  ps->token = lex_next(&ps->p);
}

static void skip_newlines(struct parser *ps)
{
  while (ps->token.type == TOKEN_SEPARATOR && *ps->token.start == '\n') advance(ps);
}

/* What the token that does not fit here means for the whole text. */
static enum parse_result unexpected(const struct parser *ps, bool operator_before)
{
  if (ps->token.type == TOKEN_INCOMPLETE || (ps->token.type == TOKEN_END && operator_before)) return PARSE_INCOMPLETE;
  return PARSE_ERROR;
}

static enum parse_result parse_redirect(struct parser *ps, struct redirect ***link)
{
  struct redirect *r = arena_alloc(ps->arena, sizeof *r);
  r->kind = ps->token.redirect;
  r->slot = ps->token.slot;
  if (r->slot > 2) return PARSE_ERROR; /* programs are given three handles */
  advance(ps);
  if (ps->token.type != TOKEN_WORD) return unexpected(ps, false);
  r->target = arena_text(ps->arena, ps->token.start, ps->token.len);
  **link = r;
  *link = &r->next;
  advance(ps);
  return PARSE_OK;
}

static enum parse_result parse_command(struct parser *ps, bool operator_before, struct command **out)
{
  struct command *c = arena_alloc(ps->arena, sizeof *c);
  struct redirect **link = &c->redirects;
  c->words.arena = ps->arena;
  for (;;) {
    if (ps->token.type == TOKEN_WORD) {
      words_add(&c->words, arena_text(ps->arena, ps->token.start, ps->token.len));
      advance(ps);
    } else if (ps->token.type == TOKEN_REDIRECT) {
      enum parse_result r = parse_redirect(ps, &link);
      if (r != PARSE_OK) return r;
    } else {
      break;
    }
  }
  if (c->words.count == 0 && c->redirects == NULL) return unexpected(ps, operator_before);
  *out = c;
  return ps->token.type == TOKEN_INCOMPLETE ? PARSE_INCOMPLETE : PARSE_OK;
}

static enum parse_result parse_pipeline(struct parser *ps, bool operator_before, struct pipeline **out)
{
  struct pipeline *pl = arena_alloc(ps->arena, sizeof *pl);
  const char *start = ps->token.start;
  struct command **link = &pl->commands;
  for (;;) {
    enum parse_result r = parse_command(ps, operator_before, link);
    if (r != PARSE_OK) return r;
    link = &(*link)->next;
    if (ps->token.type != TOKEN_PIPE) break;
    advance(ps);
    skip_newlines(ps);
    operator_before = true;
  }
  pl->text = arena_text(ps->arena, start, (size_t)(ps->last_end - start));
  *out = pl;
  return PARSE_OK;
}

static enum parse_result parse_item(struct parser *ps, struct item **out)
{
  struct item *it = arena_alloc(ps->arena, sizeof *it);
  const char *start = ps->token.start;
  struct pipeline **link = &it->pipelines;
  enum joint joint = JOINT_ALWAYS;
  for (;;) {
    enum parse_result r = parse_pipeline(ps, joint != JOINT_ALWAYS, link);
    if (r != PARSE_OK) return r;
    (*link)->joint = joint;
    link = &(*link)->next;
    if (ps->token.type != TOKEN_AND && ps->token.type != TOKEN_OR) break;
    joint = ps->token.type == TOKEN_AND ? JOINT_AND : JOINT_OR;
    advance(ps);
    skip_newlines(ps);
  }
  it->text = arena_text(ps->arena, start, (size_t)(ps->last_end - start));
  *out = it;
  return PARSE_OK;
}

enum parse_result parse(struct arena *a, const char *text, struct item **items, const char **near)
{
  struct parser ps = {.arena = a, .p = text};
  struct item **link = items;
  *items = NULL;
  advance(&ps);
  skip_newlines(&ps);
  while (ps.token.type != TOKEN_END) {
    enum parse_result r = parse_item(&ps, link);
    if (r == PARSE_OK && ps.token.type != TOKEN_SEPARATOR && ps.token.type != TOKEN_BACKGROUND &&
        ps.token.type != TOKEN_END)
      r = unexpected(&ps, false);
    if (r != PARSE_OK) {
      *near = ps.token.type == TOKEN_END || *ps.token.start == '\n' ? "end of line"
                                                                    : arena_text(a, ps.token.start, ps.token.len);
      return r;
    }
    (*link)->background = ps.token.type == TOKEN_BACKGROUND;
    link = &(*link)->next;
    if (ps.token.type != TOKEN_END) advance(&ps);
    skip_newlines(&ps);
  }
  return PARSE_OK;
}
