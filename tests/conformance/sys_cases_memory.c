/* The calls for memory, and for objects of it. */
#include "sys_cases_rig.h"
#include <kern/vmo.h>
#include <uapi/syscalls.h>

static int scratch; /* the handle of an object */
static struct vmo *original, *copy;

/* ---- what stands ready before a call, and is taken away after it ---- */

static void unmap_result(int64_t where)
{
  if (where >= 0) sys_munmap((uaddr_t)where, 0x3000);
}

/* A page that an object shares with its clone. */
static bool with_clone(void)
{
  static const char text[] = "shared";
  return vmo_create(PAGE_SIZE, &original) == 0 && vmo_write(original, 0, text, sizeof(text)) == 0 &&
         vmo_clone(original, 0, PAGE_SIZE, &copy) == 0;
}
static void without_clone(int64_t r)
{
  (void)r;
  vmo_unref(original);
  vmo_unref(copy);
}

static bool with_vmo(void)
{
  scratch = (int)sys_vmo_create(0x4000);
  return scratch >= 0;
}
static bool with_written_vmo(void)
{
  return with_vmo() && sys_vmo_write(scratch, 0, GUEST_MEMORY, 0x2800) == 0x2800;
}
static bool with_vmo_and_mapping(void)
{
  return with_written_vmo() && case_with_mapping();
}
static void without_vmo(int64_t r)
{
  (void)r;
  sys_close(scratch);
}
static void without_vmo_and_mapping(int64_t r)
{
  case_without_mapping(r);
  without_vmo(r);
}
static void without_both_vmos(int64_t handle)
{
  case_close_result(handle);
  without_vmo(0);
}
static void without_mapped_vmo(int64_t where)
{
  unmap_result(where);
  without_vmo(0);
}

/* ---- that a call that failed changed nothing ---- */

static bool vmo_size_same(void)
{
  return sys_vmo_size(scratch) == 0x4000;
}

/* ---- the calls ---- */

CALL(mmap, sys_mmap(0, 0x3000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
CALL(mmap_file, sys_mmap(0, 0x3000, PROT_READ, MAP_PRIVATE, case_file, 0))
CALL(mmap_shared, sys_mmap(0, 0x3000, RW, MAP_SHARED, case_file, 0))
CALL(munmap, sys_munmap(MAP_AT + 0x1000, 0x1000))
CALL(mprotect, sys_mprotect(MAP_AT + 0x1000, 0x1000, PROT_READ))
CALL(copy_on_write, vmo_write(copy, 0, "own", 3))
CALL(vmo_create, sys_vmo_create(0x4000))
CALL(vmo_read, sys_vmo_read(scratch, 0, MAP_AT, 0x2800))
CALL(vmo_read_fresh, sys_vmo_read(scratch, 0, GUEST_MEMORY, 0x800))
CALL(vmo_write, sys_vmo_write(scratch, 0x1000, GUEST_MEMORY, 0x2800))
CALL(vmo_clone, sys_vmo_clone(scratch, 0x1000, 0x2000))
CALL(vmo_resize, sys_vmo_resize(scratch, 0x1000000))
CALL(vmo_map, sys_vmo_map(scratch, 0, 0, 0x3000, RW, 0))
CALL(vmo_size, sys_vmo_size(scratch))

static const struct sys_case cases[] = {
  {SYS_mmap, "mmap", call_mmap, NULL, unmap_result, 0, 0, NULL},
  {SYS_mmap, "mmap of a file", call_mmap_file, NULL, unmap_result, 0, 0, NULL},
  {SYS_mmap, "mmap of a file, shared", call_mmap_shared, NULL, unmap_result, 0, 0, NULL},
  {SYS_munmap, "munmap", call_munmap, case_with_mapping, case_without_mapping, 0, 0, NULL},
  {SYS_mprotect, "mprotect", call_mprotect, case_with_mapping, case_without_mapping, 0, 0, NULL},
  {SYS_mmap, "write to a clone", call_copy_on_write, with_clone, without_clone, 0, 0, NULL},
  {SYS_vmo_create, "vmo_create", call_vmo_create, NULL, case_close_result, 0, 0, NULL},
  {SYS_vmo_read, "vmo_read to fresh memory", call_vmo_read, with_vmo_and_mapping, without_vmo_and_mapping, 0, 0, NULL},
  {SYS_vmo_read, "vmo_read of memory never written", call_vmo_read_fresh, with_vmo, without_vmo, 0, 0, NULL},
  {SYS_vmo_write, "vmo_write", call_vmo_write, with_written_vmo, without_vmo, 0, 0, NULL},
  {SYS_vmo_clone, "vmo_clone", call_vmo_clone, with_written_vmo, without_both_vmos, 0, 0, NULL},
  {SYS_vmo_resize, "vmo_resize", call_vmo_resize, with_written_vmo, without_vmo, 0, 0, vmo_size_same},
  {SYS_vmo_map, "vmo_map", call_vmo_map, with_vmo, without_mapped_vmo, 0, 0, NULL},
  {SYS_vmo_size, "vmo_size", call_vmo_size, with_vmo, without_vmo, 0, 0, NULL},
};

const struct sys_group sys_cases_memory = {cases, ARRAY_SIZE(cases)};
