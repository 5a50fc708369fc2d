/* grep [-vnic] text [file]...: the lines that contain the text, which is taken literally. Status 1: none did. */
#include <ctype.h>
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <veridian.h>

static bool invert, number, ignore_case, only_count;
static const char *text;

static bool matches(const char *line, size_t len)
{
  size_t want = strlen(text);
  for (size_t at = 0; at + want <= len; at++) {
    size_t i = 0;
    while (i < want && (ignore_case ? tolower(line[at + i]) == tolower(text[i]) : line[at + i] == text[i])) i++;
    if (i == want) return true;
  }
  return false;
}

/* One line, cut at the buffer's end when it is longer. Answers its length, -1 at the end. */
static ssize_t next_line(int handle, char *line, size_t size)
{
  static char buf[1024];
  static size_t used, taken;
  size_t len = 0;
  for (;;) {
    if (taken == used) {
      ssize_t n = read(handle, buf, sizeof buf);
      if (n <= 0) return n < 0 ? -2 : len > 0 ? (ssize_t)len : -1;
      used = (size_t)n;
      taken = 0;
    }
    char c = buf[taken++];
    if (c == '\n') return (ssize_t)len;
    if (len < size) line[len++] = c;
  }
}

/* Answers the number of lines shown, -1 on a read error. */
static long search(int handle, const char *name, bool show_name)
{
  static char line[4096];
  long found = 0, at = 0;
  ssize_t len;
  while ((len = next_line(handle, line, sizeof line)) >= 0) {
    at++;
    if (matches(line, (size_t)len) == invert) continue;
    found++;
    if (only_count) continue;
    if (show_name) printf("%s:", name);
    if (number) printf("%ld:", at);
    printf("%.*s\n", (int)len, line);
  }
  if (only_count) {
    if (show_name) printf("%s:", name);
    printf("%ld\n", found);
  }
  if (len == -2) {
    warn("%s", name);
    return -1;
  }
  return found;
}

int main(int argc, char **argv)
{
  for (int c; (c = getopt(argc, argv, "vnic")) != -1;) {
    switch (c) {
    case 'v': invert = true; break;
    case 'n': number = true; break;
    case 'i': ignore_case = true; break;
    case 'c': only_count = true; break;
    default: goto usage;
    }
  }
  if (optind == argc) goto usage;
  text = argv[optind++];
  if (optind == argc) {
    long found = search(STDIN_FILENO, "standard input", false);
    return found < 0 ? 2 : found == 0;
  }
  bool any = false, bad = false, several = argc - optind > 1;
  for (; optind < argc; optind++) {
    int handle = open(argv[optind], O_RDONLY, 0);
    if (handle < 0) {
      warn("%s", argv[optind]);
      bad = true;
      continue;
    }
    long found = search(handle, argv[optind], several);
    close(handle);
    bad |= found < 0;
    any |= found > 0;
  }
  return bad ? 2 : any ? 0 : 1;
usage:
  fputs("usage: grep [-vnic] text [file]...\n", stderr);
  return 2;
}
