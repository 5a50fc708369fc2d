/* See mm_rig.h. */
#include "mm_rig.h"

#include <kern/kmem.h>
#include <kern/pmm.h>

static uint64_t objects_before, free_before;

void usage(uint64_t *objects, uint64_t *pages)
{
  struct kmem_stats heap;
  struct pmm_stats s;
  kmem_reclaim();
  kmem_get_stats(&heap);
  pmm_get_stats(&s);
  *objects = heap.objects;
  *pages = s.free_pages;
}

void mm_setup(void)
{
  rig_boot_default();
  usage(&objects_before, &free_before);
}

void everything_is_back(void)
{
  uint64_t objects, pages;
  usage(&objects, &pages);
  ck_assert_uint_eq(objects, objects_before);
  ck_assert_uint_eq(pages, free_before);
  ck_assert_uint_eq(object_count(OBJECT_VMO), 0);
}

struct vmo *object(uint64_t pages)
{
  struct vmo *v;
  ck_assert_int_eq(vmo_create(pages * PAGE_SIZE, &v), 0);
  return v;
}

struct aspace *space(void)
{
  struct aspace *as;
  ck_assert_int_eq(aspace_create(&as), 0);
  return as;
}

struct vmo *clone_of(struct vmo *v, uint64_t page, uint64_t pages)
{
  struct vmo *c;
  ck_assert_int_eq(vmo_clone(v, page * PAGE_SIZE, pages * PAGE_SIZE, &c), 0);
  return c;
}

int map(struct aspace *as, struct vmo *v, uint64_t page, vaddr_t at, size_t pages, int prot)
{
  return aspace_map(as, v, page * PAGE_SIZE, at, pages * PAGE_SIZE, prot, true, &at);
}

void put(struct vmo *v, uint64_t page, uint8_t byte)
{
  ck_assert_int_eq(vmo_write(v, page * PAGE_SIZE + 5, &byte, 1), 0);
}

uint8_t get(struct vmo *v, uint64_t page)
{
  uint8_t byte;
  ck_assert_int_eq(vmo_read(v, page * PAGE_SIZE + 5, &byte, 1), 0);
  return byte;
}

uint8_t peek(struct aspace *as, vaddr_t at)
{
  uint8_t byte;
  ck_assert_int_eq(aspace_copy_in(as, &byte, at, 1), 0);
  return byte;
}

void poke(struct aspace *as, vaddr_t at, uint8_t byte)
{
  ck_assert_int_eq(aspace_copy_out(as, at, &byte, 1), 0);
}
