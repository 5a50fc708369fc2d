/* How a call's arguments are generated: what generate.c, arguments.c and names.c share. */
#ifndef DIFFER_GENERATE_H
#define DIFFER_GENERATE_H

#include "differ.h"

/* What an argument is taken from. */
enum source {
  NOTHING,
  FILE_HANDLE,
  STREAM, /* a file or a pipe */
  MEMORY,
  MAPPABLE,
  PROCESS,
  ANY_HANDLE,
  CONSOLE,
  PATH,
  SCRATCH_PATH, /* one that may be changed */
  FOLDER,
  PROGRAM,
  OPEN_FLAGS,
  MODE,
  DATA, /* memory to read, to write */
  ROOM,
  LENGTH,
  STRINGS,
  OPTIONS,
  PID,
  RIGHTS,
  ADDRESS,
  MAP_LENGTH,
  PROTECTION,
  MAP_FLAGS,
  VMO_MAP_FLAGS,
  PAGE_OFFSET,
  OFFSET,
  POSITION,
  WHENCE,
  COUNT,
  CLOCK,
  NANOSECONDS,
  CODE,
  WAIT_FLAGS,
  CONSOLE_OP,
  CONSOLE_ARG,
  POWER_OP,
  SIZE,
  LOG_OFFSET,
  SOURCES
};

static inline bool one_in(struct chance *c, unsigned n)
{
  return chance_below(c, n) == 0;
}

/* Mostly what the call can use. */
uint64_t generate_argument(struct program *p, enum source source);

/* PATH, SCRATCH_PATH, FOLDER, PROGRAM: one the programs know, or one with something wrong. */
const char *generate_name(struct program *p, enum source source);
/* A null-terminated list of strings, or too much. */
uint64_t generate_strings(struct program *p);
/* A path that all programs know and must not change; in its place, one that may be. */
bool name_is_shared(uint64_t path);
extern const char *const name_to_change;

#endif
