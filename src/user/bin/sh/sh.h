/*
 * The shell, in the order a line goes through it: a source gives lines (main.c, at a console with the editor of edit.c), lex.c
 * cuts them into tokens, parse.c makes a tree, expand.c turns its raw words into arguments with the variables of var.c,
 * run.c starts programs and job.c keeps those in the background. Everything a line needs is in one arena, freed when
 * it has been run.
 */
#ifndef SH_H
#define SH_H

#include <stdbool.h>
#include <stddef.h>
#include <veridian.h>

/* ---- arena.c ---- */

struct arena {
  struct arena_chunk *chunks;
};

void *arena_alloc(struct arena *a, size_t size); /* never null: the shell ends when there is no memory */
char *arena_text(struct arena *a, const char *text, size_t len);
void arena_free(struct arena *a);

/* A string that grows, in an arena. */
struct text {
  struct arena *arena;
  char *bytes; /* null-terminated once text_end was called */
  size_t len, room;
};

void text_add(struct text *t, const char *bytes, size_t len);
char *text_end(struct text *t);

/* A null-ended array of words that grows, in an arena. */
struct words {
  struct arena *arena;
  char **list;
  size_t count, room;
};

void words_add(struct words *w, char *word);

/* ---- lex.c ---- */

enum token_type {
  TOKEN_END, /* of the text */
  TOKEN_WORD,
  TOKEN_SEPARATOR,  /* ; or newline */
  TOKEN_BACKGROUND, /* & */
  TOKEN_AND,        /* && */
  TOKEN_OR,         /* || */
  TOKEN_PIPE,       /* | */
  TOKEN_REDIRECT,   /* < > >> >& with or without a handle before it */
  TOKEN_INCOMPLETE, /* the text ends inside a quote, or in a backslash */
};

enum redirect_kind {
  REDIRECT_IN,
  REDIRECT_OUT,
  REDIRECT_APPEND,
  REDIRECT_SAME, /* N>&M */
};

struct token {
  enum token_type type;
  const char *start; /* a word's text as it stands, quotes included; other tokens for messages */
  size_t len;
  enum redirect_kind redirect;
  int slot; /* the handle a redirection is for */
};

/* The token at *p, which moves past it. Blanks and comments are skipped. */
struct token lex_next(const char **p);

/* ---- parse.c ---- */

struct redirect {
  struct redirect *next;
  enum redirect_kind kind;
  int slot;
  char *target; /* raw word */
};

struct command {
  struct command *next; /* the one that reads its output */
  struct words words;   /* raw */
  struct redirect *redirects;
};

enum joint {
  JOINT_ALWAYS,
  JOINT_AND, /* run when the one before succeeded */
  JOINT_OR,  /* ... failed */
};

struct pipeline {
  struct pipeline *next;
  enum joint joint;
  struct command *commands;
  char *text;
};

struct item {
  struct item *next;
  struct pipeline *pipelines; /* joined by && and || */
  bool background;
  char *text;
};

enum parse_result {
  PARSE_OK,
  PARSE_INCOMPLETE, /* needs another line */
  PARSE_ERROR,      /* *near is what was not expected */
};

enum parse_result parse(struct arena *a, const char *text, struct item **items, const char **near);

/* ---- var.c ---- */

extern int last_status;         /* $? */
extern int last_background;     /* $! */
extern const char *shell_name;  /* $0 */
extern char *const *positional; /* $1... */
extern int npositional;         /* $# */

void var_import(char **env);
const char *var_get(const char *name, size_t len); /* null when not set */
void var_set(const char *name, size_t len, const char *value);
bool var_export(const char *name); /* false: not set */
void var_unset(const char *name);
void var_print_exported(int handle);
size_t var_name_length(const char *text); /* of the name at its start; 0: none */
/* What a program gets: the exported variables, then NAME=value words that win over them. */
char **var_environment(struct arena *a, const struct words *extra);

/* ---- expand.c ---- */

/* A raw word's fields: quotes removed, variables replaced, unquoted results split at blanks. Adds none or more. */
void expand_fields(const char *raw, struct words *out);
/* The same as one string. */
char *expand_text(struct arena *a, const char *raw);

/* ---- run.c ---- */

extern bool interactive;

/* Parses and runs a text. PARSE_INCOMPLETE: nothing has been run. */
enum parse_result run_text(const char *text);

/* Waits for a process, closes the handle, and answers its exit status as $? has it. */
int run_wait(int handle);

/* ---- job.c ---- */

struct job {
  struct job *next;
  int number;
  int job_id; /* the kernel's, 0 when the shell does not make jobs */
  size_t nprocesses;
  int *handles; /* -1 when ended */
  int *pids;
  int status; /* of the last process */
  char *text;
};

void job_add(int job_id, const int *handles, const int *pids, size_t count, const char *text);
void job_report(void); /* says which have ended, and forgets them */
void job_list(int handle);
struct job *job_find(const char *name); /* "%n", or a pid */
int job_wait(struct job *j);            /* in the foreground; forgets it; its status */
struct job *job_any(void);              /* one that was not waited for, or null */
/* Replaces %n among a kill command's arguments by the job's process ids. */
void job_expand_kill(struct words *argv);
/* Gives the console to a job (0: to nobody). */
void job_foreground(int job_id);

/* ---- builtin.c ---- */

/* Null: no builtin of this name. The function gets handles for its output and messages and answers the status. */
typedef int builtin_function(char **argv, int out, int errors);
builtin_function *builtin_find(const char *name);

/* ---- edit.c ---- */

#define EDIT_MAX 4096 /* a line, with its null */
#define EDIT_HISTORY 64

struct editor {
  int (*read_byte)(void); /* -1: end of input */
  void (*write)(const char *text, size_t len);
  unsigned columns;
  char *history[EDIT_HISTORY]; /* the last at count - 1 */
  size_t history_count;
  bool after_return; /* the last byte was \r: a \n that follows belongs to it */
  /* the line being edited */
  const char *prompt;
  char *line;
  size_t len, cursor;
  bool at_margin;   /* a row is full: the terminal wraps when more comes */
  size_t browsing;  /* the history entry shown; history_count: none */
  char *unfinished; /* what was there before browsing */
};

enum edit_result {
  EDIT_LINE,
  EDIT_INTERRUPT, /* ^C */
  EDIT_END,
};

/* Reads one line, without its newline, into line[EDIT_MAX]. */
enum edit_result edit_line(struct editor *e, const char *prompt, char *line);

#endif
