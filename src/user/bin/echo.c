/* echo [-n] [word]...: the words with blanks between; -n leaves out the newline. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
  int i = 1;
  bool newline = true;
  while (i < argc && strcmp(argv[i], "-n") == 0) {
    newline = false;
    i++;
  }
  for (int first = i; i < argc; i++) {
    if (i > first) putchar(' ');
    fputs(argv[i], stdout);
  }
  if (newline) putchar('\n');
  return 0;
}
