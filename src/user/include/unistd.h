/* Here because programs expect it: the calls are in veridian.h, the options in getopt.h. */
#ifndef UNISTD_H
#define UNISTD_H

#include <getopt.h>
#include <veridian.h>

#endif
