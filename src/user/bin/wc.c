/* wc [-lwc] [file]...: count lines, words and bytes. */
#include <ctype.h>
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <veridian.h>

struct counts {
  unsigned long lines, words, bytes;
};

static bool show_lines, show_words, show_bytes;

static bool count(int handle, const char *name, struct counts *c)
{
  static char buf[4096];
  bool in_word = false;
  ssize_t n;
  while ((n = read(handle, buf, sizeof buf)) > 0) {
    c->bytes += (unsigned long)n;
    for (ssize_t i = 0; i < n; i++) {
      c->lines += buf[i] == '\n';
      bool space = isspace(buf[i]);
      c->words += !space && !in_word;
      in_word = !space;
    }
  }
  if (n < 0) warn("%s", name);
  return n == 0;
}

static void show(const struct counts *c, const char *name)
{
  const char *between = "";
  if (show_lines) printf("%s%lu", between, c->lines), between = " ";
  if (show_words) printf("%s%lu", between, c->words), between = " ";
  if (show_bytes) printf("%s%lu", between, c->bytes);
  if (name != NULL) printf(" %s", name);
  putchar('\n');
}

int main(int argc, char **argv)
{
  for (int c; (c = getopt(argc, argv, "lwc")) != -1;) {
    switch (c) {
    case 'l': show_lines = true; break;
    case 'w': show_words = true; break;
    case 'c': show_bytes = true; break;
    default: fputs("usage: wc [-lwc] [file]...\n", stderr); return 2;
    }
  }
  if (!show_lines && !show_words && !show_bytes) show_lines = show_words = show_bytes = true;
  if (optind == argc) {
    struct counts c = {0};
    bool good = count(STDIN_FILENO, "standard input", &c);
    show(&c, NULL);
    return good ? 0 : 1;
  }
  int status = 0;
  struct counts total = {0};
  for (int i = optind; i < argc; i++) {
    struct counts c = {0};
    int handle = open(argv[i], O_RDONLY, 0);
    if (handle < 0) {
      warn("%s", argv[i]);
      status = 1;
      continue;
    }
    if (!count(handle, argv[i], &c)) status = 1;
    close(handle);
    show(&c, argv[i]);
    total.lines += c.lines;
    total.words += c.words;
    total.bytes += c.bytes;
  }
  if (argc - optind > 1) show(&total, "total");
  return status;
}
