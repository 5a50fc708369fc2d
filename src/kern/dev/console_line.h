/*
 * The line being typed: bytes in, an edited line and its echo out. Pure: no lock, no device. The caller feeds bytes while
 * line_wants_input, takes the echo after each step, and reads [start, length) once `complete`.
 */
#ifndef DEV_CONSOLE_LINE_H
#define DEV_CONSOLE_LINE_H

#include <kern/types.h>

#define LINE_SIZE 1024u  /* a line that fills it is delivered as it is: nothing is lost, but erase stops there */
#define LINE_ECHO_MAX 8u /* bytes of echo one step makes at most */

struct line {
  uint8_t bytes[LINE_SIZE];
  size_t length;
  size_t start;    /* bytes before it were delivered */
  size_t erase_to; /* > length: nothing to do; else erasing goes on down to this length, a character a step */
  bool complete;   /* to be delivered; length 0 then means end of file */
};

void line_reset(struct line *l);

/* Interprets one byte of a cooked line, or one more step of an erasure that is under way (line_is_erasing; byte is not
 * used). Answers the bytes of echo put to `echo`. Not called when complete. */
size_t line_feed(struct line *l, uint8_t byte, char echo[LINE_ECHO_MAX]);

bool line_is_erasing(const struct line *l);

#endif
