#include "stream.h"

static struct stream stream = {.handle = STDOUT_FILENO};
FILE *const stdout = &stream;
