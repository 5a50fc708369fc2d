/* Address spaces and memory objects: against a model page by page, errors, what failing allocations leave. */
#include "rig.h"

#include <kern/alloc_fault.h>
#include <kern/aspace.h>
#include <kern/cpu.h>
#include <kern/kmem.h>
#include <kern/mm/pmm_ops.h>
#include <kern/mm/vmo_impl.h>
#include <kern/pmm.h>
#include <kern/trap.h>
#include <kern/uaccess.h>
#include <string.h>
#include <uapi/abi.h>

#define RW (PROT_READ | PROT_WRITE)

static struct aspace *as;
static uint64_t objects_before, free_before;

static void usage(uint64_t *objects, uint64_t *pages)
{
  struct kmem_stats heap;
  struct pmm_stats s;
  kmem_reclaim();
  kmem_get_stats(&heap);
  pmm_get_stats(&s);
  *objects = heap.objects;
  *pages = s.free_pages;
}

static void setup(void)
{
  rig_boot_default();
  usage(&objects_before, &free_before);
  ck_assert_int_eq(aspace_create(&as), 0);
}

static void everything_is_back(void)
{
  uint64_t objects, pages;
  usage(&objects, &pages);
  ck_assert_uint_eq(objects, objects_before);
  ck_assert_uint_eq(pages, free_before);
}

static struct vmo *object(uint64_t pages)
{
  struct vmo *v;
  ck_assert_int_eq(vmo_create(pages * PAGE_SIZE, &v), 0);
  return v;
}

/* Maps a fresh object there. */
static int map_at(vaddr_t addr, size_t pages, int prot)
{
  struct vmo *v = object(pages);
  int err = aspace_map(as, v, 0, addr, pages * PAGE_SIZE, prot, true, &addr);
  vmo_unref(v);
  return err;
}

/* ---- objects ---- */

START_TEST(objects_read_zero_and_keep_what_is_written)
{
  struct vmo *v = object(3000);
  static uint8_t buf[3 * PAGE_SIZE], back[3 * PAGE_SIZE];
  ck_assert_uint_eq(vmo_size(v), 3000 * PAGE_SIZE);
  uint64_t objects, pages, now_objects, now_pages;
  usage(&objects, &pages);
  for (unsigned round = 0; round < 50; round++) {
    uint64_t at = rig_random(2990) * PAGE_SIZE + rig_random(PAGE_SIZE);
    size_t len = rig_random(sizeof buf);
    for (size_t i = 0; i < len; i++) buf[i] = (uint8_t)rig_random(256);
    ck_assert_int_eq(vmo_write(v, at, buf, len), 0);
    ck_assert_int_eq(vmo_read(v, at, back, len), 0);
    ck_assert_int_eq(memcmp(buf, back, len), 0);
  }
  uint64_t committed = vmo_committed_pages(v);
  ck_assert_uint_le(committed, 50 * 4);
  paddr_t pa, again;
  vmo_decommit(v, 0, 3000);
  ck_assert_uint_eq(vmo_committed_pages(v), 0);
  usage(&now_objects, &now_pages);
  ck_assert_uint_eq(now_objects, objects); /* no node without a page */
  ck_assert_uint_eq(now_pages, pages);
  ck_assert_int_eq(vmo_get_page(v, 2999, false, &pa), -ENOENT);
  ck_assert_int_eq(vmo_read(v, 2999 * PAGE_SIZE, back, PAGE_SIZE), 0);
  ck_assert_uint_eq(back[77], 0);
  ck_assert_int_eq(vmo_get_page(v, 2999, true, &pa), 0);
  ck_assert_int_eq(vmo_get_page(v, 2999, false, &again), 0);
  ck_assert_uint_eq(pa, again);
  ck_assert_int_eq(vmo_get_page(v, 3000, true, &pa), -ERANGE);
  ck_assert_int_eq(vmo_read(v, 3000 * PAGE_SIZE - 1, back, 2), -ERANGE);
  ck_assert_int_eq(vmo_write(v, UINT64_MAX, back, 2), -ERANGE);
  vmo_unref(v);
  aspace_unref(as);
  everything_is_back();
}
END_TEST

START_TEST(decommit_frees_exactly_the_range)
{
  static bool present[1100];
  struct vmo *v = object(ARRAY_SIZE(present));
  uint64_t n = 0;
  for (unsigned round = 0, rounds = stress(2000); round < rounds; round++) {
    paddr_t pa;
    unsigned first = (unsigned)rig_random(ARRAY_SIZE(present)), count = (unsigned)rig_random(70);
    count = MIN(count, (unsigned)ARRAY_SIZE(present) - first);
    for (unsigned i = first; i < first + count && round % 2; i++) {
      ck_assert_int_eq(vmo_get_page(v, i, true, &pa), 0);
      n += !present[i];
      present[i] = true;
    }
    if (round % 2 == 0) vmo_decommit(v, first, count);
    for (unsigned i = first; i < first + count && round % 2 == 0; i++) {
      n -= present[i];
      present[i] = false;
    }
    unsigned i = (unsigned)rig_random(ARRAY_SIZE(present));
    ck_assert_int_eq(vmo_get_page(v, i, false, &pa), present[i] ? 0 : -ENOENT);
    ck_assert_uint_eq(vmo_committed_pages(v), n);
  }
  vmo_unref(v);
  aspace_unref(as);
  everything_is_back();
}
END_TEST

START_TEST(object_sizes_are_checked)
{
  struct vmo *v;
  ck_assert_int_eq(vmo_create(VMO_SIZE_MAX + 1, &v), -EINVAL);
  ck_assert_int_eq(vmo_create(UINT64_MAX, &v), -EINVAL);
  ck_assert_int_eq(vmo_create(VMO_SIZE_MAX, &v), 0);
  ck_assert_uint_eq(vmo_size(v), VMO_SIZE_MAX);
  ck_assert_int_eq(vmo_create(0, &v), 0);
  ck_assert_uint_eq(vmo_size(v), 0);
  ck_assert_int_eq(vmo_create(1, &v), 0);
  ck_assert_uint_eq(vmo_size(v), PAGE_SIZE);
}
END_TEST

/* ---- against a model ---- */

#define PAGES 96u
#define BASE (USER_MMAP_BASE + 0x1F0000u) /* over the border of two page tables */
#define OBJECTS 4000u

struct model_page {
  bool mapped;
  int prot;
  unsigned object, index;
};

static struct {
  struct model_page page[PAGES];
  uint8_t content[OBJECTS][PAGES]; /* first byte of each page */
  unsigned objects;                /* 0 is the shared one */
  struct vmo *shared;
} model;

static vaddr_t page_va(unsigned i)
{
  return BASE + i * PAGE_SIZE;
}

static int random_prot(void)
{
  static const int prots[] = {PROT_NONE, PROT_READ, RW, RW, PROT_READ | PROT_EXEC, PROT_EXEC, PROT_WRITE};
  return prots[rig_random(ARRAY_SIZE(prots))];
}

static bool any_mapped(unsigned first, unsigned count)
{
  for (unsigned i = first; i < first + count; i++)
    if (model.page[i].mapped) return true;
  return false;
}

static bool all_mapped(unsigned first, unsigned count)
{
  for (unsigned i = first; i < first + count; i++)
    if (!model.page[i].mapped) return false;
  return true;
}

/* Whether giving that page of an object these rights contradicts a mapping of it outside [first, first + count). */
static bool contradicts(unsigned id, unsigned index, int prot, unsigned first, unsigned count)
{
  for (unsigned i = 0; i < PAGES; i++) {
    const struct model_page *p = &model.page[i];
    if ((i >= first && i < first + count) || !p->mapped || p->object != id || p->index != index) continue;
    if (((prot & PROT_WRITE) && (p->prot & PROT_EXEC)) || ((prot & PROT_EXEC) && (p->prot & PROT_WRITE))) return true;
  }
  return false;
}

static void step_map(unsigned first, unsigned count)
{
  int prot = random_prot();
  bool shared = rig_random(3) == 0;
  unsigned id = shared ? 0 : model.objects, index = (unsigned)rig_random(PAGES - count + 1);
  struct vmo *v = shared ? model.shared : object(PAGES);
  vaddr_t where;
  int err =
    aspace_map(as, v, index * PAGE_SIZE, page_va(first), count * PAGE_SIZE - rig_random(PAGE_SIZE), prot, true, &where);
  bool refused = false;
  for (unsigned i = 0; i < count; i++) refused = refused || contradicts(id, index + i, prot, 0, 0);
  ck_assert_int_eq(err, any_mapped(first, count) ? -EEXIST : refused ? -EACCES : 0);
  if (!shared) vmo_unref(v);
  if (err != 0) return;
  if (!shared) model.objects++;
  for (unsigned i = 0; i < count; i++)
    model.page[first + i] = (struct model_page){.mapped = true, .prot = prot, .object = id, .index = index + i};
}

static void step_unmap(unsigned first, unsigned count)
{
  ck_assert_int_eq(aspace_unmap(as, page_va(first), count * PAGE_SIZE), 0);
  for (unsigned i = first; i < first + count; i++) model.page[i].mapped = false;
}

static void step_protect(unsigned first, unsigned count)
{
  int prot = random_prot();
  int err = aspace_protect(as, page_va(first), count * PAGE_SIZE, prot);
  bool refused = false;
  for (unsigned i = first; i < first + count; i++)
    refused = refused || contradicts(model.page[i].object, model.page[i].index, prot, first, count);
  ck_assert_int_eq(err, !all_mapped(first, count) ? -ENOMEM : refused ? -EACCES : 0);
  for (unsigned i = first; i < first + count && err == 0; i++) model.page[i].prot = prot;
}

static bool model_allows(const struct model_page *p, unsigned access)
{
  if (access == ACCESS_WRITE) return p->prot & PROT_WRITE;
  return access == ACCESS_EXEC ? p->prot & PROT_EXEC : p->prot != PROT_NONE;
}

/* written: just now, by a fault */
static void check_tables(unsigned i, unsigned access, bool written)
{
  const struct model_page *p = &model.page[i];
  struct pmap_entry e;
  if (!pmap_lookup(&as->pmap, page_va(i), &e)) return;
  ck_assert(p->mapped && p->prot != PROT_NONE); /* nothing stays in the tables that is not allowed */
  if (e.attrs & PMAP_WRITE) ck_assert(p->prot & PROT_WRITE);
  if (access == ACCESS_WRITE && written) ck_assert(!(p->prot & PROT_WRITE) || (e.attrs & PMAP_WRITE));
  ck_assert_int_eq(!(e.attrs & PMAP_EXEC), !(p->prot & PROT_EXEC));
  ck_assert(e.attrs & PMAP_USER);
  if (model_allows(p, access)) ck_assert_uint_eq(*(uint8_t *)phys_to_virt(e.pa), model.content[p->object][p->index]);
}

static void step_touch(unsigned i)
{
  static const unsigned accesses[] = {ACCESS_READ, ACCESS_WRITE, ACCESS_EXEC};
  struct model_page *p = &model.page[i];
  unsigned access = accesses[rig_random(3)];
  uint8_t byte = (uint8_t)rig_random(256), back;
  int expected = !p->mapped ? -EFAULT : model_allows(p, access) ? 0 : -EACCES;
  check_tables(i, access, false);
  ck_assert_int_eq(aspace_fault(as, page_va(i) + rig_random(PAGE_SIZE), access), expected);
  check_tables(i, access, true);
  if (access == ACCESS_WRITE) {
    ck_assert_int_eq(aspace_copy_out(as, page_va(i), &byte, 1), expected == 0 ? 0 : -EFAULT);
    if (expected == 0) model.content[p->object][p->index] = byte;
  }
  bool readable = p->mapped && p->prot != PROT_NONE;
  ck_assert_int_eq(aspace_copy_in(as, &back, page_va(i), 1), readable ? 0 : -EFAULT);
  if (readable) ck_assert_uint_eq(back, model.content[p->object][p->index]);
}

START_TEST(agrees_with_a_model)
{
  model.shared = object(PAGES);
  model.objects = 1;
  for (unsigned step = 0, steps = stress(40000); step < steps && model.objects < OBJECTS; step++) {
    unsigned first = (unsigned)rig_random(PAGES), count = 1 + (unsigned)rig_random(MIN(PAGES - first, 12u));
    switch (rig_random(8)) {
    case 0: step_map(first, count); break;
    case 1: step_unmap(first, count); break;
    case 2: step_protect(first, count); break;
    default: step_touch(first); break;
    }
    uint64_t mapped = 0;
    for (unsigned i = 0; i < PAGES; i++) mapped += model.page[i].mapped;
    ck_assert_uint_eq(as->mapped_pages, mapped);
    ck_assert_uint_le(aspace_resident_pages(as), mapped);
  }
  vmo_unref(model.shared);
  aspace_unref(as);
  everything_is_back();
}
END_TEST

/* ---- rules ---- */

START_TEST(arguments_of_map_are_checked)
{
  struct vmo *v = object(4);
  vaddr_t at;
  ck_assert_int_eq(aspace_map(as, v, 0, 0x20000, 0, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 0, 0x20001, 1, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 1, 0x20000, 1, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, VMO_SIZE_MAX, 0x20000, PAGE_SIZE, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, UINT64_MAX - PAGE_MASK, 0x20000, PAGE_SIZE, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 0, 0x20000, UINT64_MAX, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 0, 0, 1, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 0, USER_TOP, 1, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 0, USER_TOP - PAGE_SIZE, 2 * PAGE_SIZE, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 0, UINT64_MAX - PAGE_MASK, PAGE_SIZE, RW, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 0, 0x20000, 1, 8, true, &at), -EINVAL);
  ck_assert_int_eq(aspace_map(as, v, 0, 0x20000, 1, PROT_WRITE | PROT_EXEC, true, &at), -EACCES);
  ck_assert_int_eq(aspace_map(as, v, 0, USER_TOP - PAGE_SIZE, 1, RW, true, &at), 0);
  ck_assert_int_eq(aspace_map(as, v, 0, USER_BASE, 1, RW, true, &at), 0);
  ck_assert_uint_eq(v->object.refs, 3);
  ck_assert_uint_eq(v->nregions, 2);
  vmo_unref(v);
  aspace_unref(as);
  everything_is_back();
}
END_TEST

START_TEST(arguments_of_changes_are_checked)
{
  ck_assert_int_eq(map_at(0x20000, 4, RW), 0);
  ck_assert_int_eq(aspace_unmap(as, 0x20001, PAGE_SIZE), -EINVAL);
  ck_assert_int_eq(aspace_unmap(as, 0x20000, 0), -EINVAL);
  ck_assert_int_eq(aspace_unmap(as, 0, PAGE_SIZE), -EINVAL);
  ck_assert_int_eq(aspace_unmap(as, USER_TOP - PAGE_SIZE, 2 * PAGE_SIZE), -EINVAL);
  ck_assert_int_eq(aspace_unmap(as, 0x20000, UINT64_MAX), -EINVAL);
  ck_assert_int_eq(aspace_protect(as, 0x20000, PAGE_SIZE, PROT_WRITE | PROT_EXEC), -EACCES);
  ck_assert_int_eq(aspace_protect(as, 0x20000, PAGE_SIZE, 16), -EINVAL);
  ck_assert_int_eq(aspace_protect(as, 0x1F000, 2 * PAGE_SIZE, PROT_READ), -ENOMEM);
  ck_assert_int_eq(aspace_protect(as, 0x23000, 2 * PAGE_SIZE, PROT_READ), -ENOMEM);
  ck_assert_int_eq(aspace_unmap(as, USER_BASE, USER_TOP - USER_BASE), 0); /* holes are fine */
  ck_assert_uint_eq(as->mapped_pages, 0);
}
END_TEST

START_TEST(the_lowest_gap_is_chosen)
{
  struct vmo *v = object(16);
  vaddr_t at;
  ck_assert_int_eq(aspace_map(as, v, 0, 0, 16 * PAGE_SIZE, RW, false, &at), 0);
  ck_assert_uint_eq(at, USER_MMAP_BASE);
  ck_assert_int_eq(aspace_map(as, v, 0, at, 2 * PAGE_SIZE, RW, false, &at), 0); /* the hint is taken already */
  ck_assert_uint_eq(at, USER_MMAP_BASE + 16 * PAGE_SIZE);
  ck_assert_int_eq(aspace_map(as, v, 0, 0x18000123, PAGE_SIZE, RW, false, &at), 0);
  ck_assert_uint_eq(at, 0x18000000);
  ck_assert_int_eq(aspace_unmap(as, USER_MMAP_BASE + 4 * PAGE_SIZE, 3 * PAGE_SIZE), 0);
  ck_assert_int_eq(aspace_map(as, v, 0, UINT64_MAX, 4 * PAGE_SIZE, RW, false, &at), 0);
  ck_assert_uint_eq(at, USER_MMAP_BASE + 18 * PAGE_SIZE);
  ck_assert_int_eq(aspace_map(as, v, 0, 0, 3 * PAGE_SIZE, RW, false, &at), 0);
  ck_assert_uint_eq(at, USER_MMAP_BASE + 4 * PAGE_SIZE);
}
END_TEST

START_TEST(a_full_window_is_no_memory)
{
  struct vmo *v;
  vaddr_t at;
  ck_assert_int_eq(vmo_create(0x60000000, &v),
                   0); /* larger than what lies between USER_MMAP_BASE and the stack's end */
  ck_assert_int_eq(aspace_map(as, v, 0, 0, 0x60000000, PROT_READ, false, &at), -ENOMEM);
  ck_assert_int_eq(aspace_map(as, v, 0, 0x10000, 0x60000000, PROT_READ, false, &at), 0);
  ck_assert_uint_eq(at, 0x10000);
}
END_TEST

START_TEST(the_stack_has_a_guard)
{
  vaddr_t base = USER_STACK_TOP - USER_STACK_SIZE, at;
  ck_assert_int_eq(aspace_map_stack(as), 0);
  ck_assert_int_eq(aspace_map_stack(as), -EEXIST);
  ck_assert_int_eq(aspace_fault(as, USER_STACK_TOP - 1, ACCESS_WRITE), 0);
  ck_assert_int_eq(aspace_fault(as, base, ACCESS_WRITE), 0);
  ck_assert_int_eq(aspace_fault(as, base, ACCESS_EXEC), -EACCES);
  ck_assert_int_eq(aspace_fault(as, base - 1, ACCESS_WRITE), -EFAULT);
  ck_assert_int_eq(aspace_fault(as, USER_STACK_TOP, ACCESS_WRITE), -EFAULT);
  ck_assert_uint_eq(aspace_resident_pages(as), 2);
  ck_assert_int_eq(map_at(base - PAGE_SIZE, 1, RW), -EEXIST);
  ck_assert_int_eq(map_at(base - 2 * PAGE_SIZE, 1, RW), 0);
  ck_assert_int_eq(aspace_unmap(as, base - 2 * PAGE_SIZE, PAGE_SIZE), 0);
  struct vmo *v = object((base - USER_MMAP_BASE) / PAGE_SIZE);
  ck_assert_int_eq(aspace_map(as, v, 0, 0, base - USER_MMAP_BASE, RW, false, &at), -ENOMEM);
  ck_assert_int_eq(aspace_map(as, v, 0, 0, base - USER_MMAP_BASE - PAGE_SIZE, RW, false, &at), 0);
  vmo_unref(v);
  aspace_unref(as);
  everything_is_back();
}
END_TEST

START_TEST(faults_outside_the_window_are_refused)
{
  static const vaddr_t at[] = {0, 0xFFFF, USER_TOP, 0x7FFFFFFFFFFF, 0x800000000000, UINTPTR_MAX, RIG_WINDOW};
  for (unsigned i = 0; i < ARRAY_SIZE(at); i++) ck_assert_int_eq(aspace_fault(as, at[i], ACCESS_READ), -EFAULT);
}
END_TEST

START_TEST(pages_in_memory_come_with_their_neighbours)
{
  struct vmo *v = object(40);
  vaddr_t at;
  static uint8_t text[20 * PAGE_SIZE];
  ck_assert_int_eq(vmo_write(v, 10 * PAGE_SIZE, text, sizeof text), 0);
  ck_assert_int_eq(aspace_map(as, v, PAGE_SIZE, 0x400000, 38 * PAGE_SIZE, PROT_READ | PROT_EXEC, true, &at), 0);
  ck_assert_int_eq(aspace_fault(as, 0x400000 + 20 * PAGE_SIZE, ACCESS_EXEC), 0);
  ck_assert_uint_eq(aspace_resident_pages(as), 13); /* pages 16-28 of the region: in memory, and in the block of 16 */
  ck_assert_int_eq(aspace_fault(as, 0x400000 + 32 * PAGE_SIZE, ACCESS_READ), 0);
  ck_assert_uint_eq(aspace_resident_pages(as), 14); /* a fresh page comes alone */
  ck_assert_uint_eq(vmo_committed_pages(v), 21);
}
END_TEST

START_TEST(unmapping_gives_memory_back)
{
  struct pmm_stats before, after;
  ck_assert_int_eq(map_at(0x200000, 512, RW), 0);
  pmm_get_stats(&before);
  for (unsigned i = 0; i < 512; i++) ck_assert_int_eq(aspace_fault(as, 0x200000 + i * PAGE_SIZE, ACCESS_WRITE), 0);
  ck_assert_int_eq(aspace_unmap(as, 0x200000 + 5 * PAGE_SIZE, 500 * PAGE_SIZE), 0);
  pmm_get_stats(&after);
  ck_assert_uint_eq(before.zone_free[PMM_USER] - after.zone_free[PMM_USER], 12);
}
END_TEST

START_TEST(shared_pages_outlive_one_of_their_mappings)
{
  struct vmo *v = object(4);
  vaddr_t at;
  uint8_t byte = 42, back = 0;
  ck_assert_int_eq(aspace_map(as, v, 0, 0x200000, 4 * PAGE_SIZE, RW, true, &at), 0);
  ck_assert_int_eq(aspace_map(as, v, PAGE_SIZE, 0x300000, PAGE_SIZE, PROT_READ, true, &at), 0);
  vmo_unref(v); /* only the two mappings hold it now */
  ck_assert_int_eq(aspace_copy_out(as, 0x201000, &byte, 1), 0);
  ck_assert_int_eq(aspace_unmap(as, 0x200000, 4 * PAGE_SIZE), 0);
  ck_assert_int_eq(aspace_copy_in(as, &back, 0x300000, 1), 0);
  ck_assert_uint_eq(back, 42);
}
END_TEST

START_TEST(failing_allocations_change_nothing)
{
  uint64_t objects, pages, now_objects, now_pages;
  ck_assert_int_eq(map_at(0x200000, 16, RW), 0);
  for (unsigned i = 0; i < 16; i++) ck_assert_int_eq(aspace_fault(as, 0x200000 + i * PAGE_SIZE, ACCESS_WRITE), 0);
  struct vmo *v = object(4);
  for (unsigned operation = 0; operation < 5; operation++) {
    for (uint64_t n = 1;; n++) {
      vaddr_t at;
      int err = 0;
      uint64_t mapped = as->mapped_pages;
      usage(&objects, &pages);
      alloc_fault_arm(n, true);
      switch (operation) {
      case 0: err = aspace_unmap(as, 0x202000, PAGE_SIZE); break;
      case 1: err = aspace_protect(as, 0x206000, PAGE_SIZE, PROT_READ); break;
      case 2: err = aspace_map(as, v, 0, 0x400000, PAGE_SIZE, RW, true, &at); break;
      case 3: err = aspace_map_stack(as); break;
      case 4: err = aspace_fault(as, 0x400000, ACCESS_WRITE); break;
      }
      uint64_t failures = alloc_fault_failures();
      alloc_fault_arm(0, false);
      if (failures == 0) {
        ck_assert_int_eq(err, 0);
        break;
      }
      ck_assert_int_eq(err, -ENOMEM);
      usage(&now_objects, &now_pages);
      ck_assert_uint_eq(now_objects, objects);
      ck_assert_uint_eq(now_pages, pages);
      ck_assert_uint_eq(as->mapped_pages, mapped);
    }
  }
  vmo_unref(v);
  aspace_unref(as);
  everything_is_back();
}
END_TEST

#ifndef NDEBUG
/* ---- zones: where a page of the kernel's would become a program's, or the reverse ---- */

START_TEST(a_page_of_the_kernels_enters_no_program)
{
  struct vmo *v = object(1);
  vaddr_t at;
  paddr_t pa;
  ck_assert_int_eq(aspace_map(as, v, 0, 0x200000, PAGE_SIZE, RW, true, &at), 0);
  ck_assert_int_eq(pmm_alloc_zeroed(PMM_KERNEL, &pa), 0);
  rig.halt_says = "pmm_in_zone(";
  if (_i == 0) {
    spin_lock(&v->lock);
    vmo_remap_locked(v, 0, pa);
  } else {
    v->tree.root = pa; /* its only page */
    ck_assert_int_eq(aspace_fault(as, 0x200000, ACCESS_READ), 0);
  }
}
END_TEST

/* All memory is the programs' for whom asks now. */
START_TEST(a_page_of_programs_becomes_nothing_of_the_kernels)
{
  struct pmap other;
  void *stack;
  ck_assert_int_eq(pmap_map_range(&as->pmap, MIB(2), MIB(2), MIB(2), PMAP_USER), 0);
  ck_assert_int_eq(kva_alloc_guarded(1, &stack), 0);
  pmm_zones[PMM_KERNEL].frames = 0;
  rig.halt_says = "pmm_in_zone(";
  int err = 0;
  switch (_i) {
  case 0: err = pmap_create(&other); break;
  case 1: err = pmap_map(&as->pmap, GIB(1), MIB(2), PMAP_USER); break;
  case 2: err = pmap_unmap_range(&as->pmap, MIB(3), MIB(4)); break;
  default: err = kva_alloc_guarded(1, &stack);
  }
  ck_abort_msg("it is taken: %d", err);
}
END_TEST
#endif

START_TEST(destroying_the_active_space_leaves_the_kernels_tables)
{
  ck_assert_int_eq(map_at(0x200000, 1, RW), 0);
  bool enabled = arch_irq_disable();
  aspace_activate(as);
  ck_assert_uint_eq(rig.root, as->pmap.root);
  arch_irq_restore(enabled);
  aspace_ref(as);
  aspace_unref(as);
  ck_assert_ptr_eq(cpu_self()->active_aspace, as);
  aspace_unref(as);
  ck_assert_uint_eq(rig.root, kernel_pmap.root);
  ck_assert_ptr_null(cpu_self()->active_aspace);
  everything_is_back();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("aspace");
  TCase *tc = tcase_create("aspace");
  tcase_add_checked_fixture(tc, setup, NULL);
  tcase_add_test(tc, objects_read_zero_and_keep_what_is_written);
  tcase_add_test(tc, decommit_frees_exactly_the_range);
  tcase_add_test(tc, object_sizes_are_checked);
  tcase_add_test(tc, agrees_with_a_model);
  tcase_add_test(tc, arguments_of_map_are_checked);
  tcase_add_test(tc, arguments_of_changes_are_checked);
  tcase_add_test(tc, the_lowest_gap_is_chosen);
  tcase_add_test(tc, a_full_window_is_no_memory);
  tcase_add_test(tc, the_stack_has_a_guard);
  tcase_add_test(tc, faults_outside_the_window_are_refused);
  tcase_add_test(tc, pages_in_memory_come_with_their_neighbours);
  tcase_add_test(tc, unmapping_gives_memory_back);
  tcase_add_test(tc, shared_pages_outlive_one_of_their_mappings);
  tcase_add_test(tc, failing_allocations_change_nothing);
#ifndef NDEBUG
  tcase_add_loop_exit_test(tc, a_page_of_the_kernels_enters_no_program, RIG_HALTED, 0, 2);
  tcase_add_loop_exit_test(tc, a_page_of_programs_becomes_nothing_of_the_kernels, RIG_HALTED, 0, 4);
#endif
  tcase_add_test(tc, destroying_the_active_space_leaves_the_kernels_tables);
  suite_add_tcase(suite, tc);
  return suite_run(suite);
}
