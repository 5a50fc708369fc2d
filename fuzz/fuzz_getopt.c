/*
 * The programs' getopt (libveridian, compiled for the host: tests/user_host.h), beside the host's own. The input's first line
 * is the letters, of which those are taken that both know alike; the others are the arguments.
 */
#include "fuzz.h"

#include "../tests/user_host.h"
#include <ctype.h>
#include <getopt.h>
#include <string.h>

#define ARGUMENTS_MOST 32
#define LETTERS_MOST 64

static char text[1024];

/* "+", which has the C library stop at the first operand, then letters and digits, each with at most one colon behind it. */
static void take_letters(char *letters, const char *line)
{
  size_t n = 0;
  letters[n++] = '+';
  for (; *line && n + 1 < LETTERS_MOST; line++)
    if (isalnum((unsigned char)*line) || (*line == ':' && n > 1 && letters[n - 1] != ':')) letters[n++] = *line;
  letters[n] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static char name[] = "program";
  char letters[LETTERS_MOST], *argv[ARGUMENTS_MOST + 2] = {name};
  int argc = 1, letter;
  size_t n = size < sizeof text ? size : sizeof text - 1;
  memcpy(text, data, n);
  text[n] = '\0';
  char *at = text + strcspn(text, "\n");
  if (*at) *at++ = '\0';
  take_letters(letters, text);
  for (; *at && argc <= ARGUMENTS_MOST; argc++) {
    argv[argc] = at;
    at += strcspn(at, "\n");
    if (*at) *at++ = '\0';
  }

  host_reset();
  user_optind = 1;
  optind = opterr = 0; /* GNU: from the beginning, without a word */
  do {
    optarg = user_optarg = NULL;
    letter = getopt(argc, argv, letters);
    REQUIRE(user_getopt(argc, argv, letters + 1) == letter && user_optarg == optarg);
    REQUIRE(letter != '?' || user_optopt == (unsigned char)optopt); /* a signed character there */
    REQUIRE((letter == '?') == (host_output[0] != '\0'));
    host_reset();
  } while (letter != -1);
  REQUIRE(user_optind == optind);
  return 0;
}
