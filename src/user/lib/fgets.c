#include "stream.h"

/*
 * With room for the null alone it reads nothing and answers an empty text, and a read that fails in the middle of a line answers
 * NULL, what came before it being lost: as ISO C has it.
 */
char *fgets(char *restrict buf, int size, FILE *restrict stream)
{
  int n = 0, c = 0;
  while (n < size - 1 && c != '\n') {
    c = fgetc(stream);
    if (c == EOF) break;
    buf[n++] = (char)c;
  }
  if (size < 1 || (c == EOF && (n == 0 || !stream->end))) return NULL;
  buf[n] = '\0';
  return buf;
}
