/* From a raw word to arguments: quotes, backslashes and dollars. */
#include "sh.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct expansion {
  struct words *out;
  struct text field;
  bool started; /* the field exists, even when empty ("" makes one) */
  bool split;   /* unquoted results are cut at blanks */
};

static void finish_field(struct expansion *x)
{
  if (!x->started) return;
  words_add(x->out, text_end(&x->field));
  x->field = (struct text){.arena = x->field.arena};
  x->started = false;
}

static void add(struct expansion *x, const char *bytes, size_t len)
{
  text_add(&x->field, bytes, len);
  x->started = true;
}

static void add_value(struct expansion *x, const char *value, bool quoted)
{
  if (quoted || !x->split) {
    add(x, value, strlen(value));
    return;
  }
  while (*value != '\0') {
    size_t len = strcspn(value, " \t\n");
    if (len > 0) add(x, value, len);
    value += len;
    if (*value != '\0') finish_field(x);
    value += strspn(value, " \t\n");
  }
}

/* $@ and $*: every positional parameter, each a field of its own unless "$*". */
static void add_all_positional(struct expansion *x, bool joined)
{
  for (int i = 0; i < npositional; i++) {
    if (i > 0) {
      if (joined || !x->split)
        add(x, " ", 1);
      else
        finish_field(x);
    }
    add_value(x, positional[i], true);
  }
}

static void add_number(struct expansion *x, int n)
{
  char digits[16];
  snprintf(digits, sizeof digits, "%d", n);
  add(x, digits, strlen(digits));
}

/* What stands after a dollar. Answers where the text goes on. */
static const char *add_variable(struct expansion *x, const char *p, bool quoted)
{
  bool braces = *p == '{';
  const char *name = p + braces, *value = NULL;
  size_t len = 1;
  if (*name == '?') {
    add_number(x, last_status);
  } else if (*name == '$') {
    add_number(x, getpid());
  } else if (*name == '#') {
    add_number(x, npositional);
  } else if (*name == '!') {
    add_number(x, last_background);
  } else if (*name == '@' || *name == '*') {
    add_all_positional(x, *name == '*' && quoted);
  } else if (isdigit(*name)) {
    int n = *name - '0';
    value = n == 0 ? shell_name : n <= npositional ? positional[n - 1] : NULL;
  } else {
    len = var_name_length(name);
    if (len == 0 || (braces && name[len] != '}')) {
      add(x, "$", 1); /* no name: the dollar stands for itself */
      return p;
    }
    value = var_get(name, len);
  }
  if (value != NULL) add_value(x, value, quoted);
  if (braces && name[len] == '}') len++;
  return name + len;
}

static const char *expand_double_quotes(struct expansion *x, const char *p)
{
  x->started = true;
  while (*p != '"' && *p != '\0') {
    if (*p == '\\' && p[1] == '\n') {
      p += 2;
    } else if (*p == '\\' && p[1] != '\0' && strchr("$\"\\`", p[1]) != NULL) {
      add(x, p + 1, 1);
      p += 2;
    } else if (*p == '$') {
      p = add_variable(x, p + 1, true);
    } else {
      add(x, p, 1);
      p++;
    }
  }
  return *p == '"' ? p + 1 : p;
}

static void expand(struct expansion *x, const char *p)
{
  while (*p != '\0') {
    if (*p == '\\') {
      if (p[1] != '\n' && p[1] != '\0') add(x, p + 1, 1);
      p += p[1] == '\0' ? 1 : 2;
    } else if (*p == '\'') {
      size_t len = strcspn(p + 1, "'");
      add(x, p + 1, len);
      p += len + 1 + (p[len + 1] == '\'');
    } else if (*p == '"') {
      /* "$@" without parameters is no field at all */
      bool had = x->started;
      const char *end = expand_double_quotes(x, p + 1);
      if (npositional == 0 && end - p == 4 && strncmp(p, "\"$@\"", 4) == 0) x->started = had;
      p = end;
    } else if (*p == '$') {
      p = add_variable(x, p + 1, false);
    } else {
      size_t len = strcspn(p, "\\'\"$");
      add(x, p, len);
      p += len;
    }
  }
}

void expand_fields(const char *raw, struct words *out)
{
  struct expansion x = {.out = out, .field.arena = out->arena, .split = true};
  expand(&x, raw);
  finish_field(&x);
}

char *expand_text(struct arena *a, const char *raw)
{
  struct words out = {.arena = a};
  struct expansion x = {.out = &out, .field.arena = a, .started = true};
  expand(&x, raw);
  return text_end(&x.field);
}
