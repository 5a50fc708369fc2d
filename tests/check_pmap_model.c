/*
 * Page tables with pages of all sizes against a plain dictionary: one entry for every 4 KiB of a GiB and its neighbours. Every
 * random operation must do to the tables what it does to the dictionary, for want of memory nothing, and leave no translation
 * in the processor that the tables no longer say.
 */
#include "rig.h"

#include <fmt/paging.h>
#include <fmt/trapframe.h>
#include <kern/alloc_fault.h>
#include <kern/aspace.h>
#include <kern/cpu.h>
#include <kern/pmap.h>
#include <kern/pmm.h>

/* Check notes every assertion in a file, which is too slow for millions of them. */
#define must(condition)                               \
  do {                                                \
    if (!(condition)) ck_abort_msg("%s", #condition); \
  } while (0)

#define MARGIN MIB(4)
#define BASE (GIB(1) - MARGIN)
#define SIZE (GIB(1) + 2 * MARGIN)
#define PAGES (SIZE / PAGE_SIZE)

static struct page {
  paddr_t pa;
  uint16_t attrs;
  bool mapped, accessed, dirty;
} dict[PAGES];

static struct aspace as;
static struct pmap *const pm = &as.pmap;

/* ---- the dictionary ---- */

static size_t index_of(vaddr_t va)
{
  return (va - BASE) / PAGE_SIZE;
}

static vaddr_t va_of(size_t i)
{
  return BASE + i * PAGE_SIZE;
}

static bool any_mapped(size_t first, size_t n)
{
  for (size_t i = first; i < first + n; i++)
    if (dict[i].mapped) return true;
  return false;
}

static void user_byte_agrees(size_t i)
{
  bool readable = dict[i].mapped && (dict[i].attrs & PMAP_USER), writable = readable && (dict[i].attrs & PMAP_WRITE);
  void *byte = phys_to_virt(dict[i].pa + 123);
  must(pmap_user_byte(pm, va_of(i) + 123, false) == (readable ? byte : NULL));
  must(pmap_user_byte(pm, va_of(i) + 123, true) == (writable ? byte : NULL));
}

static void page_agrees(size_t i)
{
  static size_t last; /* the tables remember where that was, and may have changed since */
  struct pmap_entry e;
  user_byte_agrees(last);
  user_byte_agrees(i);
  last = i;
  bool found = pmap_lookup(pm, va_of(i) + 123, &e);
  must(found == dict[i].mapped);
  if (!found) return;
  must(e.pa == dict[i].pa + 123);
  must(e.attrs == dict[i].attrs);
  must(e.accessed == dict[i].accessed);
  must(e.dirty == dict[i].dirty);
  must(e.page_size <= rig.page_size_max);
}

static void visited(void *context, vaddr_t va, const struct pmap_entry *e)
{
  size_t *next = context;
  while (va_of(*next) < va) must(!dict[(*next)++].mapped);
  must(va_of(*next) == va);
  for (size_t n = (e->page_size - (va & (e->page_size - 1))) / PAGE_SIZE; n > 0 && *next < PAGES; n--, ++*next) {
    must(dict[*next].mapped);
    must(dict[*next].pa == e->pa + (va_of(*next) - va));
    must(dict[*next].attrs == e->attrs);
  }
}

/* All of it, by one walk. */
static void everything_agrees(void)
{
  size_t next = 0, mapped = 0;
  pmap_visit_range(pm, BASE, BASE + SIZE, visited, &next);
  for (; next < PAGES; next++) must(!dict[next].mapped);
  for (size_t i = 0; i < PAGES; i++) mapped += dict[i].mapped;
  must(pm->mapped_pages == mapped);
}

/* ---- for want of memory ---- */

struct usage {
  uint64_t free_pages, table_pages, mapped_pages;
};

static struct usage usage(void)
{
  struct pmm_stats s;
  pmm_get_stats(&s);
  return (struct usage){s.free_pages, pm->table_pages, pm->mapped_pages};
}

struct request {
  enum { MAP, UNMAP, PROTECT } what;
  vaddr_t va;
  uint64_t size;
  paddr_t pa;
  unsigned attrs;
};

static int perform(const struct request *r)
{
  switch (r->what) {
  case MAP: return pmap_map_range(pm, r->va, r->pa, r->size, r->attrs);
  case UNMAP: return pmap_unmap_range(pm, r->va, r->va + r->size);
  default: return pmap_protect_range(pm, r->va, r->va + r->size, r->attrs);
  }
}

/* With the first allocation failing, the second, and so on, skipping some of very many, until it succeeds. */
static int perform_at_last(const struct request *r)
{
  for (uint64_t n = 1;; n += 1 + n / 8) {
    struct usage before = usage();
    alloc_fault_arm(n, false);
    int err = perform(r);
    uint64_t failures = alloc_fault_failures();
    alloc_fault_arm(0, false);
    must(rig_tlb_is_right());
    if (failures == 0) return err;
    struct usage after = usage();
    must(err == -ENOMEM);
    must(after.free_pages == before.free_pages);
    must(after.table_pages == before.table_pages);
    must(after.mapped_pages == before.mapped_pages);
    for (unsigned i = 0; i < 8; i++) page_agrees(test_random(PAGES));
    page_agrees(index_of(r->va));
    page_agrees(index_of(r->va + r->size - 1));
  }
}

/* ---- random steps ---- */

static unsigned random_attrs(void)
{
  static const unsigned rights[] = {PMAP_USER, PMAP_USER | PMAP_WRITE, PMAP_USER | PMAP_EXEC, 0, PMAP_WRITE};
  static const unsigned type[] = {0, 0, 0, 0, PMAP_NOCACHE, PMAP_WRITE_THROUGH, PMAP_WRITE_COMBINE};
  return rights[test_random(ARRAY_SIZE(rights))] | type[test_random(ARRAY_SIZE(type))];
}

/* What was accessed last: the processor remembers its translation, so that is where to change something. */
static vaddr_t accessed_va = BASE;

/* Mostly few pages; some of 2 MiB, about or exactly; seldom all. */
static void random_range(struct request *r)
{
  uint64_t kind = test_random(1000);
  if (kind < 2) {
    r->va = test_random(2) ? BASE : GIB(1);
    r->size = r->va == BASE ? SIZE : GIB(1);
  } else if (kind < 250) {
    r->va = BASE + test_random(SIZE / MIB(2) - 3) * MIB(2);
    r->size = (1 + test_random(3)) * MIB(2);
    if (kind >= 150) {
      r->va += test_random(512) * PAGE_SIZE;
      r->size -= test_random(512) * PAGE_SIZE;
    }
  } else {
    r->va = va_of(test_random(PAGES - 64));
    r->size = (1 + test_random(test_random(2) ? 1 : 64)) * PAGE_SIZE;
    if (kind < 600) r->va = MIN(accessed_va, va_of(PAGES - 65));
  }
}

/* The largest page around va that mapping the request as a whole can have used. */
static uint64_t largest_page(const struct request *r, vaddr_t va)
{
  for (uint64_t size = rig.page_size_max; size > PAGE_SIZE; size /= 512) {
    vaddr_t base = ALIGN_DOWN(va, size);
    if (base >= r->va && base + size <= r->va + r->size && IS_ALIGNED(r->pa - r->va, size)) return size;
  }
  return PAGE_SIZE;
}

static void step_map(struct request *r)
{
  size_t first = index_of(r->va), n = r->size / PAGE_SIZE;
  bool exists = any_mapped(first, n);
  r->pa = test_random(GIB(256)) & PTE_ADDRESS;
  if (test_random(4)) r->pa = ALIGN_DOWN(r->pa, GIB(1)) + (r->va & (GIB(1) - 1)); /* congruent */
  must(perform_at_last(r) == (exists ? -EEXIST : 0));
  if (exists) return;
  for (size_t i = 0; i < n; i++)
    dict[first + i] = (struct page){.pa = r->pa + i * PAGE_SIZE, .attrs = (uint16_t)r->attrs, .mapped = true};
  vaddr_t probe = r->va + test_random(r->size);
  struct pmap_entry e;
  must(pmap_lookup(pm, probe, &e));
  must(e.page_size == largest_page(r, probe));
}

static void step_change(const struct request *r)
{
  must(perform_at_last(r) == 0);
  for (size_t i = index_of(r->va), end = i + r->size / PAGE_SIZE; i < end; i++) {
    if (r->what == UNMAP)
      dict[i] = (struct page){0};
    else if (dict[i].mapped)
      dict[i].attrs = (uint16_t)r->attrs;
  }
}

static void step_single(struct request *r)
{
  struct page *p = &dict[index_of(r->va)];
  paddr_t pa = 0;
  switch (r->what) {
  case MAP:
    r->pa = test_random(GIB(256)) & PTE_ADDRESS;
    must(pmap_map(pm, r->va, r->pa, r->attrs) == (p->mapped ? -EEXIST : 0));
    if (!p->mapped) *p = (struct page){.pa = r->pa, .attrs = (uint16_t)r->attrs, .mapped = true};
    break;
  case UNMAP:
    must(pmap_unmap(pm, r->va, &pa) == (p->mapped ? 0 : -ENOENT));
    must(pa == (p->mapped ? p->pa : 0));
    *p = (struct page){0};
    break;
  default:
    must(pmap_protect(pm, r->va, r->attrs) == (p->mapped ? 0 : -ENOENT));
    p->attrs = (uint16_t)(p->mapped ? r->attrs : 0);
  }
}

/* What one page notes, all 4 KiB of it have noted. */
static void step_access(vaddr_t va)
{
  static const uint64_t accesses[] = {0, PF_WRITE, PF_USER, PF_USER | PF_WRITE, PF_USER | PF_FETCH};
  uint64_t access = accesses[test_random(ARRAY_SIZE(accesses))];
  struct pmap_entry e;
  bool mapped = pmap_lookup(pm, va, &e);
  if (!rig_access(va, access)) return;
  accessed_va = ALIGN_DOWN(va, (vaddr_t)PAGE_SIZE);
  must(mapped);
  size_t first = index_of(ALIGN_DOWN(va, e.page_size));
  for (size_t i = first; i < first + e.page_size / PAGE_SIZE; i++) {
    dict[i].accessed = true;
    dict[i].dirty |= access & PF_WRITE;
  }
}

/* Whether one page of `size` can map what the dictionary has from page `first` on. */
static bool mergeable(size_t first, uint64_t size)
{
  const struct page *p = &dict[first];
  if (!p->mapped || !IS_ALIGNED(p->pa, size)) return false;
  for (size_t i = 1; i < size / PAGE_SIZE; i++)
    if (!p[i].mapped || p[i].attrs != p->attrs || p[i].pa != p->pa + i * PAGE_SIZE) return false;
  return true;
}

static void merge(uint64_t size, vaddr_t start, vaddr_t end)
{
  for (vaddr_t va = ALIGN_UP(start, size); va + size <= end; va += size) {
    struct page *p = &dict[index_of(va)];
    struct pmap_entry e;
    if (!mergeable(index_of(va), size)) continue;
    must(pmap_lookup(pm, va, &e) && e.page_size >= size);
    bool accessed = false, dirty = false;
    for (size_t i = 0; i < size / PAGE_SIZE; i++) {
      accessed |= p[i].accessed;
      dirty |= p[i].dirty;
    }
    for (size_t i = 0; i < size / PAGE_SIZE; i++) {
      p[i].accessed = accessed;
      p[i].dirty = dirty;
    }
  }
}

static void step_merge(const struct request *r)
{
  struct usage before = usage();
  pmap_merge(pm, r->va, r->va + r->size);
  struct usage after = usage();
  must(before.table_pages - after.table_pages == after.free_pages - before.free_pages);
  merge(MIB(2), r->va, r->va + r->size);
  if (rig.page_size_max == GIB(1)) merge(GIB(1), r->va, r->va + r->size);
}

static void step(void)
{
  struct request r = {.what = test_random(3), .attrs = random_attrs()};
  random_range(&r);
  uint64_t kind = test_random(16);
  if (kind < 5)
    step_single(&r);
  else if (kind < 9)
    step_access(r.va + test_random(r.size));
  else if (kind == 9)
    step_merge(&r);
  else if (r.what == MAP)
    step_map(&r);
  else
    step_change(&r);
  must(rig_tlb_is_right());
  page_agrees(index_of(r.va));
  page_agrees(index_of(r.va + r.size - 1));
  page_agrees(test_random(PAGES));
}

START_TEST(agrees_with_a_dictionary)
{
  rig_boot_default();
  rig.page_size_max = _i == 0 ? GIB(1) : MIB(2);
  ck_assert_int_eq(pmap_create(pm), 0);
  cpu_self()->active_aspace = &as;
  arch_aspace_activate(pm->root);
  uint64_t before = usage().free_pages;
  for (unsigned i = 0, n = stress(50000); i < n; i++) {
    step();
    if (i % 4096 == 0) everything_agrees();
  }
  everything_agrees();
  ck_assert_uint_eq(before - usage().free_pages, pm->table_pages);
  ck_assert_int_eq(pmap_unmap_range(pm, 0, GIB(512)), 0);
  ck_assert_uint_eq(pm->mapped_pages, 0);
  ck_assert_uint_eq(pm->table_pages, 0); /* every table went when it was empty */
  ck_assert_uint_eq(usage().free_pages, before);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("pmap model");
  TCase *tc = suite_case(suite, "dictionary", NULL, NULL);
  tcase_add_loop_test(tc, agrees_with_a_dictionary, 0, 2);
  return suite_run(suite);
}
