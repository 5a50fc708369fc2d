/* Calls about handles themselves, whatever they name. */
#include <kern/string.h>
#include <kern/vfs.h>
#include <kern/vmo.h>
#include <plant.h>

#include "sys.h"

int64_t sys_dup(int handle, unsigned rights)
{
  int copy;
  if ((rights & ~RIGHTS_ALL) != 0) return -EINVAL;
  int err = handle_dup(&process_current()->handles, handle, rights, &copy);
  return err != 0 ? err : copy;
}

static uint64_t object_id(struct object *obj)
{
  switch (obj->type) {
  case OBJECT_PROCESS: return (uint64_t)container_of(obj, struct process, object)->pid;
  case OBJECT_FILE: return container_of(obj, struct file, object)->vnode->ino;
  case OBJECT_VMO: return vmo_id(vmo_from_object(obj));
  default: return 0;
  }
}

int64_t sys_handle_info(int handle, uaddr_t info)
{
  struct handle_info result;
  struct object *obj;
  unsigned rights;
  memset(&result, 0, sizeof(result));
  int err = handle_get(&process_current()->handles, handle, OBJECT_NONE, 0, &obj, &rights);
  if (err != 0) return err;
  result.type = obj->type;
  result.rights = rights;
  result.id = object_id(obj);
  if (!PLANTED(program) || obj->type != OBJECT_PROCESS) object_unref(obj);
  return copy_to_user(info, &result, sizeof(result));
}
