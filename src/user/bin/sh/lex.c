/* Tokens. A word keeps its quotes and dollars: what they mean is decided when it is run. */
#include "sh.h"
#include <ctype.h>
#include <string.h>

/* A backslash before the newline that ends the text: the line goes on in the next. */
static bool ends_continued(const char *p)
{
  return p[0] == '\\' && p[1] == '\n' && p[2] == '\0';
}

/* The end of a word, or null when the text ends inside it. */
static const char *word_end(const char *p)
{
  while (*p != '\0' && strchr(" \t\r\n;&|<>", *p) == NULL) {
    if (*p == '\\') {
      if (p[1] == '\0' || ends_continued(p)) return NULL;
      p += 2;
    } else if (*p == '\'') {
      p = strchr(p + 1, '\'');
      if (p == NULL) return NULL;
      p++;
    } else if (*p == '"') {
      for (p++; *p != '"'; p++) {
        if (*p == '\\') p++;
        if (*p == '\0') return NULL;
      }
      p++;
    } else {
      p++;
    }
  }
  return p;
}

/* Past blanks, comments and continued lines. */
static const char *skip(const char *p)
{
  for (;;) {
    if (*p == ' ' || *p == '\t' || *p == '\r')
      p++;
    else if (p[0] == '\\' && p[1] == '\n' && !ends_continued(p))
      p += 2;
    else if (*p == '#')
      p += strcspn(p, "\n");
    else
      return p;
  }
}

static struct token lex_redirect(const char *start, const char *p, int slot)
{
  struct token t = {.type = TOKEN_REDIRECT, .start = start, .slot = slot};
  if (*p++ == '<') {
    t.redirect = REDIRECT_IN;
    t.slot = slot < 0 ? 0 : slot;
  } else {
    t.slot = slot < 0 ? 1 : slot;
    t.redirect = *p == '>' ? REDIRECT_APPEND : *p == '&' ? REDIRECT_SAME : REDIRECT_OUT;
    p += *p == '>' || *p == '&';
  }
  t.len = (size_t)(p - start);
  return t;
}

struct token lex_next(const char **pp)
{
  const char *p = skip(*pp);
  struct token t = {.start = p, .len = 1};
  switch (*p) {
  case '\0':
    t.len = 0;
    t.type = TOKEN_END;
    break;
  case '\n':
  case ';': t.type = TOKEN_SEPARATOR; break;
  case '&':
    t.type = p[1] == '&' ? TOKEN_AND : TOKEN_BACKGROUND;
    t.len = p[1] == '&' ? 2 : 1;
    break;
  case '|':
    t.type = p[1] == '|' ? TOKEN_OR : TOKEN_PIPE;
    t.len = p[1] == '|' ? 2 : 1;
    break;
  case '<':
  case '>': t = lex_redirect(p, p, -1); break;
  default:
    if (isdigit(p[0]) && (p[1] == '<' || p[1] == '>')) {
      t = lex_redirect(p, p + 1, p[0] - '0');
      break;
    }
    const char *end = word_end(p);
    t.type = end == NULL ? TOKEN_INCOMPLETE : TOKEN_WORD;
    t.len = end == NULL ? strlen(p) : (size_t)(end - p);
    break;
  }
  *pp = p + t.len;
  return t;
}
