/* The signed size, in a header of its own as C programs expect. */
#ifndef SYS_TYPES_H
#define SYS_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef int64_t ssize_t;

#endif
