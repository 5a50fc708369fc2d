/* Calls about memory objects by handle. Mapping them is with the other mappings, in sys_memory.c. */
#include <kern/vmo.h>

#include "sys.h"

#define VMO_RIGHTS (RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_GRANT)

/* The object behind a handle with all of `rights`. One reference. */
static int get_vmo(int handle, unsigned rights, struct vmo **out, unsigned *have)
{
  struct object *obj;
  int err = handle_get(&process_current()->handles, handle, OBJECT_VMO, rights, &obj, have);
  if (err == 0) *out = vmo_from_object(obj);
  return err;
}

/* A handle to a new object; takes over the reference. */
static int64_t install(struct vmo *vmo, unsigned rights)
{
  int handle;
  int err = handle_install(&process_current()->handles, vmo_object(vmo), rights, &handle);
  vmo_unref(vmo);
  return err != 0 ? err : handle;
}

int64_t sys_vmo_create(uint64_t size)
{
  struct vmo *vmo;
  int err = vmo_create(size, &vmo);
  return err != 0 ? err : install(vmo, VMO_RIGHTS);
}

int64_t sys_vmo_size(int handle)
{
  struct vmo *vmo;
  int err = get_vmo(handle, 0, &vmo, NULL);
  if (err != 0) return err;
  uint64_t size = vmo_size(vmo);
  vmo_unref(vmo);
  return (int64_t)size;
}

static int64_t transfer(int handle, unsigned right, int (*move)(struct vmo *, uint64_t, struct uio *), uint64_t offset,
                        uaddr_t buf, size_t len)
{
  struct vmo *vmo;
  if (len > INT64_MAX) return -EINVAL;
  int err = get_vmo(handle, right, &vmo, NULL);
  if (err != 0) return err;
  struct uio uio = uio_user(buf, len);
  err = move(vmo, offset, &uio);
  vmo_unref(vmo);
  int64_t done = (int64_t)(len - uio.left);
  return done > 0 ? done : err;
}

int64_t sys_vmo_read(int handle, uint64_t offset, uaddr_t buf, size_t len)
{
  return transfer(handle, RIGHT_READ, vmo_read_uio, offset, buf, len);
}

int64_t sys_vmo_write(int handle, uint64_t offset, uaddr_t buf, size_t len)
{
  return transfer(handle, RIGHT_WRITE, vmo_write_uio, offset, buf, len);
}

int64_t sys_vmo_clone(int handle, uint64_t offset, uint64_t size)
{
  struct vmo *vmo, *clone;
  unsigned rights;
  int err = get_vmo(handle, RIGHT_READ, &vmo, &rights);
  if (err != 0) return err;
  err = vmo_clone(vmo, offset, size, &clone);
  vmo_unref(vmo);
  if (err != 0) return err;
  return install(clone, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT | (rights & RIGHT_EXECUTE));
}

int64_t sys_vmo_resize(int handle, uint64_t size)
{
  struct vmo *vmo;
  int err = get_vmo(handle, RIGHT_WRITE, &vmo, NULL);
  if (err != 0) return err;
  err = vmo_resize(vmo, size);
  vmo_unref(vmo);
  return err;
}
