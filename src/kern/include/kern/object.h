/* Kernel objects: what a handle names. Embedded first in the concrete struct; reference-counted. */
#ifndef KERN_OBJECT_H
#define KERN_OBJECT_H

#include <kern/types.h>
#include <uapi/rights.h>

struct object;

struct object_ops {
  /* The last reference is gone: free it. May sleep. */
  void (*destroy)(struct object *obj);
  /* A handle to it was closed or made (pipes count their ends); may be null. `rights` are that handle's. */
  void (*handle_opened)(struct object *obj, unsigned rights);
  void (*handle_closed)(struct object *obj, unsigned rights);
};

struct object {
  const struct object_ops *ops;
  uint32_t type; /* enum object_type */
  uint32_t refs; /* atomic */
};

void object_init(struct object *obj, uint32_t type, const struct object_ops *ops); /* one reference */
void object_ref(struct object *obj);
void object_unref(struct object *obj);

/* Live objects by type, for leak checks. */
uint64_t object_count(uint32_t type);

#endif
