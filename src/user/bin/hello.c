/* hello: the smallest program there is. */
#include <stdio.h>

int main(void)
{
  puts("Hello from userspace!");
  return 0;
}
