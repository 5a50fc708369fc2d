/* ls [-la] [name]...: what is in directories, sorted by name; -l with type, mode, size and time; -a names with a dot too. */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <veridian.h>

static bool long_form, all;
static int status;

struct names {
  char **list;
  size_t count, room;
};

static void add_name(struct names *n, const char *name)
{
  if (n->count == n->room) {
    n->room = n->room == 0 ? 32 : n->room * 2;
    n->list = realloc(n->list, n->room * sizeof *n->list);
    if (n->list == NULL) err(1, "names");
  }
  n->list[n->count] = strdup(name);
  if (n->list[n->count++] == NULL) err(1, "names");
}

static int by_name(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A date in the proleptic Gregorian calendar from days since 1970, by eras of 400 years. */
static void print_time(uint64_t seconds)
{
  uint64_t days = seconds / 86400 + 719468; /* since 0000-03-01 */
  uint64_t era = days / 146097, day = days % 146097;
  uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  uint64_t yday = day - (365 * year + year / 4 - year / 100);
  uint64_t month = (5 * yday + 2) / 153;
  uint64_t mday = yday - (153 * month + 2) / 5 + 1;
  month = month < 10 ? month + 3 : month - 9;
  year += era * 400 + (month <= 2);
  printf("%04lu-%02lu-%02lu %02lu:%02lu", year, month, mday, seconds / 3600 % 24, seconds / 60 % 60);
}

static void print_long(const struct stat *st, const char *name)
{
  static const char types[] = "?-dcp";
  putchar(types[st->st_type < sizeof types - 1 ? st->st_type : 0]);
  for (int shift = 6; shift >= 0; shift -= 3) {
    unsigned bits = st->st_mode >> shift;
    printf("%c%c%c", bits & 4 ? 'r' : '-', bits & 2 ? 'w' : '-', bits & 1 ? 'x' : '-');
  }
  printf(" %8lu ", st->st_size);
  print_time(st->st_mtime);
  printf(" %s\n", name);
}

static void show(const char *path, const char *name)
{
  struct stat st;
  if (!long_form)
    puts(name);
  else if (stat(path, &st) == 0)
    print_long(&st, name);
  else {
    warn("%s", path);
    status = 1;
  }
}

static void read_names(int handle, const char *path, struct names *n)
{
  union {
    struct dirent entry;
    char bytes[2048];
  } buf;
  ssize_t len;
  while ((len = readdir(handle, &buf.entry, sizeof buf)) > 0) {
    for (ssize_t at = 0; at < len;) {
      const struct dirent *d = (const struct dirent *)(buf.bytes + at);
      if (all || d->d_name[0] != '.') add_name(n, d->d_name);
      at += d->d_reclen;
    }
  }
  if (len < 0) {
    warn("%s", path);
    status = 1;
  }
}

static void list_directory(const char *path)
{
  int handle = open(path, O_RDONLY | O_DIRECTORY, 0);
  if (handle < 0) {
    warn("%s", path);
    status = 1;
    return;
  }
  struct names n = {0};
  read_names(handle, path, &n);
  close(handle);
  if (n.count > 1) qsort(n.list, n.count, sizeof *n.list, by_name);
  for (size_t i = 0; i < n.count; i++) {
    char full[PATH_MAX + NAME_MAX + 2];
    snprintf(full, sizeof full, "%s/%s", path, n.list[i]);
    show(full, n.list[i]);
    free(n.list[i]);
  }
  free(n.list);
}

int main(int argc, char **argv)
{
  for (int c; (c = getopt(argc, argv, "la1")) != -1;) {
    switch (c) {
    case 'l': long_form = true; break;
    case 'a': all = true; break;
    case '1': break; /* one name a line is the only way here */
    default: fputs("usage: ls [-la] [name]...\n", stderr); return 2;
    }
  }
  if (optind == argc) {
    list_directory(".");
    return status;
  }
  bool several = argc - optind > 1;
  bool before = false;                   /* something was printed: a blank line between groups */
  for (int pass = 0; pass < 2; pass++) { /* files first, then directories */
    for (int i = optind; i < argc; i++) {
      struct stat st;
      if (stat(argv[i], &st) < 0) {
        if (pass == 0) {
          warn("%s", argv[i]);
          status = 1;
        }
      } else if (st.st_type != FILE_DIRECTORY) {
        if (pass == 0) {
          show(argv[i], argv[i]);
          before = true;
        }
      } else if (pass == 1) {
        if (several) printf("%s%s:\n", before ? "\n" : "", argv[i]);
        list_directory(argv[i]);
        before = true;
      }
    }
  }
  return status;
}
