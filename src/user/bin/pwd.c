/* pwd: the working directory. */
#include <err.h>
#include <stdio.h>
#include <veridian.h>

int main(void)
{
  char path[PATH_MAX];
  if (getcwd(path, sizeof path) < 0) err(1, "working directory");
  puts(path);
  return 0;
}
