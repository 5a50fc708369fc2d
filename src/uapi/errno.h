/*
 * Error numbers. A failed call returns the negative of one of these in rax; the
 * values are the field's usual ones, so that a number in a trace reads as expected.
 */
#ifndef UAPI_ERRNO_H
#define UAPI_ERRNO_H

#define EPERM 1         /* operation not permitted */
#define ENOENT 2        /* no such file or directory */
#define ESRCH 3         /* no such process */
#define EINTR 4         /* interrupted */
#define EIO 5           /* input/output error */
#define E2BIG 7         /* argument list too long */
#define ENOEXEC 8       /* not an executable this system runs */
#define EBADF 9         /* bad handle */
#define ECHILD 10       /* no child to wait for */
#define EAGAIN 11       /* try again */
#define ENOMEM 12       /* out of memory */
#define EACCES 13       /* the handle or file lacks the right */
#define EFAULT 14       /* bad address */
#define EBUSY 16        /* busy */
#define EEXIST 17       /* already exists */
#define ENODEV 19       /* no such device */
#define ENOTDIR 20      /* not a directory */
#define EISDIR 21       /* is a directory */
#define EINVAL 22       /* invalid argument */
#define ENFILE 23       /* the system has too many open objects */
#define EMFILE 24       /* the process has too many handles */
#define ENOTTY 25       /* not a console */
#define ETXTBSY 26      /* may be executed at the moment */
#define EFBIG 27        /* file too large */
#define ENOSPC 28       /* no space left */
#define ESPIPE 29       /* cannot seek */
#define EROFS 30        /* read-only file system */
#define EPIPE 32        /* nobody reads the other end */
#define ERANGE 34       /* result does not fit */
#define EDEADLK 35      /* would deadlock */
#define ENAMETOOLONG 36 /* path or name too long */
#define ENOSYS 38       /* no such call */
#define ENOTEMPTY 39    /* directory not empty */
#define EOVERFLOW 75    /* value too large */
#define EILSEQ 84       /* not valid UTF-8 */
#define ETIMEDOUT 110   /* timed out */

#endif
