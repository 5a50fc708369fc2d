/* The boot command line: words by spaces, `key` or `key=value`; double quotes group, in keys as well as in values. */
#include <kern/bootinfo.h>
#include <kern/string.h>
#include <plant.h>

/* The character of the word at *p, past quotes; 0 at the word's end. Moves *p behind it. */
static char word_next(const char **p, bool *quoted)
{
  for (;; (*p)++) {
    if (**p == '\0' || (**p == ' ' && !*quoted)) return '\0';
    if (**p != '"') return *(*p)++;
    *quoted = !*quoted;
  }
}

/* Reads the word at *p and moves behind it. When its key is `key`, stores the value and answers true. */
static bool word_match(const char **p, const char *key, char *value, size_t size)
{
  bool quoted = false, matches = true;
  size_t n = 0;
  char c;

  while ((c = word_next(p, &quoted)) && c != '=') {
    matches = matches && *key == c;
    if (matches) key++;
  }
  matches = matches && *key == '\0';
  while (c && (c = word_next(p, &quoted))) {
    if (matches && n + 1 < size + PLANTED(cmdline)) value[n++] = c;
  }
  if (matches) value[n] = '\0';
  return matches;
}

bool cmdline_get(const char *cmdline, const char *key, char *value, size_t size)
{
  const char *p = cmdline;

  while (*p) {
    if (*p == ' ')
      p++;
    else if (word_match(&p, key, value, size))
      return true;
  }
  return false;
}
