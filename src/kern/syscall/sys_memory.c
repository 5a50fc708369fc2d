/*
 * Calls about the caller's memory. A file mapping is a snapshot: the bytes are copied when it is made, later
 * changes of the file do not show in it and changes of the mapping do not reach the file.
 */
#include <kern/arch.h>
#include <kern/aspace.h>
#include <kern/kmem.h>
#include <kern/pmm.h>
#include <kern/print.h>
#include <kern/string.h>
#include <kern/vfs.h>

#include "sys.h"

#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)

static int check_prot(int prot)
{
  if ((prot & ~PROT_ALL) != 0) return -EINVAL;
  return (prot & PROT_WRITE) != 0 && (prot & PROT_EXEC) != 0 ? -EACCES : 0;
}

/* Fills a new VMO with the file's bytes from `offset` on; what lies past the file's end stays zero. */
static int fill_from_file(struct vmo *vmo, struct vnode *vnode, uint64_t offset)
{
  struct stat st;
  int err = vnode_stat(vnode, &st);
  if (err != 0 || offset >= st.st_size) return err;
  uint64_t left = MIN(st.st_size - offset, vmo_size(vmo));
  for (uint64_t at = 0; at < left && err == 0; at += PAGE_SIZE) {
    paddr_t page;
    err = vmo_get_page(vmo, at >> PAGE_SHIFT, true, &page);
    if (err == 0) err = vnode_read_exact(vnode, offset + at, phys_to_virt(page), MIN(left - at, PAGE_SIZE));
  }
  return err;
}

/* The file behind a handle that may be mapped with `prot`. One reference. */
static int get_mappable(int handle, int prot, struct file **out)
{
  struct object *obj;
  unsigned rights = RIGHT_READ | ((prot & PROT_EXEC) != 0 ? RIGHT_EXECUTE : 0);
  int err = handle_get(&process_current()->handles, handle, OBJECT_FILE, rights, &obj, NULL);
  if (err != 0) return err;
  *out = container_of(obj, struct file, object);
  if ((*out)->vnode->type == FILE_REGULAR) return 0;
  object_unref(obj);
  return -ENODEV;
}

static int make_vmo(size_t len, int prot, int flags, int handle, uint64_t offset, struct vmo **out)
{
  struct file *file = NULL;
  int err = (flags & MAP_ANONYMOUS) == 0 ? get_mappable(handle, prot, &file) : 0;
  if (err != 0) return err;
  err = vmo_create(len, out);
  if (err == 0 && file != NULL) {
    err = fill_from_file(*out, file->vnode, offset);
    if (err != 0) vmo_unref(*out);
  }
  if (file != NULL) object_unref(&file->object);
  return err;
}

int64_t sys_mmap(uaddr_t addr, size_t len, int prot, int flags, int handle, uint64_t offset)
{
  bool fixed = (flags & MAP_FIXED) != 0;
  if ((flags & ~(MAP_FIXED | MAP_ANONYMOUS)) != MAP_PRIVATE || len == 0) return -EINVAL;
  if ((flags & MAP_ANONYMOUS) != 0 && (handle != -1 || offset != 0)) return -EINVAL;
  if (!IS_ALIGNED(offset, PAGE_SIZE) || (fixed && !IS_ALIGNED(addr, PAGE_SIZE))) return -EINVAL;
  int err = check_prot(prot);
  if (err != 0) return err;
  if (len > USER_TOP - USER_BASE) return -ENOMEM;
  len = ALIGN_UP(len, (size_t)PAGE_SIZE);

  struct vmo *vmo;
  vaddr_t where;
  err = make_vmo(len, prot, flags, handle, offset, &vmo);
  if (err != 0) return err;
  err = aspace_map(process_current()->aspace, vmo, 0, ALIGN_DOWN(addr, (uaddr_t)PAGE_SIZE), len, prot, fixed, &where);
  vmo_unref(vmo);
  return err != 0 ? err : (int64_t)where;
}

/* Both: whole pages in the user window. */
static int check_range(uaddr_t addr, size_t len, size_t *rounded)
{
  uint64_t end;
  if (!IS_ALIGNED(addr, PAGE_SIZE) || len == 0) return -EINVAL;
  if (!align_up_checked(len, PAGE_SIZE, rounded) || __builtin_add_overflow(addr, *rounded, &end)) return -EINVAL;
  return addr < USER_BASE || end > USER_TOP ? -EINVAL : 0;
}

int64_t sys_munmap(uaddr_t addr, size_t len)
{
  int err = check_range(addr, len, &len);
  return err != 0 ? err : aspace_unmap(process_current()->aspace, addr, len);
}

int64_t sys_mprotect(uaddr_t addr, size_t len, int prot)
{
  int err = check_range(addr, len, &len);
  if (err == 0) err = check_prot(prot);
  return err != 0 ? err : aspace_protect(process_current()->aspace, addr, len, prot);
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
