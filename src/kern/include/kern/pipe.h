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
/* Blocks while empty and somebody may write; 0 at the end. -EINTR. */
ssize_type pipe_read(struct pipe *p, struct uio *uio);
/* Blocks while full. -EPIPE when nobody can read; -EINTR. */
ssize_type pipe_write(struct pipe *p, struct uio *uio);

#endif
