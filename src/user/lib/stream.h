/* Inside of the standard streams. Internal to the library. */
#ifndef LIB_STREAM_H
#define LIB_STREAM_H

#include <stdbool.h>
#include <stdio.h>
#include <veridian.h>

#define STREAM_BUFFER 512

enum stream_mode {
  STREAM_UNKNOWN = 0, /* output, not yet used: console or not is found out at the first write */
  STREAM_FULL,        /* flushed when the buffer is full */
  STREAM_LINE,        /* ... and at each newline */
  STREAM_CALL,        /* ... and after each function */
  STREAM_INPUT,
};

struct stream {
  int handle;
  enum stream_mode mode;
  int error; /* errno of a call that failed; 0: none did */
  bool end;
  size_t used;  /* output: bytes waiting; input: bytes in the buffer */
  size_t taken; /* input: of them, already given out */
  char buf[STREAM_BUFFER];
};

/* Puts bytes into the buffer, flushing when it is full. */
void stream_write(FILE *stream, const char *text, size_t len);
/* Ends an output function: flushes what the mode does not let wait. */
void stream_settle(FILE *stream);

/* Everything, in as many writes as it takes. -1 with errno. */
int write_all(int handle, const void *buf, size_t len);

extern void (*exit_flush)(void);

#endif
