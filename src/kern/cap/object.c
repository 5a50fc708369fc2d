/*
 * Reference counts of kernel objects. A reference is held by every handle, by the process tree for its processes,
 * and by whoever works on the object at the moment; the last one to go frees it, outside every spinlock.
 */
#include <kern/object.h>
#include <kern/panic.h>

enum { OBJECT_TYPES = 8 };

static uint64_t live_objects[OBJECT_TYPES]; /* atomic */

void object_init(struct object *obj, uint32_t type, const struct object_ops *ops)
{
  kassert(type < OBJECT_TYPES);
  obj->ops = ops;
  obj->type = type;
  __atomic_store_n(&obj->refs, 1, __ATOMIC_RELAXED);
  __atomic_fetch_add(&live_objects[type], 1, __ATOMIC_RELAXED);
}

void object_ref(struct object *obj)
{
  uint32_t before = __atomic_fetch_add(&obj->refs, 1, __ATOMIC_RELAXED);
  kassert(before > 0 && before < UINT32_MAX);
  (void)before;
}

static __attribute__((noinline)) void object_end(struct object *obj)
{
  __atomic_fetch_sub(&live_objects[obj->type], 1, __ATOMIC_RELAXED);
  obj->ops->destroy(obj);
}

void object_unref(struct object *obj)
{
  uint32_t before = __atomic_fetch_sub(&obj->refs, 1, __ATOMIC_ACQ_REL);
  kassert(before > 0);
  if (before == 1) object_end(obj);
}

uint64_t object_count(uint32_t type)
{
  return type < OBJECT_TYPES ? __atomic_load_n(&live_objects[type], __ATOMIC_RELAXED) : 0;
}
