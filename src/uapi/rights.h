/*
 * Rights carried by a handle, and the kinds of object a handle can name.
 * Rights only ever shrink: a duplicate holds a subset of its source.
 */
#ifndef UAPI_RIGHTS_H
#define UAPI_RIGHTS_H

#define RIGHT_READ 0x01u    /* read bytes, query state, wait */
#define RIGHT_WRITE 0x02u   /* write bytes, change state */
#define RIGHT_EXECUTE 0x04u /* run, or map executable */
#define RIGHT_DELETE 0x08u  /* destroy: kill a process, unlink */
#define RIGHT_GRANT 0x10u   /* pass on: duplicate, give to a child */
#define RIGHT_REVOKE 0x20u  /* take back what was derived from it */
#define RIGHTS_ALL 0x3Fu

enum object_type {
  OBJECT_NONE = 0,
  OBJECT_FILE = 1, /* regular file, directory or device */
  OBJECT_PIPE = 2,
  OBJECT_PROCESS = 3,
  OBJECT_VMO = 4, /* memory */
};

#endif
