/*
 * Calls about the caller's memory. What a handle gives to map is a memory object (kern/vmo.h): its own, or a file's content.
 * A shared mapping shows the object itself; a private one a clone of it, taken by the call.
 */
#include <kern/arch.h>
#include <kern/aspace.h>
#include <kern/kmem.h>
#include <kern/pmm.h>
#include <kern/print.h>
#include <kern/string.h>
#include <kern/vfs.h>

#include "sys.h"

#define MAP_FLAGS (MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS)

/* The content of the file or memory behind an object; a reference. */
static int content_of(struct object *obj, struct vmo **out)
{
  if (obj->type == OBJECT_VMO) {
    *out = vmo_from_object(obj);
    vmo_ref(*out);
    return 0;
  }
  if (obj->type != OBJECT_FILE) return -EBADF;
  struct vnode *vnode = container_of(obj, struct file, object)->vnode;
  if (vnode->type != FILE_REGULAR || !vnode->ops->content) return -ENODEV;
  *out = vnode->ops->content(vnode);
  return 0;
}

/* What a handle of that type (OBJECT_NONE: any) gives to map, a reference, and what its rights allow at most. */
static int get_content(int handle, uint32_t type, struct vmo **out, int *limit)
{
  struct object *obj;
  unsigned rights;
  int err = handle_get(&process_current()->handles, handle, type, 0, &obj, &rights);
  if (err != 0) return err;
  err = content_of(obj, out);
  object_unref(obj);
  *limit = (rights & RIGHT_READ ? PROT_READ : 0) | (rights & RIGHT_WRITE ? PROT_WRITE : 0) |
           (rights & RIGHT_EXECUTE ? PROT_EXEC : 0);
  return err;
}

/* What mmap maps, a reference: *offset in it, and with what rights at most. */
static int choose_vmo(size_t len, int prot, int flags, int handle, uint64_t *offset, struct vmo **out, int *limit)
{
  struct vmo *content;
  *limit = PROT_ALL;
  if ((flags & MAP_ANONYMOUS) != 0) return vmo_create(len, out);
  int err = get_content(handle, OBJECT_NONE, &content, limit);
  if (err != 0) return err;
  bool private = (flags & MAP_PRIVATE) != 0;
  int needs = PROT_READ | (private ? prot & PROT_EXEC : prot);
  if ((needs & ~*limit) != 0) {
    vmo_unref(content);
    return -EACCES;
  }
  if (!private) {
    *out = content;
    return 0;
  }
  *limit = PROT_ALL;
  err = vmo_clone(content, *offset, len, out);
  *offset = 0;
  vmo_unref(content);
  return err;
}

static int check_map(uaddr_t addr, size_t len, int prot, int flags, uint64_t offset)
{
  bool shared = (flags & MAP_SHARED) != 0, private = (flags & MAP_PRIVATE) != 0;
  if ((flags & ~MAP_FLAGS) != 0 || shared == private || len == 0) return -EINVAL;
  if (!IS_ALIGNED(offset, PAGE_SIZE) || ((flags & MAP_FIXED) != 0 && !IS_ALIGNED(addr, PAGE_SIZE))) return -EINVAL;
  int err = prot_check(prot);
  if (err == 0 && len > USER_TOP - USER_BASE) err = -ENOMEM;
  return err;
}

/* Takes over the reference to vmo. */
static int64_t map_vmo(struct vmo *vmo, uint64_t offset, uaddr_t addr, size_t len, int prot, int limit, int flags)
{
  vaddr_t where;
  int err = aspace_map_limited(process_current()->aspace, vmo, offset, addr, len, prot, limit, (flags & MAP_FIXED) != 0,
                               &where);
  vmo_unref(vmo);
  return err != 0 ? err : (int64_t)where;
}

int64_t sys_mmap(uaddr_t addr, size_t len, int prot, int flags, int handle, uint64_t offset)
{
  struct vmo *vmo;
  int limit;
  int err = check_map(addr, len, prot, flags, offset);
  if (err == 0 && (flags & MAP_ANONYMOUS) != 0 && (handle != -1 || offset != 0)) err = -EINVAL;
  if (err == 0) err = choose_vmo(ALIGN_UP(len, (size_t)PAGE_SIZE), prot, flags, handle, &offset, &vmo, &limit);
  return err != 0 ? err : map_vmo(vmo, offset, addr, len, prot, limit, flags);
}

int64_t sys_vmo_map(int handle, uint64_t offset, uaddr_t addr, size_t len, int prot, int flags)
{
  struct vmo *vmo;
  int limit;
  if ((flags & ~MAP_FIXED) != 0) return -EINVAL;
  int err = check_map(addr, len, prot, flags | MAP_SHARED, offset);
  if (err == 0) err = get_content(handle, OBJECT_VMO, &vmo, &limit);
  if (err != 0) return err;
  uint64_t size = vmo_size(vmo);
  if (((PROT_READ | prot) & ~limit) != 0)
    err = -EACCES;
  else if (offset > size || ALIGN_UP(len, (size_t)PAGE_SIZE) > size - offset)
    err = -ERANGE;
  if (err == 0) return map_vmo(vmo, offset, addr, len, prot, limit, flags);
  vmo_unref(vmo);
  return err;
}

int64_t sys_munmap(uaddr_t addr, size_t len)
{
  return aspace_unmap(process_current()->aspace, addr, len);
}

int64_t sys_mprotect(uaddr_t addr, size_t len, int prot)
{
  return aspace_protect(process_current()->aspace, addr, len, prot);
}

int64_t sys_tls_set(uaddr_t base)
{
  if (base >= USER_TOP) return -EINVAL;
  arch_tls_set(base);
  return 0;
}

int64_t sys_memory_info(uaddr_t info)
{
  struct memory_info result;
  struct pmm_stats pages;
  struct kmem_stats heap;
  memset(&result, 0, sizeof(result));
  pmm_get_stats(&pages);
  kmem_get_stats(&heap);
  result.page_size = PAGE_SIZE;
  result.total_pages = pages.total_pages;
  result.free_pages = pages.free_pages;
  result.heap_bytes = heap.heap_bytes;
  result.kernel_pages = pages.zone_total[PMM_KERNEL] - pages.zone_free[PMM_KERNEL];
  result.user_pages = pages.zone_total[PMM_USER] - pages.zone_free[PMM_USER];
  return copy_to_user(info, &result, sizeof(result));
}

static void fill_zone(enum pmm_owner zone, struct memory_zone *out)
{
  struct pmm_zone_stats s;
  pmm_get_zone_stats(zone, &s);
  *out = (struct memory_zone){
    .base = s.base, .end = s.end, .total_pages = s.total, .free_pages = s.free, .cached_pages = s.cached};
  format_text(out->name, sizeof(out->name), "%s", pmm_owner_name(zone));
  _Static_assert(sizeof(out->free_blocks) == sizeof(s.blocks), "as many orders inside and outside");
  memcpy(out->free_blocks, s.blocks, sizeof(s.blocks));
}

static void fill_owner(enum pmm_owner owner, struct memory_owner *out)
{
  const char *name = pmm_owner_name(owner);
  if (name == NULL) return;
  *out = (struct memory_owner){.zone = owner % PMM_ZONES, .pages = pmm_owner_pages(owner)};
  format_text(out->name, sizeof(out->name), "%s", name);
}

int64_t sys_memory_stats(uaddr_t stats, size_t len)
{
  struct memory_stats result;
  struct kmem_stats heap;
  struct pmm_zone_stats zone;
  memset(&result, 0, sizeof(result));
  kmem_get_stats(&heap);
  pmm_get_zone_stats(PMM_KERNEL, &zone);
  format_text(result.allocator, sizeof(result.allocator), "%s", zone.allocator);
  for (unsigned i = 0; i < MEMORY_ZONES; i++) fill_zone(i, &result.zone[i]);
  for (unsigned i = 0; i < MEMORY_OWNERS; i++) fill_owner(i, &result.owner[i]);
  result.page_size = PAGE_SIZE;
  result.heap_bytes = heap.heap_bytes;
  result.heap_objects = heap.objects;
  result.heap_pages = heap.heap_pages;
  result.stack_pages = heap.stack_pages;
  int err = copy_to_user(stats, &result, MIN(len, sizeof(result)));
  return err != 0 ? err : (int64_t)sizeof(result);
}
