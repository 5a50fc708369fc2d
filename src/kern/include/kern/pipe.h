/* Pipes: a bounded byte stream between handles. The end that reads holds RIGHT_READ, the one that writes RIGHT_WRITE. */
#ifndef KERN_PIPE_H
#define KERN_PIPE_H

#include <kern/object.h>
#include <kern/uaccess.h>

#define PIPE_CAPACITY 4096u

struct pipe;

/* One reference. -ENOMEM. */
MUST_CHECK int pipe_create(struct pipe **out);
struct object *pipe_object(struct pipe *p);
struct pipe *pipe_from_object(struct object *obj); /* of type OBJECT_PIPE */
/* Blocks while empty and somebody may write; 0 at the end. -EINTR. */
ssize_type pipe_read(struct pipe *p, struct uio *uio);
/* Blocks while full; writes of several threads never mix. -EPIPE when nobody can read; -EINTR; the count so far when
 * some was written before that. */
ssize_type pipe_write(struct pipe *p, struct uio *uio);

#endif
