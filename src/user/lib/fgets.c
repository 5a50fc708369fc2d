#include <stdio.h>

char *fgets(char *restrict buf, int size, FILE *restrict stream)
{
  int n = 0;
  while (n < size - 1) {
    int c = fgetc(stream);
    if (c == EOF) break;
    buf[n++] = (char)c;
    if (c == '\n') break;
  }
  if (n == 0) return NULL;
  buf[n] = '\0';
  return buf;
}
