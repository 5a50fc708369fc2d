#include "stream.h"

static struct stream stream = {.handle = STDIN_FILENO, .mode = STREAM_INPUT};
FILE *const stdin = &stream;
