/* The one place where a call's negative result becomes errno. */
#include <veridian.h>

int errno;

int64_t call_failed(int64_t result);

int64_t call_failed(int64_t result)
{
  errno = (int)-result;
  return -1;
}
