#include "stream.h"

static struct stream stream = {.handle = STDERR_FILENO, .mode = STREAM_CALL};
FILE *const stderr = &stream;
