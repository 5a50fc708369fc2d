/*
 * sh [-c text | file] [argument]...: the shell. Lines come from the text, from the file, or from the standard input; when
 * that is the console, through the editor. It never reads past the line it runs: what follows is for the programs.
 */
#include "sh.h"
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct editor editor;

static int console_byte(void)
{
  unsigned char c;
  ssize_t n;
  do n = read(0, &c, 1);
  while (n < 0 && errno == EINTR);
  return n == 1 ? c : -1;
}

static void console_text(const char *text, size_t len)
{
  if (len > 0) write(1, text, len);
}

static unsigned console_columns(void)
{
  int size = console_ctl(0, CONSOLE_GET_SIZE, 0);
  return size > 0 && (size & 0xFFFF) > 0 ? (unsigned)size & 0xFFFF : 80;
}

/* Raw while a line is edited, cooked while anything else reads. */
static enum edit_result console_line(const char *prompt, char *line)
{
  console_ctl(0, CONSOLE_SET_MODE, 0);
  editor.columns = console_columns();
  enum edit_result r = edit_line(&editor, prompt, line);
  console_ctl(0, CONSOLE_SET_MODE, CONSOLE_COOKED);
  return r;
}

static int run_console(void)
{
  static char line[EDIT_MAX];
  editor.read_byte = console_byte;
  editor.write = console_text;
  struct arena a = {0};
  struct text text = {.arena = &a}; /* lines that wait for the rest of theirs */
  for (;;) {
    job_report();
    enum edit_result r = console_line(text.len > 0 ? "> " : "$ ", line);
    if (r == EDIT_END) {
      if (text.len > 0) warnx("end of input inside a command");
      return 0;
    }
    if (r == EDIT_INTERRUPT) {
      last_status = 128 + FAULT_INTERRUPT;
    } else {
      text_add(&text, line, strlen(line));
      text_add(&text, "\n", 1);
      if (run_text(text_end(&text)) == PARSE_INCOMPLETE) continue;
    }
    arena_free(&a);
    text = (struct text){.arena = &a};
  }
}

/* Adds a line of a file; byte by byte, so that the position stays behind the line. False at the end. */
static bool read_line(int handle, struct text *text)
{
  char c;
  bool any = false;
  while (read(handle, &c, 1) == 1) {
    any = true;
    text_add(text, &c, 1);
    if (c == '\n') break;
  }
  return any;
}

static int run_file(int handle)
{
  struct arena a = {0};
  struct text text = {.arena = &a};
  while (read_line(handle, &text)) {
    enum parse_result r = run_text(text_end(&text));
    if (r == PARSE_INCOMPLETE) continue;
    arena_free(&a);
    text = (struct text){.arena = &a};
    if (r == PARSE_ERROR) return last_status;
  }
  if (text.len > 0) {
    warnx("end of file inside a command");
    return 2;
  }
  return last_status;
}

/* $0 and $1... are the words from argv[i] on. */
static void set_positional(int argc, char **argv, int i)
{
  if (i >= argc) return;
  shell_name = argv[i];
  positional = &argv[i + 1];
  npositional = argc - i - 1;
}

int main(int argc, char **argv)
{
  program_name = "sh";
  var_import(environ);
  if (argc > 1 && strcmp(argv[1], "-c") == 0) {
    if (argc < 3) goto usage;
    set_positional(argc, argv, 3);
    if (run_text(argv[2]) == PARSE_INCOMPLETE) errx(2, "-c: end of text inside a command");
    return last_status;
  }
  if (argc > 1 && argv[1][0] == '-' && argv[1][1] != '\0') goto usage;
  if (argc > 1) {
    int handle = open(argv[1], O_RDONLY, 0);
    if (handle < 0) err(errno == ENOENT ? 127 : 126, "%s", argv[1]);
    set_positional(argc, argv, 1);
    return run_file(handle);
  }
  interactive = console_ctl(0, CONSOLE_GET_MODE, 0) >= 0;
  return interactive ? run_console() : run_file(0);
usage:
  fputs("usage: sh [-c text | file] [argument]...\n", stderr);
  return 2;
}
