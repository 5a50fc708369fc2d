/* Variables: a list, each as the NAME=value string an environment holds. */
#include "sh.h"
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct variable {
  struct variable *next;
  bool exported;
  size_t name_len;
  char *setting; /* NAME=value */
};

static struct variable *variables;

int last_status;
int last_background;
const char *shell_name = "sh";
char *const *positional;
int npositional;

size_t var_name_length(const char *text)
{
  size_t len = 0;
  while (isalpha(text[len]) || text[len] == '_' || (len > 0 && isdigit(text[len]))) len++;
  return len;
}

static struct variable *find(const char *name, size_t len)
{
  struct variable *v = variables;
  while (v != NULL && (v->name_len != len || strncmp(v->setting, name, len) != 0)) v = v->next;
  return v;
}

const char *var_get(const char *name, size_t len)
{
  const struct variable *v = find(name, len);
  return v == NULL ? NULL : v->setting + len + 1;
}

void var_set(const char *name, size_t len, const char *value)
{
  size_t value_len = strlen(value);
  char *setting = malloc(len + value_len + 2);
  if (setting == NULL) err(2, "variable");
  memcpy(setting, name, len);
  setting[len] = '=';
  memcpy(setting + len + 1, value, value_len + 1);

  struct variable *v = find(name, len);
  if (v == NULL) {
    v = calloc(1, sizeof *v);
    if (v == NULL) err(2, "variable");
    v->name_len = len;
    v->next = variables;
    variables = v;
  }
  free(v->setting);
  v->setting = setting;
}

bool var_export(const char *name)
{
  struct variable *v = find(name, strlen(name));
  if (v != NULL) v->exported = true;
  return v != NULL;
}

void var_unset(const char *name)
{
  struct variable *v = find(name, strlen(name));
  if (v == NULL) return;
  struct variable **link = &variables;
  while (*link != v) link = &(*link)->next;
  *link = v->next;
  free(v->setting);
  free(v);
}

void var_import(char **env)
{
  for (; *env != NULL; env++) {
    size_t len = var_name_length(*env);
    if (len == 0 || (*env)[len] != '=') continue;
    var_set(*env, len, *env + len + 1);
    find(*env, len)->exported = true;
  }
}

void var_print_exported(int handle)
{
  for (const struct variable *v = variables; v != NULL; v = v->next)
    if (v->exported) dprintf(handle, "export %s\n", v->setting);
}

static bool overridden(const struct variable *v, const struct words *extra)
{
  for (size_t i = 0; i < extra->count; i++)
    if (strncmp(extra->list[i], v->setting, v->name_len + 1) == 0) return true;
  return false;
}

char **var_environment(struct arena *a, const struct words *extra)
{
  struct words env = {.arena = a};
  for (const struct variable *v = variables; v != NULL; v = v->next)
    if (v->exported && !overridden(v, extra)) words_add(&env, v->setting);
  for (size_t i = 0; i < extra->count; i++) words_add(&env, extra->list[i]);
  if (env.list == NULL) return arena_alloc(a, sizeof *env.list);
  return env.list;
}
