/* errno: why the last failed call failed. Programs have one thread, so it is a plain variable. */
#ifndef ERRNO_H
#define ERRNO_H

#include <uapi/errno.h>

extern int errno;

#define EDOM 33 /* not answered by the kernel; C wants it */

#endif
