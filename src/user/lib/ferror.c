#include "stream.h"

int ferror(FILE *stream)
{
  return stream->error != 0;
}
